"""Graph networks in torch: contract, training, files and bad requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from graph_networks import E0, SMALL, frames, need, untrained, water
from typer.testing import CliRunner

import ferrip
from ferrip.cli.app import app
from ferrip.errors import ModelFileError, SettingsError
from ferrip.graph.descriptor import GraphDescriptor
from ferrip.lammps.deck import write_input
from ferrip.md import MDSettings
from ferrip.potential import Potential
from ferrip.testing import check_potential


@pytest.mark.parametrize("model", SMALL)
def test_contract_of_potentials(model: str) -> None:
    check_potential(untrained(model))


@pytest.mark.parametrize(
    ("model", "kind", "local"),
    [("allegro", "none", True), ("allegro", "soap", False), ("nequip", "none", False)],
)
def test_what_an_energy_depends_on(model: str, kind: str, local: bool) -> None:
    potential = untrained(model, node_features=kind)
    near, far = (Atoms("HO2", positions=[[0, 0, 0], [3, 0, 0], [x, 0, 0]]) for x in (5.0, 5.5))
    first = [potential.evaluate(atoms)[0].energies[0] for atoms in (near, far)]
    assert (first[0] == first[1]) == local


@pytest.mark.parametrize("model", SMALL)
def test_training_lowers_the_error(model: str, tmp_path: Path) -> None:
    need(model)
    options: dict[str, Any] = {
        "model": model,
        "cutoff": 4.5,
        "batch": 2,
        "num_threads": 1,
        "progress": False,
        "e0": E0,
        **SMALL[model],
    }
    first = ferrip.fit(frames(), epochs=1, learning_rate=1e-6, **options)
    fitted = ferrip.fit(frames(), epochs=40, learning_rate=1e-2, ema=0.9, **options)
    again = ferrip.fit(frames(), epochs=40, learning_rate=1e-2, ema=0.9, **options)
    assert np.array_equal(again.coefficients, fitted.coefficients)
    before, after = (one.metadata["metrics"]["train"]["forces"]["mae_meV_per_A"] for one in (first, fitted))
    assert after < 0.5 * before
    assert fitted.metadata["fit"]["training"]["epochs"] == 40
    fitted.save(tmp_path / "graph.ferrip")
    loaded = ferrip.load(tmp_path / "graph.ferrip")
    atoms = frames(1)[0]
    atoms.calc = ferrip.Calculator(loaded)
    assert np.array_equal(atoms.get_forces(), fitted.evaluate(atoms)[0].forces)
    assert np.isfinite(atoms.get_stress()).all()
    mixed = fitted.evaluator(simd="mixed").compute(ferrip.potential.as_structure(atoms), 1)[1]
    assert np.abs(mixed - atoms.get_forces()).max() < 1e-4


@pytest.mark.parametrize(("model", "package"), [("painn", "torch"), ("mace", "e3nn")])
def test_without_a_package(model: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"torch": object(), "e3nn": object(), package: None}
    monkeypatch.setattr("ferrip.torch_needed.find_spec", found.get)
    with pytest.raises(SettingsError, match=rf"'{model}' is trained with {package}.*ferrip\[torch\]"):
        ferrip.fit(frames(2), model=model, progress=False, e0=E0)
    descriptor = GraphDescriptor(settings={"architecture": model, "elements": [1], "n_parameters": 3})
    with pytest.raises(SettingsError, match=rf"'{model}' is computed with {package}.*ferrip\[torch\]"):
        descriptor.evaluator(np.zeros(3), [0.0])


def test_what_graph_networks_do_not_have() -> None:
    descriptor = GraphDescriptor(settings={"architecture": "painn", "elements": [1], "n_parameters": 3})
    structure = ferrip.potential.as_structure(molecule("H2"))
    with pytest.raises(SettingsError, match="no features of single atoms"):
        descriptor.values(structure)
    with pytest.raises(SettingsError, match="no path 'avx2'"):
        descriptor.evaluator(np.zeros(3), [0.0], simd="avx2")


def test_sums_with_graph_networks(tmp_path: Path) -> None:
    graph = untrained("painn")
    other = ferrip.fit(water(), model="uf3", size="small", progress=False, e0={"H": -13.6, "O": -430.0})
    both = other + graph
    both.save(tmp_path / "sum.ferrip")
    atoms = molecule("H2O")
    atoms.calc = ferrip.Calculator(ferrip.load(tmp_path / "sum.ferrip"))
    parts = [one.evaluate(atoms)[0] for one in (other, graph)]
    assert atoms.get_potential_energy() == pytest.approx(sum(part.energy for part in parts), abs=1e-10)
    assert np.allclose(atoms.get_forces(), sum(part.forces for part in parts), atol=1e-12)
    session = both.evaluator().session(0.5)
    session.compute(ferrip.potential.as_structure(atoms))
    assert session.minimum_distances()[1, 8] == pytest.approx(atoms.get_distance(0, 1))
    assert session.rebuilds == 1
    assert session.neighbors_per_atom == 2


def test_lammps_cannot_compute_graph_networks(tmp_path: Path) -> None:
    descriptor = GraphDescriptor(settings={"architecture": "painn", "elements": [1], "n_parameters": 3})
    potential = Potential(
        family="painn", descriptor=descriptor, settings={}, coefficients=np.zeros(3), e0={1: 0.0}
    )
    with pytest.raises(SettingsError, match="LAMMPS: a potential of the family 'painn' needs torch"):
        write_input(potential, tmp_path / "a.ferrip", molecule("H2"), MDSettings(), tmp_path / "deck")
    assert not (tmp_path / "deck").exists()


def test_bad_numbers_and_requests() -> None:
    potential = untrained("painn")
    with pytest.raises(ModelFileError, match="numbers for this network, got 3"):
        potential.descriptor.evaluator(np.zeros(3), [0.0, 0.0])
    for atoms in ("H2", "HO", "O2"):
        with pytest.raises(ferrip.errors.FerripError, match="atoms 0 and 1 lie on each other"):
            potential.evaluate(Atoms(atoms, positions=np.zeros((2, 3))))
    with pytest.raises(SettingsError, match="layers"):
        ferrip.fit(frames(2), model="painn", layers=0, progress=False)
    with pytest.raises(SettingsError, match="ridge: is for models with a linear fit, not painn"):
        ferrip.fit(frames(2), model="painn", ridge=0.1, progress=False)
    with pytest.raises(SettingsError, match="size: expected one of small, medium, large"):
        ferrip.fit(frames(2), model="painn", size="huge", progress=False)


def test_time_ends_the_training() -> None:
    pytest.importorskip("torch")
    fitted = ferrip.fit(
        frames(4), model="painn", epochs=100_000, minutes=0.02, progress=False, e0=E0, **SMALL["painn"]
    )
    assert fitted.metadata["fit"]["training"]["epochs"] < 10_000


def test_devices(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from ferrip.graph.device import torch_device

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delenv("FERRIP_DEVICE", raising=False)
    assert torch_device().type == torch_device("cpu").type == "cpu"
    with pytest.raises(SettingsError, match="device: cuda is asked for, but torch finds no GPU"):
        ferrip.fit("nowhere.xyz", model="schnet", device="cuda")
    with pytest.raises(SettingsError, match="device"):
        ferrip.fit("nowhere.xyz", model="schnet", device="tpu")
    result = CliRunner().invoke(app, ["fit", "nowhere.xyz", "--model", "painn", "--set", "device=cuda"])
    assert result.exit_code == 2
    assert result.stderr == "error: device: cuda is asked for, but torch finds no GPU of CUDA\n"
    monkeypatch.setenv("FERRIP_DEVICE", "cuda")
    with pytest.raises(SettingsError, match="torch finds no GPU"):
        untrained("painn").evaluate(molecule("H2"))
    monkeypatch.setenv("FERRIP_DEVICE", "tpu")
    with pytest.raises(SettingsError, match="FERRIP_DEVICE: expected one of auto, cpu, cuda, got 'tpu'"):
        torch_device()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.delenv("FERRIP_DEVICE")
    assert torch_device().type == torch_device("cuda").type == "cuda"
    monkeypatch.setenv("FERRIP_DEVICE", "cpu")
    assert torch_device().type == "cpu"


def test_compiled_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    import torch._dynamo as dynamo

    from ferrip.graph import compiling

    options: dict[str, Any] = {"epochs": 2, "batch": 3, "progress": False, "e0": E0, "num_threads": 1}
    with pytest.raises(SettingsError, match="compile: networks with node_features"):
        ferrip.fit(frames(2), model="painn", compile=True, node_features="soap", **options, **SMALL["painn"])
    if not hasattr(dynamo.config, "trace_autograd_ops"):
        with pytest.raises(SettingsError, match=f"compile: torch {torch.__version__} cannot"):
            ferrip.fit(frames(2), model="painn", compile=True, **options, **SMALL["painn"])
        pytest.skip("this torch cannot compile derivatives")
    graphs = []

    def backend(graph: Any, _: Any) -> Any:
        graphs.append(graph)
        return graph.forward

    monkeypatch.setattr(compiling, "BACKEND", backend)
    options |= {"precision": "float64", "learning_rate": 1e-2}
    fitted, plain = (
        ferrip.fit(frames(5), model="painn", compile=compile_, **options, **SMALL["painn"])
        for compile_ in (True, False)
    )
    assert graphs
    assert np.allclose(fitted.coefficients, plain.coefficients, rtol=0.0, atol=1e-9)
