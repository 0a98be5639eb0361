"""Networks on the functions of ACE: evaluation against the numpy reference, derivatives, files, bad input."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

import ferrip
from ferrip import _core
from ferrip.conversion import with_elements
from ferrip.errors import FerripError, ModelFileError
from ferrip.fitting.distances import PairDistances
from ferrip.models.family import family, network_inputs
from ferrip.network import ACTIVATIONS, Network
from ferrip.potential import Potential, as_structure
from ferrip.testing import check_potential

ELEMENTS = (14, 32)


def crystal(seed: int = 0) -> Atoms:
    """A rattled diamond cell of two elements."""
    rng = np.random.default_rng(seed)
    atoms = bulk("Si", cubic=True) * (1, 1, 2)
    atoms.numbers[rng.permutation(len(atoms))[:6]] = 32
    atoms.rattle(0.15, seed=seed)
    return atoms


FEATURES: dict[str, dict[str, Any]] = {
    "ace": {"degree": 4.0, "max_order": 2},
    "resolved": {"degree": 4.0, "max_order": 2, "species": "resolved", "pair_cutoff": 4.5},
    "soap": {"features": "soap", "descriptor": {"n_max": 2, "l_max": 2}},
    "chebyshev": {"features": "chebyshev", "descriptor": {"radial_order": 4, "angular_order": 3}},
    "acsf": {"features": "acsf", "descriptor": {"radial": 2, "angular": 2, "form": "g4"}},
}


def make(
    activation: str = "gated",
    hidden: tuple[int, ...] = (7, 5),
    seed: int = 0,
    features: str = "ace",
    pairs: bool = False,
) -> Potential:
    """A potential with random coefficients and networks, of pair functions too if there are such and `pairs`."""
    rng = np.random.default_rng(seed)
    chosen = family("nn")
    distances = PairDistances(
        minimum=dict.fromkeys([(14, 14), (14, 32), (32, 32)], 2.2),
        nearest=dict.fromkeys([(14, 14), (14, 32), (32, 32)], 2.4),
        neighbors=40.0,
    )
    settings = chosen.settings_class.model_validate({"cutoff": 4.0, **FEATURES[features]})
    resolved = chosen.resolve(settings, "small", ELEMENTS, distances)
    descriptor = chosen.descriptor(resolved)
    networks = {}
    for z in ELEMENTS:
        first, last = descriptor.feature_range(z)
        widths = [last - (first if pairs else network_inputs(descriptor, z).start), *hidden, 1]
        layers = [(rng.normal(size=(b, a)) / a**0.5, 0.3 * rng.normal(size=b)) for a, b in pairwise(widths)]
        networks[z] = Network(activation=activation, layers=layers)
    return Potential(
        family="nn",
        descriptor=descriptor,
        settings=resolved,
        coefficients=0.05 * rng.normal(size=descriptor.n_features),
        e0={14: -1.0, 32: -2.0},
        pairs=tuple(_core.zbl_defaults(list(ELEMENTS))),
        networks=networks,
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize(
    ("features", "hidden"),
    [
        ("resolved", (4,)),
        ("ace", (1,)),
        ("ace", (4,)),
        ("ace", (7, 5)),
        ("ace", (9, 3, 6)),
        ("soap", (5,)),
        ("chebyshev", (5,)),
        ("acsf", (5,)),
        ("acsf", (7, 5)),
    ],
)
def test_evaluator_agrees_with_the_reference(
    activation: str, pairs: bool, features: str, hidden: tuple[int, ...]
) -> None:
    potential = make(activation, hidden, features=features, pairs=pairs)
    assert potential.networks is not None
    atoms = crystal()
    structure = as_structure(atoms)
    without = replace(potential, networks=None).evaluate(atoms)[0]
    values = potential.descriptor.values(structure)
    energies, bars = without.energies.copy(), np.zeros_like(values)
    for z in ELEMENTS:
        network = potential.networks[z]
        own, columns = (
            np.flatnonzero(atoms.numbers == z),
            network_inputs(potential.descriptor, z, network.n_inputs),
        )
        parts, slopes = network.evaluate(values[own, columns])
        energies[own] += parts
        bars[own, columns] = slopes
    positions_bar, strain_bar = potential.descriptor.vjp(structure, bars)
    for simd in _core.supported_simd():
        tolerance = 1e-4 if simd.endswith("mixed") else 1e-8
        if features == "acsf" and simd.endswith("mixed"):
            continue
        e, forces, strain = potential.evaluator(simd).compute(structure, 1)
        assert e == pytest.approx(energies, abs=tolerance)
        assert forces == pytest.approx(without.forces - positions_bar, abs=100 * tolerance)
        assert without.stress is not None
        voigt = strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
        expected = without.stress * atoms.get_volume() + strain_bar[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
        assert voigt == pytest.approx(expected, abs=100 * tolerance)


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("features", FEATURES)
def test_check_potential(features: str, pairs: bool) -> None:
    check_potential(make(hidden=(6,), features=features, pairs=pairs))


def test_free_atoms_have_e0() -> None:
    for symbol, energy in (("Si", -1.0), ("Ge", -2.0)):
        assert make().evaluate(Atoms(symbol, [(0, 0, 0)]))[0].energy == pytest.approx(energy, abs=1e-10)


def test_gradients_on_edges_are_those_of_vjp() -> None:
    potential = make()
    structure = as_structure(crystal())
    numbers = structure[0]
    acsf = _core.AcsfDescriptor(
        elements=ELEMENTS, cutoff=4.5, g2=[(0.5, 1.0)], g5=[(0.1, 2.0, -1.0), (0.1, 1.0, 1.0)]
    )
    for descriptor in (potential.descriptor, acsf):
        centers, neighbors, vectors, gradients = descriptor.feature_edges(structure)
        rng, bars = np.random.default_rng(3), np.zeros((len(numbers), descriptor.n_features))
        slopes = rng.normal(size=(len(numbers), gradients.shape[2]))
        for z in ELEMENTS:
            start, stop = descriptor.feature_range(z)
            bars[numbers == z, start:stop] = slopes[numbers == z, : stop - start]
        along = np.einsum("em,eam->ea", slopes[centers], gradients)
        positions_bar = np.zeros((len(numbers), 3))
        np.add.at(positions_bar, neighbors, along)
        np.add.at(positions_bar, centers, -along)
        expected, strain_bar = descriptor.vjp(structure, bars)
        scale = np.abs(along).max()
        assert positions_bar == pytest.approx(expected, abs=1e-4 * scale)
        pull = along.T @ vectors
        assert 0.5 * (pull + pull.T) == pytest.approx(strain_bar, abs=1e-3 * scale)


@pytest.mark.parametrize("features", FEATURES)
def test_files(features: str, tmp_path: Path) -> None:
    potential, atoms = make(features=features), crystal()
    potential.save(tmp_path / "a.ferrip")
    loaded = ferrip.load(tmp_path / "a.ferrip")
    one, other = potential.evaluate(atoms)[0], loaded.evaluate(atoms)[0]
    assert np.array_equal(one.forces, other.forces) and one.energy == other.energy


def test_files_without_a_layer_are_refused(tmp_path: Path) -> None:
    from ferrip import modelfile, potential_io

    header, arrays = potential_io.content(make())
    del arrays["network/Ge/1/biases"]
    modelfile.write(tmp_path / "a.ferrip", header, arrays)
    with pytest.raises(ModelFileError, match="network of Ge"):
        ferrip.load(tmp_path / "a.ferrip")


def test_fewer_elements() -> None:
    potential = make()
    atoms = bulk("Si", cubic=True)
    atoms.rattle(0.1, seed=1)
    whole, part = potential.evaluate(atoms)[0], with_elements(potential, ["Si"]).evaluate(atoms)[0]
    assert part.forces == pytest.approx(whole.forces, abs=1e-7)


def test_sums() -> None:
    potential, atoms = make(), crystal()
    both = (potential + replace(potential, networks=None)).evaluate(atoms)[0]
    parts = [one.evaluate(atoms)[0] for one in (potential, replace(potential, networks=None))]
    assert both.forces == pytest.approx(parts[0].forces + parts[1].forces, abs=1e-9)


def bad(**changes: Any) -> Network:
    layers = [(np.ones((2, 3)), np.zeros(2)), (np.ones((1, 2)), np.zeros(1))]
    return Network(**({"activation": "isru", "layers": layers} | changes))


def test_bad_networks() -> None:
    with pytest.raises(FerripError, match="activation"):
        bad(activation="relu")
    with pytest.raises(FerripError, match="at least 2 layers"):
        bad(layers=[(np.ones((1, 3)), np.zeros(1))])
    with pytest.raises(FerripError, match="expected weights of 1 × 2"):
        bad(layers=[(np.ones((2, 3)), np.zeros(2)), (np.ones((1, 3)), np.zeros(1))])
    with pytest.raises(FerripError, match="one output"):
        bad(layers=[(np.ones((2, 3)), np.zeros(2)), (np.ones((2, 2)), np.zeros(2))])
    potential = make()
    with pytest.raises(FerripError, match="inputs for Si"):
        replace(potential, networks=dict.fromkeys(ELEMENTS, bad()))
    with pytest.raises(FerripError, match="one for each element"):
        replace(potential, networks={14: bad()})
    with pytest.raises(FerripError, match="neural networks"):
        potential.readout()
