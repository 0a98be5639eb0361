"""The scalars of a level span the invariants of ACE with the same orders and degrees, and no others."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from numpy.typing import NDArray

from ferrip import _core
from ferrip.models import Mtp

DISTANCE = 2.2
"""Å; all neighbors lie on this sphere, where radial functions are constants."""
CUTOFF = 3.0


def environments(count: int) -> list[_core.Structure]:
    """Silicon atoms with random neighbors on a sphere; the first atom is the centre."""
    rng = np.random.default_rng(4)
    found = []
    for _ in range(count):
        directions = rng.normal(size=(rng.integers(2, 12), 3))
        directions *= DISTANCE / np.linalg.norm(directions, axis=1)[:, None]
        positions = np.vstack([np.zeros(3), directions])
        numbers = np.full(len(positions), 14, dtype=np.int64)
        found.append((numbers, positions, np.zeros((3, 3)), np.zeros(3, dtype=np.bool_)))
    return found


def moments(level: int, factors: int) -> _core.MomentDescriptor:
    return Mtp().descriptor(
        {
            "elements": [14],
            "scalars": {"level": level, "max_radial": 0, "max_factors": factors},
            "radial": {
                "polynomials": "chebyshev",
                "scaling": 1.0,
                "ranges": {"Si-Si": [1.5, CUTOFF, 0.0]},
                "coefficients": {"Si-Si": [[1.0]]},
            },
        }
    )


def invariants(level: int, factors: int) -> _core.Descriptor:
    """Products of k factors of one radial function with Σ l ≤ level − 2k even."""
    functions = [
        [(14, 1, degree) for degree in degrees]
        for k in range(2, factors + 1)
        for degrees in combinations_with_replacement(range(level - 2 * k + 1), k)
        if sum(degrees) <= level - 2 * k and sum(degrees) % 2 == 0
    ]
    return _core.Descriptor.ace(
        elements=[14],
        cutoff=CUTOFF,
        pair_cutoff=CUTOFF,
        n_pair=1,
        r0={(14, 14): 2.3},
        functions=functions,
    )


def centre_values(descriptor: _core.MomentDescriptor | _core.Descriptor, count: int) -> NDArray[np.float64]:
    rows = np.array([descriptor.values(structure, 1)[0] for structure in environments(count)])
    return rows / np.linalg.norm(rows, axis=0)


def rank(rows: NDArray[np.float64]) -> int:
    singular = np.linalg.svd(rows, compute_uv=False)
    return int(np.sum(singular > 1e-10 * singular[0]))


@pytest.mark.parametrize(("level", "factors"), [(10, 2), (12, 3), (12, 4)])
def test_span_equals_that_of_ace(level: int, factors: int) -> None:
    count = 200
    ours, theirs = (centre_values(make(level, factors), count) for make in (moments, invariants))
    assert rank(ours) == ours.shape[1] == theirs.shape[1]
    assert rank(theirs) == rank(np.hstack([ours, theirs])) == ours.shape[1] < count
