"""The slow obvious ACE: explicit sums over clusters of neighbors, coupled by Clebsch–Gordan coefficients.

Independent of the library: Clebsch–Gordan coefficients from Racah's formula, spherical harmonics from scipy,
radial functions from Gram–Schmidt on a fine grid. Cost J^order per function; for tests only.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from math import factorial, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import sph_harm_y

F64 = NDArray[np.float64]


@cache
def clebsch_gordan(j1: int, m1: int, j2: int, m2: int, j: int, m: int) -> float:
    """⟨j1 m1 j2 m2 | j m⟩ for integer arguments (Racah 1942)."""
    if m1 + m2 != m or not abs(j1 - j2) <= j <= j1 + j2 or abs(m1) > j1 or abs(m2) > j2 or abs(m) > j:
        return 0.0
    f = factorial
    front = (2 * j + 1) * f(j1 + j2 - j) * f(j1 - j2 + j) * f(j2 - j1 + j) / f(j1 + j2 + j + 1)
    front *= f(j1 + m1) * f(j1 - m1) * f(j2 + m2) * f(j2 - m2) * f(j + m) * f(j - m)
    total = 0.0
    for k in range(j1 + j2 - j + 1):
        denominators = (k, j1 + j2 - j - k, j1 - m1 - k, j2 + m2 - k, j - j2 + m1 + k, j - j1 - m2 + k)
        if min(denominators) >= 0:
            total += (-1) ** k / np.prod([float(f(d)) for d in denominators])
    return sqrt(front) * total


def harmonic(degree: int, m: int, vector: F64) -> complex:
    """Y_lm with Condon–Shortley phase, scaled so that Y_00 = 1."""
    x, y, z = vector / np.linalg.norm(vector)
    theta, phi = np.arccos(np.clip(z, -1, 1)), np.arctan2(y, x)
    return complex(sph_harm_y(degree, m, theta, phi)) * sqrt(4 * np.pi)


def couplings(ls: tuple[int, ...]) -> list[dict[tuple[int, ...], float]]:
    """All trees ((l1 l2) L12 l3) L123 … → 0, as {m tuple: coefficient}."""
    trees: list[tuple[int, dict[tuple[tuple[int, ...], int], float]]] = [
        (ls[0], {((m,), m): 1.0 for m in range(-ls[0], ls[0] + 1)})
    ]
    for degree in ls[1:]:
        grown = []
        for total, states in trees:
            for target in range(abs(total - degree), total + degree + 1):
                new: dict[tuple[tuple[int, ...], int], float] = {}
                for ((ms, big), c), m in product(states.items(), range(-degree, degree + 1)):
                    cg = (
                        clebsch_gordan(total, big, degree, m, target, big + m)
                        if abs(big + m) <= target
                        else 0.0
                    )
                    if cg:
                        new[(*ms, m), big + m] = new.get(((*ms, m), big + m), 0.0) + c * cg
                grown.append((target, new))
        trees = grown
    return [{ms: c for (ms, big), c in states.items() if big == 0} for total, states in trees if total == 0]


def cluster_sums(
    factors: list[tuple[int, int, int]], vectors: F64, numbers: NDArray[np.int64], radial: F64
) -> list[float]:
    """Value of every coupling tree for one centre, summed over all tuples of neighbors.

    `factors` are (atomic number, n, l); `radial[j, n − 1]` is R_n of neighbor j.
    """
    order = len(factors)
    trees = couplings(tuple(factor[2] for factor in factors))
    one_particle = [
        {
            (t, m): radial[j, n - 1] * harmonic(degree, m, vector) if numbers[j] == z else 0.0
            for t, (z, n, degree) in enumerate(factors)
            for m in range(-degree, degree + 1)
        }
        for j, vector in enumerate(vectors)
    ]
    values = []
    for tree in trees:
        total = 0.0 + 0.0j
        for cluster in product(one_particle, repeat=order):
            for ms, c in tree.items():
                term = complex(c)
                for t, m in enumerate(ms):
                    term *= cluster[t][t, m]
                total += term
        values.append(total.real)
    return values
