"""Graph networks in torch: contract, training, files and bad requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

import ferrip
from ferrip.errors import ModelFileError, SettingsError
from ferrip.fitting.distances import PairDistances
from ferrip.graph.architectures import ARCHITECTURES
from ferrip.graph.descriptor import GraphDescriptor
from ferrip.lammps.deck import write_input
from ferrip.md import MDSettings
from ferrip.models.node_features import NodeFeatures
from ferrip.potential import Potential
from ferrip.testing import check_potential
from ferrip.testing.samples import sample_structures

SMALL: dict[str, dict[str, Any]] = {
    "allegro": {"channels": 4, "scalars": 8, "layers": 2, "radials": 4, "max_l": 2},
    "mace": {"channels": 4, "layers": 2, "radials": 4, "max_l": 2, "max_message_l": 1},
    "nequip": {"channels": 4, "layers": 3, "radials": 4, "max_l": 2},
    "painn": {"channels": 8, "layers": 2, "radials": 6},
    "schnet": {"channels": 8, "layers": 2, "radials": 12},
}
"""Settings of a small network of every architecture."""


DISTANCES = PairDistances(
    minimum={(1, 1): 1.2, (1, 8): 0.9, (8, 8): 1.2}, nearest={(1, 1): 1.5, (1, 8): 1.0}, neighbors=20.0
)
E0 = {"Cu": 3.5, "Au": 3.8}


def frames(count: int = 8) -> list[Atoms]:
    """Rattled and strained cells of copper and gold with the labels of EMT."""
    rng, result = np.random.default_rng(0), []
    for seed in range(count):
        atoms = bulk("Cu", cubic=True, a=3.7)
        atoms.symbols[seed % 4] = "Au"
        atoms.set_cell(
            np.asarray(atoms.cell) @ (np.eye(3) + rng.normal(scale=0.02, size=(3, 3))), scale_atoms=True
        )
        atoms.rattle(0.1, seed=seed)
        atoms.calc = EMT()
        energy, forces, stress = atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces, stress=stress)
        result.append(atoms)
    return result


def water(count: int = 6) -> list[Atoms]:
    """Rattled molecules of water with the labels of springs."""
    rng, result = np.random.default_rng(1), []
    for _ in range(count):
        atoms = molecule("H2O")
        moves = rng.normal(scale=0.05, size=(3, 3))
        atoms.positions += moves
        atoms.calc = SinglePointCalculator(atoms, energy=(moves**2).sum() - 470.0, forces=-2.0 * moves)
        result.append(atoms)
    return result


def need(model: str) -> None:
    """Skip the test without the packages of a model."""
    for package in ("torch", *ARCHITECTURES[model].packages):
        pytest.importorskip(package)


def untrained(model: str, **more: Any) -> Potential:
    """A potential of a network as it is at the start, with E0, binding energies and means of its features."""
    need(model)
    torch = pytest.importorskip("torch")
    from ferrip.graph.model import Graph, numbers

    torch.manual_seed(3)
    chosen = ferrip.models.family(model)
    settings = chosen.settings_class(cutoff=4.0, **SMALL[model], **more)
    resolved = chosen.resolve(settings, "small", [1, 8], DISTANCES)
    resolved |= {"scale": 1.3, "neighbors": 7.0, "binding": [-1.5, -3.0]}
    features = NodeFeatures.of(resolved)
    if features is not None:
        found = features.standardised([one.structure for one in sample_structures([1, 8], 4.0)])
        resolved["node_features"] |= found.described()
    return Potential(
        family=model,
        descriptor=chosen.descriptor(resolved),
        settings=resolved,
        coefficients=numbers(Graph(resolved)),
        e0={1: -13.6, 8: -430.0},
        metadata={},
    )


@pytest.mark.parametrize("model", SMALL)
def test_contract_of_potentials(model: str) -> None:
    check_potential(untrained(model))


@pytest.mark.parametrize(
    ("model", "kind"),
    [("schnet", "ace"), ("painn", "soap"), ("mace", "ace"), ("nequip", "soap"), ("allegro", "ace")],
)
def test_contract_with_node_features(model: str, kind: str) -> None:
    check_potential(untrained(model, node_features=kind))


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


def test_gradients_of_the_loss_through_node_features() -> None:
    torch = pytest.importorskip("torch")
    from ferrip.graph.model import Graph, GraphSample, assign, graph_of

    potential = untrained("painn", node_features="ace")
    settings, dtype = potential.settings, torch.float64
    features, rng = NodeFeatures.of(settings), np.random.default_rng(5)
    graph = Graph(settings).double()
    assign(graph, potential.coefficients)
    batch = []
    for one in sample_structures([1, 8], 4.0)[:3]:
        shapes = {"energy": (1,), "forces": (len(one.structure[0]), 3), "strain": (1, 6)}
        given = {name: torch.tensor(rng.normal(size=shape)) for name, shape in shapes.items()}
        for name, shape in shapes.items():
            given[f"{name}_weight"] = torch.ones(shape if name == "energy" else (shape[0], 1), dtype=dtype)
        batch.append(GraphSample(**given, **graph_of(one.structure, settings, features, dtype)))
    joined = GraphSample.joined(batch)

    def loss() -> Any:
        return joined.squared_error(*graph(joined))

    separate = sum(float(one.squared_error(*graph(one)).detach()) for one in batch)
    assert float(loss().detach()) == pytest.approx(separate, rel=1e-12)
    loss().backward()
    for parameter in (graph.network.embedding.invariants.layer.weight, graph.network.readout[0].weight):
        direction = torch.tensor(rng.normal(size=tuple(parameter.shape)))
        step, found = 1e-5, []
        for sign in (step, -step):
            with torch.no_grad():
                parameter += sign * direction
            found.append(float(loss().detach()))
            with torch.no_grad():
                parameter -= sign * direction
        expected = (found[0] - found[1]) / (2 * step)
        assert float((parameter.grad * direction).sum()) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", ["ace", "soap"])
def test_training_with_node_features(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    options: dict[str, Any] = {"progress": False, "num_threads": 1, "e0": E0, "batch": 2, "ema": 0.9}
    fitted = ferrip.fit(
        frames(),
        model="painn",
        node_features=kind,
        epochs=20,
        learning_rate=1e-2,
        **options,
        **SMALL["painn"],
    )
    curve = fitted.metadata["fit"]["training"]["learning_curve"]["training"]
    assert curve[-1] < 0.3 * curve[0]
    features = NodeFeatures.of(fitted.settings)
    assert features is not None
    values = np.concatenate([features.values(ferrip.potential.as_structure(atoms)) for atoms in frames()])
    gold = np.concatenate([atoms.numbers for atoms in frames()]) == 79
    own = slice(*features.descriptor.feature_range(79))
    assert np.allclose(values[gold, own].mean(axis=0), 0.0, atol=1e-9)
    assert not values[~gold, own].any()
    fitted.save(tmp_path / "graph.ferrip")
    atoms = frames(1)[0]
    atoms.calc = ferrip.Calculator(tmp_path / "graph.ferrip")
    assert np.array_equal(atoms.get_forces(), fitted.evaluate(atoms)[0].forces)
    broken = {**fitted.settings, "node_features": {**fitted.settings["node_features"], "factors": [1.0]}}
    with pytest.raises(ModelFileError, match="node_features: expected means and factors of"):
        NodeFeatures.of(broken)


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
