"""Potentials of ML-PACE against a slow independent oracle, for every kind of radial function and core repulsion."""

from __future__ import annotations

import numpy as np
import oracle_pace
import pytest

from ferrip import _core
from ferrip.models import pace
from ferrip.potential import Potential

Structure = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

KINDS = ["ChebExpCos", "ChebPow", "ChebLinear", "SBessel"]
INNER = ["density", "distance"]


def structure(seed: int = 1, length: float = 4.4, periodic: bool = True) -> Structure:
    rng = np.random.default_rng(seed)
    cell = length * np.array([[1.0, 0.0, 0.0], [0.25, 0.95, 0.0], [-0.1, 0.2, 1.0]])
    grid = np.array([[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1], [0, 0, 1]]) / 2 + 0.25
    fractional = grid + rng.uniform(-0.07, 0.07, grid.shape)
    numbers = np.array([29, 13, 29, 13, 13], dtype=np.int64)
    return numbers, fractional @ cell, cell, np.array([periodic, periodic, False])


def imported(potential: oracle_pace.Potential) -> Potential:
    return pace.from_text(oracle_pace.text(potential), "yace")


def analytic(potential: Potential, atoms: Structure) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return _core.compute_analytic(potential.descriptor, potential.readout(), atoms)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("inner", INNER)
def test_energies_equal_the_oracle(kind: str, inner: str) -> None:
    reference = oracle_pace.random_potential(kind, inner)
    potential = imported(reference)
    atoms = structure(periodic=kind == "ChebPow")
    expected = oracle_pace.energies(reference, atoms)
    assert np.ptp(expected) > 0.1
    assert analytic(potential, atoms)[0] == pytest.approx(expected, abs=1e-12 * np.abs(expected).max() * 10)
    for path in _core.supported_simd():
        assert potential.evaluator(path).compute(atoms)[0] == pytest.approx(expected, abs=1e-8)
