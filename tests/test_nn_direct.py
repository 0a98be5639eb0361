"""Direct forces of networks on functions: equivariance, fit, files, labels and refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.calculator import PropertyNotImplementedError
from random_potentials import random_potential
from scipy.spatial.transform import Rotation
from standins_capi import CHost, needs_library
from test_fit_nn import ACE, frames
from typer.testing import CliRunner

import ferrip
from ferrip.cli.app import app
from ferrip.conversion import with_elements
from ferrip.direct import gates
from ferrip.errors import FerripError, SettingsError
from ferrip.lammps.suited import require_suited
from ferrip.md import MDSettings, run
from ferrip.models.family import network_inputs
from ferrip.potential import Potential, as_structure
from ferrip.testing import check_potential

NAMES = ["nn", "nn-pairs", "nn-soap", "nn-chebyshev", "nn-acsf"]


def direct(name: str = "nn-pairs") -> Potential:
    """A potential with random weights of direct forces."""
    energies, rng, weights = random_potential(name), np.random.default_rng(7), {}
    assert energies.networks is not None
    for z in energies.elements:
        first, last = energies.descriptor.feature_range(z)
        weights[z] = 0.05 * rng.normal(size=(1 + energies.networks[z].widths[0], last - first))
    return replace(energies, direct=weights, settings={**energies.settings, "forces": "direct"})


def crystal():
    atoms = bulk("Si", cubic=True, a=5.0)
    atoms.numbers[::3] = 8
    atoms.rattle(0.2, seed=1)
    return atoms


@pytest.mark.parametrize("name", NAMES)
def test_forces_are_the_formula_and_turn_with_the_structure(name: str) -> None:
    potential, atoms = direct(name), crystal()
    assert potential.networks is not None
    assert potential.direct is not None
    structure = as_structure(atoms)
    centers, _, _, gradients = potential.descriptor.feature_edges(structure, 1)
    values = potential.descriptor.values(structure)
    expected = ferrip._core.pair_design_offset([structure], list(potential.pairs), 1)[1:-6].reshape(-1, 3)
    for i, z in enumerate(atoms.numbers):
        first, last = potential.descriptor.feature_range(z)
        inputs = network_inputs(potential.descriptor, z, potential.networks[z].n_inputs)
        weights = gates(potential.networks[z], values[i : i + 1, inputs])[0] @ potential.direct[z]
        expected[i] += gradients[centers == i].sum(axis=0)[:, : last - first] @ weights
    found = potential.evaluate(atoms)[0]
    assert found.forces == pytest.approx(expected, abs=1e-5 * np.abs(expected).max())
    assert found.energy == pytest.approx(random_potential(name).evaluate(atoms)[0].energy, rel=1e-12)
    for turn in [*Rotation.random(3, random_state=2).as_matrix(), -np.eye(3)]:
        turned = atoms.copy()
        turned.set_cell(atoms.cell @ turn.T, scale_atoms=False)
        turned.positions = atoms.positions @ turn.T
        again = potential.evaluate(turned)[0]
        assert again.energy == pytest.approx(found.energy, abs=1e-9)
        assert again.forces == pytest.approx(found.forces @ turn.T, abs=1e-9 * np.abs(found.forces).max())


def test_contract_without_derivatives() -> None:
    potential = direct()
    with pytest.raises(AssertionError, match="conservative: the forces of this potential are direct"):
        check_potential(potential)
    check_potential(potential, conservative=False)
    check_potential(ferrip.Calculator(potential), conservative=False)


def test_files_sums_sessions_and_fewer_elements(tmp_path: Path) -> None:
    potential, atoms = direct(), crystal()
    potential.save(tmp_path / "direct.ferrip")
    loaded = ferrip.load(tmp_path / "direct.ferrip")
    forces = potential.evaluate(atoms)[0].forces
    assert not loaded.conservative
    assert np.array_equal(loaded.evaluate(atoms)[0].forces, forces)
    session = loaded.evaluator().session(0.5, 1)
    energies, pulls, strain = session.compute(as_structure(atoms))
    assert energies.sum() == pytest.approx(loaded.evaluate(atoms)[0].energy)
    assert np.array_equal(pulls, forces)
    assert np.isnan(strain).all()
    assert session.rebuilds == 1 and session.neighbors_per_atom > 0
    assert min(session.minimum_distances().values()) > 1
    both = loaded + random_potential("ace")
    assert not both.conservative
    expected = forces + random_potential("ace").evaluate(atoms)[0].forces
    assert both.evaluate(atoms)[0].forces == pytest.approx(expected, abs=1e-10)
    alone = bulk("Si", cubic=True, a=5.0)
    alone.rattle(0.1, seed=2)
    fewer = with_elements(potential, ["Si"])
    assert fewer.evaluate(alone)[0].forces == pytest.approx(potential.evaluate(alone)[0].forces, abs=1e-9)


def test_fit_labels_and_refusals(tmp_path: Path) -> None:
    data = frames(24)
    options = {**ACE, "hidden": (4,), "averaged": 1, "num_threads": 1}
    fitted = ferrip.fit(data, model="nn", forces="direct", **options)
    size = 1e3 * np.mean([np.abs(one.get_forces()).mean() for one in data])
    assert fitted.metadata["metrics"]["train"]["forces"]["mae_meV_per_A"] < 0.1 * size
    assert fitted.metadata["metrics"]["train"]["stress"]["mae_GPa"] is None
    assert fitted.metadata["fit"]["conservative"] is False
    atoms = data[0].copy()
    atoms.calc = ferrip.Calculator(fitted)
    assert np.isfinite(atoms.get_forces()).all()
    with pytest.raises(PropertyNotImplementedError, match="forces of this potential are direct"):
        atoms.get_stress()
    with pytest.raises(SettingsError, match="npt: this potential has direct forces and no stress"):
        run(fitted, atoms, MDSettings(ensemble="npt", steps=1))
    with pytest.raises(SettingsError, match="LAMMPS: direct forces"):
        require_suited(fitted)
    with pytest.raises(SettingsError, match="direct forces are not for committees"):
        ferrip.fit(data, model="nn", forces="direct", committee=2, **ACE)
    fitted.save(tmp_path / "direct.ferrip")
    told = CliRunner().invoke(app, ["info", str(tmp_path / "direct.ferrip")])
    assert "direct: not derivatives of the energy (not conservative), no stress" in " ".join(
        told.stderr.split()
    )


@needs_library
def test_the_library_of_c_refuses_them(tmp_path: Path) -> None:
    direct().save(tmp_path / "direct.ferrip")
    host = CHost()
    assert host.load(tmp_path / "direct.ferrip") != 0
    assert "direct forces, which are no derivatives of the energy, need Python" in host.message


def test_weights_that_do_not_fit() -> None:
    potential = direct()
    assert potential.direct is not None
    with pytest.raises(FerripError, match="direct forces: expected weights for each element"):
        replace(potential, direct={8: potential.direct[8]})
    with pytest.raises(FerripError, match="direct forces: expected weights of"):
        replace(potential, direct={z: one[1:] for z, one in potential.direct.items()})
