"""Moment descriptors and their evaluator: oracle, derivatives, contract, ranks."""

from __future__ import annotations

import numpy as np
import oracle_mtp
import pytest

from ferrip import _core
from ferrip.models.mtp import Mtp
from ferrip.models.mtp_radial import ordered_pairs
from ferrip.models.pair_terms import zbl
from ferrip.potential import Potential
from ferrip.testing import check_descriptor, check_potential

ELEMENTS = (13, 22)
LOW, HIGH = 1.9, 4.1


def coefficients(n_functions: int, n_polynomials: int = 5, n: int = 2) -> np.ndarray:
    rng = np.random.default_rng(7)
    return rng.normal(size=(n, n, n_functions, n_polynomials)) / (1 + np.arange(n_polynomials)) / 3


def settings(level: int, *, softness: float = 0.0, polynomials: str = "chebyshev") -> dict:
    names = ordered_pairs(ELEMENTS)
    radial = coefficients(_core.level_counts(level)[1]).reshape(4, -1, 5)
    return {
        "elements": list(ELEMENTS),
        "scalars": {"level": level},
        "radial": {
            "polynomials": polynomials,
            "scaling": 1.0,
            "ranges": {name: [LOW, HIGH, softness] for name in names},
            "coefficients": dict(zip(names, radial.tolist(), strict=True)),
        },
    }


def descriptor(level: int, **options: object) -> _core.MomentDescriptor:
    return Mtp().descriptor(settings(level, **options))


def structure(seed: int = 1, length: float = 4.6) -> oracle_mtp.Structure:
    rng = np.random.default_rng(seed)
    cell = length * np.array([[1.0, 0.0, 0.0], [0.25, 0.95, 0.0], [-0.1, 0.2, 1.0]])
    grid = np.array([[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1], [0, 0, 1]]) / 2 + 0.25
    fractional = grid + rng.uniform(-0.07, 0.07, grid.shape)
    return np.array([22, 13, 22, 13, 13]), fractional @ cell, cell, np.array([True, True, False])


@pytest.mark.parametrize(
    ("level", "published"),
    [
        (2, (1, 1, 1, 0)),
        (8, (9, 2, 11, 14)),
        (12, (29, 3, 46, 117)),
        (16, (92, 4, 130, 969)),
        (20, (288, 5, 295, 6349)),
    ],
)
def test_counts_of_the_levels(level: int, published: tuple[int, int, int, int]) -> None:
    *counts, products = _core.level_counts(level)
    assert tuple(counts) == published[:3] and products <= published[3]


@pytest.mark.parametrize("level", [8, 12])
def test_scalars_equal_explicit_contractions(level: int) -> None:
    """The same scalars: every column of one is a column of the other."""
    basis = oracle_mtp.scalars(level)
    ours = descriptor(level)
    radial = oracle_mtp.Radial(
        elements=ELEMENTS, low=LOW, high=HIGH, coefficients=coefficients(_core.level_counts(level)[1])
    )
    expected, values = oracle_mtp.values(structure(), radial, basis), ours.values(structure())
    assert values.shape == expected.shape
    scale = np.abs(expected).max(axis=0)
    left = list(range(len(basis)))
    for column in values.T:
        match = [k for k in left if np.allclose(column, expected[:, k], rtol=0, atol=1e-11 * scale[k])]
        assert match
        left.remove(match[0])


@pytest.mark.parametrize("polynomials", ["chebyshev", "jacobi"])
def test_contract_of_descriptors(polynomials: str) -> None:
    check_descriptor(descriptor(12, softness=0.3, polynomials=polynomials))


@pytest.mark.parametrize("softness", [0.0, 0.3])
@pytest.mark.parametrize("level", [2, 10, 16])
def test_contract_of_potentials(level: int, softness: float) -> None:
    check_potential(potential(level, softness))


def potential(level: int, softness: float = 0.0) -> Potential:
    ours = descriptor(level, softness=softness)
    weights = np.random.default_rng(level + 1).normal(size=ours.n_features) / 10.0
    scale = np.abs(ours.values(structure())).max(axis=0) + 1e-3
    return Potential(
        family="mtp",
        descriptor=ours,
        settings=settings(level, softness=softness),
        coefficients=weights / scale,
        e0={13: -1.5, 22: -2.5},
        pairs=[zbl(13, 22, 1.0, 2.2)],
    )


@pytest.mark.parametrize("simd", _core.supported_simd())
def test_evaluator_equals_descriptor(simd: str) -> None:
    ours = potential(18)
    atoms = structure()
    descriptor = ours.descriptor
    evaluator = descriptor.evaluator(ours.coefficients, [-1.5, -2.5], (), simd)
    energies, forces, strain = evaluator.compute(atoms)
    values = descriptor.values(atoms) @ ours.coefficients
    e0 = np.where(atoms[0] == 13, -1.5, -2.5)
    assert energies == pytest.approx(values + e0, rel=1e-11)
    rows = descriptor.design([atoms]) @ ours.coefficients
    assert rows[0] == pytest.approx(values.sum(), rel=1e-12)
    assert rows[1:-6].reshape(-1, 3) == pytest.approx(forces, abs=1e-10 * np.abs(forces).max())
    voigt = strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
    assert rows[-6:] == pytest.approx(voigt, abs=1e-10 * np.abs(strain).max())


@pytest.mark.parametrize("polynomials", ["chebyshev", "jacobi"])
def test_radial_design_by_finite_differences(polynomials: str) -> None:
    ours = descriptor(14, softness=0.3, polynomials=polynomials)
    atoms = structure(3)
    weights = np.random.default_rng(3).normal(size=ours.n_features)
    weights /= np.abs(ours.values(atoms)).max(axis=0)
    radial = coefficients(_core.level_counts(14)[1])
    rows = ours.radial_design([atoms], weights)
    assert rows.shape == (7 + 3 * len(atoms[0]), radial.size)
    for k in np.random.default_rng(5).choice(radial.size, 12, replace=False):
        sides = []
        for step in (-1e-5, 1e-5):
            moved = radial.copy()
            moved.flat[k] += step
            sides.append(ours.with_radial(moved).design([atoms]) @ weights)
        difference = (sides[1] - sides[0]) / 2e-5
        assert rows[:, k] == pytest.approx(difference, abs=1e-7 * (1 + np.abs(difference).max()))


@pytest.mark.parametrize(
    ("bounds", "published"), [({}, (2455, 7, 1036)), ({"max_radial": 5, "max_rank": 10}, (2445, 6, 866))]
)
def test_level_28(bounds: dict, published: tuple[int, int, int]) -> None:
    """The bare rule and the template that MLIP's files have, through descriptor and evaluator."""
    *counts, products = _core.level_counts(28, **bounds)
    assert tuple(counts) == published and products <= 180069
    radial = {"Si-Si": coefficients(published[1], 8, 1)[0, 0].tolist()}
    ours = Mtp().descriptor(
        {
            "elements": [14],
            "scalars": {"level": 28, **bounds},
            "radial": {
                "polynomials": "chebyshev",
                "scaling": 1.0,
                "ranges": {"Si-Si": [LOW, HIGH, 0.1]},
                "coefficients": radial,
            },
        }
    )
    atoms = (np.full(5, 14), *structure()[1:])
    values = ours.values(atoms)
    weights = np.random.default_rng(1).normal(size=ours.n_features) / np.maximum(
        np.abs(values).max(axis=0), 1e-9
    )
    energies, forces, _ = ours.evaluator(weights, [0.0]).compute(atoms)
    assert energies == pytest.approx(values @ weights, rel=1e-9)
    bars = np.broadcast_to(weights, values.shape).copy()
    assert -forces == pytest.approx(ours.vjp(atoms, bars)[0], abs=1e-9 * np.abs(forces).max())


def test_scalars_are_independent() -> None:
    """Full numerical rank of level 12 on random environments."""
    ours = descriptor(12)
    rows = np.concatenate([ours.values(structure(seed, 5.2)) for seed in range(30)])
    singular = np.linalg.svd(rows / np.abs(rows).max(axis=0), compute_uv=False)
    assert singular[-1] > 1e-9 * singular[0]


def test_bad_input() -> None:
    common = {"elements": [13], "ranges": [(LOW, HIGH, 0.0)], "coefficients": coefficients(2, n=1)}
    level = _core.MomentDescriptor.level
    with pytest.raises(ValueError, match="level: expected 2 to"):
        level(level=99, **common)
    with pytest.raises(ValueError, match="radial function"):
        level(level=16, **common)
    with pytest.raises(ValueError, match="polynomials"):
        level(level=8, polynomials="legendre", **common)
    with pytest.raises(ValueError, match="range"):
        level(level=8, **{**common, "ranges": [(HIGH, LOW, 0.0)]})
    with pytest.raises(ValueError, match="every ordered pair"):
        level(level=8, **{**common, "elements": [13, 22]})
    with pytest.raises(ValueError, match="n_nodes"):
        _core.MomentDescriptor.explicit(moments=[(0, 0, 0, 0)], n_nodes=9, products=[], scalars=[0], **common)
    with pytest.raises(ValueError, match="coefficients"):
        level(level=8, **common).evaluator(np.ones(3), [0.0])
