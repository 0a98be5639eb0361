"""Symmetry functions: against explicit sums and DScribe, and the promises of every descriptor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from oracle_acsf import cosine, neighborhoods, pair_sums, symmetry_function, triplet_sums

from ferrip import _core
from ferrip.errors import FerripError
from ferrip.fitting.distances import PairDistances
from ferrip.models.acsf import AcsfSettings, dscribe_acsf, resolve_acsf
from ferrip.potential import as_structure
from ferrip.testing import check_descriptor

DSCRIBE = Path(__file__).parent / "data" / "dscribe.npz"
"""Written by `make_dscribe.py` beside it."""
CUTOFF = 4.0
G2 = [(0.5, 1.0), (2.0, 2.4), (0.0, 0.0)]
G4 = [(0.01, 1.0, 1.0), (0.05, 4.0, -1.0), (0.05, 2.5, 0.5)]
G5 = [(0.02, 1.0, -1.0), (0.05, 16.0, 1.0)]
FUNCTIONS: dict[str, Any] = {"cutoff": CUTOFF, "g2": G2, "g4": G4, "g5": G5}


def crystal() -> Atoms:
    atoms = bulk("Si", cubic=True)
    atoms.numbers[::3] = 8
    atoms.rattle(0.1, seed=1)
    return atoms


def own_rows(descriptor: _core.AcsfDescriptor, atoms: Atoms) -> np.ndarray:
    """Features of every atom in the columns of its element."""
    values = descriptor.values(as_structure(atoms))
    ranges = [slice(*descriptor.feature_range(int(z))) for z in atoms.numbers]
    return np.array([row[own] for row, own in zip(values, ranges, strict=True)])


def explicit(atoms: Atoms, weights: dict[int, float] | None) -> np.ndarray:
    """All functions of every atom by sums: resolved by species without weights."""
    species = [8, 14]
    pairs = [(8, 8), (8, 14), (14, 14)]
    groups = [None] if weights else species
    pair_groups = [None] if weights else pairs

    def one(group: int | None) -> Callable[[int], float]:
        return lambda z: weights[z] if weights else float(z == group)

    def two(group: tuple[int, int] | None) -> Callable[[int, int], float]:
        if weights:
            return lambda z, other: weights[z] * weights[other]
        return lambda z, other: float(tuple(sorted((z, other))) == group)

    def radial(eta: float, center: float) -> Callable[[float], float]:
        return lambda r: np.exp(-eta * (r - center) ** 2) * cosine(r, CUTOFF)

    angular = [symmetry_function(*p, CUTOFF, closed=True) for p in G4]
    angular += [symmetry_function(*p, CUTOFF, closed=False) for p in G5]
    rows = []
    for around in neighborhoods(atoms, CUTOFF):
        row = [pair_sums(around, one(g), radial(*p)) for g in groups for p in G2]
        rows.append(row + [triplet_sums(around, two(g), f) for g in pair_groups for f in angular])
    return np.array(rows)


@pytest.mark.parametrize("weights", [None, [[8.0, 14.0]], [[1.0, 1.0], [1.0, -0.5]]])
@pytest.mark.parametrize("fade", ["cosine", "quintic"])
def test_keeps_the_promises_of_a_descriptor(weights: list[list[float]] | None, fade: str) -> None:
    check_descriptor(_core.AcsfDescriptor(elements=[8, 14], species_weights=weights, fade=fade, **FUNCTIONS))


@pytest.mark.parametrize("weights", [None, {8: 8.0, 14: 14.0}])
def test_equals_explicit_sums(weights: dict[int, float] | None) -> None:
    rows = [list(weights.values())] if weights else None
    descriptor = _core.AcsfDescriptor(elements=[8, 14], species_weights=rows, **FUNCTIONS)
    wanted = explicit(crystal(), weights)
    np.testing.assert_allclose(own_rows(descriptor, crystal()), wanted, rtol=1e-10, atol=1e-10)


def test_equals_dscribe() -> None:
    stored = np.load(DSCRIBE)
    atoms = Atoms(stored["numbers"], stored["positions"], cell=stored["cell"], pbc=True)
    wanted = stored["acsf"]
    got = own_rows(dscribe_acsf([14, 8], r_cut=CUTOFF, g2=G2[:2], g4=G4, g5=G5), atoms)
    np.testing.assert_allclose(got[: len(wanted)], wanted, rtol=1e-8, atol=1e-8)


def test_columns_are_named_by_species_and_number() -> None:
    table = _core.AcsfDescriptor(elements=[8, 14], **FUNCTIONS).feature_table()
    block = len(table) // 2
    assert table[0] == (8, [(8, 1, 0)])
    assert table[block + 3] == (14, [(14, 1, 0)])
    assert table[6] == (8, [(8, 1, 0), (8, 1, 0)])
    assert table[11] == (8, [(8, 1, 0), (14, 1, 0)])
    weighted = _core.AcsfDescriptor(elements=[8, 14], species_weights=[[8, 14]], **FUNCTIONS)
    assert weighted.n_features == 2 * (len(G2) + len(G4) + len(G5))
    assert weighted.feature_table()[3] == (8, [(0, 1, 0), (0, 1, 0)])


def test_evaluator_is_the_sum_of_the_features() -> None:
    descriptor = _core.AcsfDescriptor(elements=[8, 14], **FUNCTIONS)
    rng = np.random.default_rng(3)
    coefficients = rng.normal(size=descriptor.n_features)
    structure = as_structure(crystal())
    rows = descriptor.design([structure]) @ coefficients
    e0 = np.where(structure[0] == 8, -1.0, -2.0)
    energies, forces, strain = descriptor.evaluator(coefficients, [-1.0, -2.0]).compute(structure)
    np.testing.assert_allclose(energies, descriptor.values(structure) @ coefficients + e0, rtol=1e-12)
    np.testing.assert_allclose(forces.ravel(), rows[1:-6], atol=1e-9 * np.abs(rows).max())
    voigt = strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
    np.testing.assert_allclose(voigt, rows[-6:], atol=1e-9 * np.abs(rows).max())


def test_evaluator_adds_the_pair_baseline() -> None:
    terms = [(8, 14, "lennard-jones", (0.1, 1.6), ("switch", 3.0, 4.5))]
    descriptor = _core.AcsfDescriptor(elements=[8, 14], **FUNCTIONS)
    zeros = np.zeros(descriptor.n_features)
    structure = as_structure(crystal())
    with_terms = descriptor.evaluator(zeros, [0.0, 0.0], terms)
    assert with_terms.cutoff == 4.5
    energies, forces, strain = with_terms.compute(structure)
    offset = _core.pair_design_offset([structure], terms)
    voigt = strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
    got = np.concatenate([[energies.sum()], forces.ravel(), voigt])
    np.testing.assert_allclose(got, offset.ravel(), atol=1e-10)


def test_settings_follow_the_data() -> None:
    distances = PairDistances(minimum={(14, 14): 2.1}, nearest={(14, 14): 2.35}, neighbors=20.0)
    complete = resolve_acsf(AcsfSettings(), [14], distances)
    assert complete["cutoff"] == 5.2
    assert (len(complete["g2"]), len(complete["g5"])) == (17, 18)
    assert "species_weights" not in complete
    many = resolve_acsf(AcsfSettings(form="g4"), [8, 14, 22], distances)
    assert many["species_weights"] == [[8.0, 14.0, 22.0]]
    check_descriptor(_core.AcsfDescriptor(**many))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("cutoff", {"cutoff": 0.0}),
        ("cutoff", {"cutoff": float("nan")}),
        ("g2", {"g2": [(-1.0, 0.0)]}),
        ("g4", {"g4": [(0.1, 0.5, 1.0)]}),
        ("g5", {"g5": [(0.1, 1.0, 1.5)]}),
        ("g5", {"g5": [(float("inf"), 1.0, 1.0)]}),
        ("fade", {"fade": "tanh"}),
        ("species_weights", {"species_weights": [[1.0]]}),
        ("species_weights", {"species_weights": []}),
        ("atomic number", {"elements": [14, 8]}),
    ],
)
def test_bad_settings_are_named(name: str, change: dict) -> None:
    with pytest.raises(FerripError, match=name):
        _core.AcsfDescriptor(**{"elements": [8, 14], **FUNCTIONS, **change})
