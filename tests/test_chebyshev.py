"""Chebyshev descriptors: against explicit sums over triplets, and the promises of every descriptor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from oracle_acsf import chebyshev, cosine, neighborhoods, pair_sums, triplet_sums

from ferrip import _core
from ferrip.errors import FerripError
from ferrip.fitting.distances import PairDistances
from ferrip.models.chebyshev import ChebyshevSettings, pseudo_spins, resolve_chebyshev
from ferrip.potential import as_structure
from ferrip.testing import check_descriptor

SETTINGS: dict[str, Any] = {
    "radial_order": 5,
    "angular_order": 4,
    "radial_cutoff": 4.2,
    "angular_cutoff": 3.4,
    "species_weights": pseudo_spins(2),
}


def crystal() -> Atoms:
    atoms = bulk("Si", cubic=True)
    atoms.numbers[::3] = 8
    atoms.rattle(0.1, seed=1)
    return atoms


def explicit(atoms: Atoms) -> np.ndarray:
    """All functions of every atom by sums over pairs and triplets."""
    rows = []
    radial, angular = SETTINGS["radial_cutoff"], SETTINGS["angular_cutoff"]
    for around in neighborhoods(atoms, radial):
        row = []
        for ones in SETTINGS["species_weights"]:
            weights = dict(zip([8, 14], ones, strict=True))
            for n in range(SETTINGS["radial_order"] + 1):

                def polynomial(r: float, n: int = n) -> float:
                    return chebyshev(n, 2 * r / radial - 1) * cosine(r, radial)

                row.append(pair_sums(around, weights.__getitem__, polynomial))
            for n in range(SETTINGS["angular_order"] + 1):

                def product(r: float, s: float, _: float, angle: float, n: int = n) -> float:
                    return chebyshev(n, angle) * cosine(r, angular) * cosine(s, angular)

                row.append(triplet_sums(around, lambda z, o, w=weights: w[z] * w[o], product))
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize("fade", ["cosine", "quintic"])
def test_keeps_the_promises_of_a_descriptor(fade: str) -> None:
    check_descriptor(_core.Descriptor.chebyshev(elements=[8, 14], fade=fade, **SETTINGS))


def test_equals_explicit_sums() -> None:
    descriptor = _core.Descriptor.chebyshev(elements=[8, 14], **SETTINGS)
    atoms = crystal()
    values = descriptor.values(as_structure(atoms))
    ranges = [slice(*descriptor.feature_range(int(z))) for z in atoms.numbers]
    got = np.array([row[own] for row, own in zip(values, ranges, strict=True)])
    np.testing.assert_allclose(got, explicit(atoms), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("n_elements", [2, 5, 12])
def test_size_does_not_grow_with_elements(n_elements: int) -> None:
    weights = pseudo_spins(n_elements)
    elements = list(range(21, 21 + n_elements))
    descriptor = _core.Descriptor.chebyshev(elements=elements, **SETTINGS | {"species_weights": weights})
    assert descriptor.feature_range(elements[-1]) == (22 * (n_elements - 1), 22 * n_elements)


def test_high_orders_agree_with_sums_over_triplets() -> None:
    atoms = bulk("Si")
    atoms.rattle(0.1, seed=2)
    descriptor = _core.Descriptor.chebyshev(
        elements=[14],
        radial_order=0,
        angular_order=20,
        radial_cutoff=4.0,
        angular_cutoff=4.0,
        species_weights=[[1.0]],
    )
    got = descriptor.values(as_structure(atoms))[0, 1:]
    around = next(neighborhoods(atoms, 4.0))
    wanted = [
        triplet_sums(
            around,
            lambda *_: 1.0,
            lambda r, s, _, angle, n=n: chebyshev(n, angle) * cosine(r, 4.0) * cosine(s, 4.0),
        )
        for n in range(21)
    ]
    np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-10)


def test_evaluator_is_the_sum_of_the_features() -> None:
    descriptor = _core.Descriptor.chebyshev(elements=[8, 14], **SETTINGS)
    coefficients = np.random.default_rng(3).normal(size=descriptor.n_features)
    structure = as_structure(crystal())
    rows = descriptor.design([structure]) @ coefficients
    energies, forces, _ = descriptor.evaluator(coefficients, [0.0, 0.0]).compute(structure)
    np.testing.assert_allclose(energies.sum(), rows[0], rtol=1e-8)
    np.testing.assert_allclose(forces.ravel(), rows[1:-6], atol=1e-7 * np.abs(rows).max())


def test_settings_follow_the_data() -> None:
    distances = PairDistances(minimum={(14, 14): 2.1}, nearest={(14, 14): 2.35}, neighbors=20.0)
    complete = resolve_chebyshev(ChebyshevSettings(angular_order=2), [14], distances)
    assert (complete["radial_cutoff"], complete["angular_cutoff"]) == (5.2, 5.2)
    assert _core.Descriptor.chebyshev(**complete).n_features == 17 + 3


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("order", {"radial_order": 41}),
        ("order", {"angular_order": 21}),
        ("cutoff", {"radial_cutoff": 0.0}),
        ("cutoff", {"angular_cutoff": float("nan")}),
        ("fade", {"fade": "tanh"}),
        ("species_weights", {"species_weights": [[1.0]]}),
        ("species_weights", {"species_weights": []}),
    ],
)
def test_bad_settings_are_named(name: str, change: dict) -> None:
    with pytest.raises(FerripError, match=name):
        _core.Descriptor.chebyshev(**{"elements": [8, 14], **SETTINGS, **change})
