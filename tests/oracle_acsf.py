"""Sums over pairs and triplets of neighbors, written down as in the papers: slow and obvious."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray

F64 = NDArray[np.float64]


def cosine(r: float, cutoff: float) -> float:
    """The cosine cutoff function."""
    return 0.5 * (1.0 + np.cos(np.pi * r / cutoff)) if r < cutoff else 0.0


def neighborhoods(atoms: Atoms, cutoff: float) -> Iterator[list[tuple[int, F64]]]:
    """Per atom, atomic numbers and vectors of its neighbors."""
    i, j, vectors = neighbor_list("ijD", atoms, cutoff)
    for center in range(len(atoms)):
        own = i == center
        yield list(zip(atoms.numbers[j[own]].tolist(), vectors[own], strict=True))


def pair_sums(
    around: list[tuple[int, F64]], weight: Callable[[int], float], function: Callable[[float], float]
) -> float:
    """Σ_j w_j f(r_j)."""
    return sum(weight(z) * function(float(np.linalg.norm(v))) for z, v in around)


def triplet_sums(
    around: list[tuple[int, F64]],
    weight: Callable[[int, int], float],
    function: Callable[[float, float, float, float], float],
) -> float:
    """Σ_{j<k} w_jk f(r_j, r_k, r_jk, cos θ)."""
    total = 0.0
    for (z, v), (other, w) in combinations(around, 2):
        if not weight(z, other):
            continue
        r, s = float(np.linalg.norm(v)), float(np.linalg.norm(w))
        angle = float(v @ w / (r * s))
        total += weight(z, other) * function(r, s, float(np.linalg.norm(v - w)), angle)
    return total


def symmetry_function(
    eta: float, zeta: float, lambda_: float, cutoff: float, *, closed: bool
) -> Callable[[float, float, float, float], float]:
    """The summand of G4 (closed) or G5."""

    def value(r: float, s: float, across: float, angle: float) -> float:
        squares = r**2 + s**2 + (across**2 if closed else 0.0)
        fade = cosine(r, cutoff) * cosine(s, cutoff) * (cosine(across, cutoff) if closed else 1.0)
        return 2 ** (1 - zeta) * (1 + lambda_ * angle) ** zeta * np.exp(-eta * squares) * fade

    return value


def chebyshev(n: int, x: float) -> float:
    """T_n(x)."""
    return float(np.cos(n * np.arccos(np.clip(x, -1.0, 1.0))))
