"""Direct forces of PaiNN: contract without derivatives, training, labels and refusals."""

from __future__ import annotations

from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.calculator import PropertyNotImplementedError
from graph_networks import E0, SMALL, frames, untrained
from typer.testing import CliRunner

import ferrip
from ferrip.cli.app import app
from ferrip.errors import SettingsError
from ferrip.md import MDSettings, run
from ferrip.relax import relax
from ferrip.testing import check_potential


def test_contract_without_derivatives() -> None:
    potential = untrained("painn", forces="direct")
    with pytest.raises(AssertionError, match="conservative: the forces of this potential are direct"):
        check_potential(potential)
    check_potential(potential, conservative=False)
    check_potential(ferrip.Calculator(potential), conservative=False)


def test_training_labels_and_refusals(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    path, atoms = tmp_path / "direct.ferrip", frames(1)[0]
    fitted = ferrip.fit(
        frames(),
        model="painn",
        forces="direct",
        epochs=30,
        learning_rate=1e-2,
        batch=2,
        ema=0.9,
        num_threads=1,
        progress=False,
        e0=E0,
        **SMALL["painn"],
    )
    fit = fitted.metadata["fit"]
    curve = fit["training"]["learning_curve"]["training"]
    assert curve[-1] < 0.3 * curve[0]
    assert fit["conservative"] is False
    assert fit["stress"] == "left out: direct forces have no stress"
    assert fitted.metadata["metrics"]["train"]["stress"]["mae_GPa"] is None
    fitted.save(path)
    loaded = ferrip.load(path)
    both = loaded + ferrip.load(path)
    assert not loaded.conservative
    assert not both.conservative
    assert loaded.evaluate(atoms)[0].stress is None
    assert both.evaluate(atoms)[0].stress is None
    atoms.calc = ferrip.Calculator(loaded)
    assert np.isfinite(atoms.get_forces()).all()
    with pytest.raises(PropertyNotImplementedError, match="forces of this potential are direct"):
        atoms.get_stress()
    assert relax(loaded, atoms, steps=2).pressure is None
    with pytest.raises(SettingsError, match="direct forces and no stress"):
        relax(loaded, atoms, cell=True)
    with pytest.raises(SettingsError, match="npt: this potential has direct forces and no stress"):
        run(loaded, atoms, MDSettings(ensemble="npt", steps=1))


def test_commands_say_that_forces_are_direct(tmp_path: Path) -> None:
    potential, start = tmp_path / "direct.ferrip", tmp_path / "start.extxyz"
    untrained("painn", forces="direct").save(potential)
    atoms = molecule("H2O")
    atoms.set_cell([8.0, 8.0, 8.0])
    atoms.pbc = True
    ase.io.write(start, atoms)
    command = [
        "md",
        str(potential),
        str(start),
        "-o",
        str(tmp_path / "md.extxyz"),
        "--steps",
        "2",
        "--threads",
        "1",
    ]
    result = CliRunner().invoke(app, [*command, "--temperature", "1", "--timestep", "0.01"])
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("warning: the forces of this potential are direct") == 1
    last = ase.io.read(tmp_path / "md.extxyz", -1)
    assert isinstance(last, Atoms)
    assert last.calc is not None
    assert "stress" not in last.calc.results
    told = CliRunner().invoke(app, ["info", str(potential)])
    assert "direct: not derivatives of the energy (not conservative), no stress" in " ".join(
        told.stderr.split()
    )


def test_other_networks_have_no_direct_forces() -> None:
    with pytest.raises(SettingsError, match="forces"):
        ferrip.fit(frames(2), model="schnet", forces="direct", progress=False)
