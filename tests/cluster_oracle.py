"""Explicit double and triple sums with `scipy.interpolate.BSpline`: slow and obvious."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from scipy.interpolate import BSpline

Kernel = tuple[np.ndarray, np.ndarray]
"""Knots and coefficients of a pair."""
TripletKernel = tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Knots along r_ij, r_ik and r_jk, and coefficients by l, m and n."""
EmbeddingKernel = tuple[int, Kernel, Mapping[int, Kernel]]
"""Element of the centre, function of the density, and what neighbors of each element add to the density."""


def functions(knots: np.ndarray, r: float) -> np.ndarray:
    """Values of all functions, 0 outside the range."""
    knots = np.asarray(knots)
    count = len(knots) - 4
    if not knots[3] <= r < knots[count]:
        return np.zeros(count)
    return BSpline(knots, np.eye(count), 3)(r)


def pair_energy(knots: np.ndarray, coefficients: np.ndarray, r: float) -> float:
    """V(r): linear below the first knot, 0 beyond the last."""
    knots = np.asarray(knots)
    low, high = knots[3], knots[-4]
    if r >= high:
        return 0.0
    spline = BSpline(knots, coefficients, 3)
    return float(spline(r)) if r >= low else float(spline(low) + spline.derivative()(low) * (r - low))


def embedding_energy(knots: np.ndarray, coefficients: np.ndarray, density: float) -> float:
    """F(ρ): linear beyond both ends."""
    spline = BSpline(knots, coefficients, 3)
    inside = float(np.clip(density, knots[3], knots[-4]))
    return float(spline(inside) + spline.derivative()(inside) * (density - inside))


def energies(
    structure: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    pairs: Mapping[tuple[int, int], Kernel],
    triplets: Mapping[tuple[int, int, int], TripletKernel],
    embeddings: Sequence[EmbeddingKernel] = (),
) -> np.ndarray:
    """(N,) energies; a pair belongs to both atoms, a triplet and a density to its centre."""
    numbers, positions, cell, pbc = structure
    ends = [knots[-4] for knots, _ in pairs.values()] + [axes[0][-4] for axes, _ in triplets.values()]
    ends += [knots[-4] for _, _, densities in embeddings for knots, _ in densities.values()]
    cutoff = max(ends)
    i, j, vectors = neighbor_list(
        "ijD", Atoms(numbers=numbers, positions=positions, cell=cell, pbc=pbc), float(cutoff)
    )
    out = np.zeros(len(numbers))
    for centre, z in enumerate(numbers):
        neighbors = [(int(numbers[k]), v) for k, v in zip(j[i == centre], vectors[i == centre], strict=True)]
        for other, v in neighbors:
            kernel = pairs.get((min(z, other), max(z, other)))
            if kernel is not None:
                out[centre] += 0.5 * pair_energy(*kernel, float(np.linalg.norm(v)))
        for first, second in combinations(sorted(neighbors, key=lambda n: n[0]), 2):
            triplet = triplets.get((int(z), first[0], second[0]))
            if triplet is not None:
                out[centre] += triplet_energy(*triplet, first[1], second[1])
        for element, function, densities in embeddings:
            if element == z:
                lengths = [(other, float(np.linalg.norm(v))) for other, v in neighbors]
                terms = [pair_energy(*densities[other], r) for other, r in lengths if other in densities]
                out[centre] += embedding_energy(*function, sum(terms))
    return out


def triplet_energy(
    axes: tuple[np.ndarray, np.ndarray, np.ndarray], coefficients: np.ndarray, ij: np.ndarray, ik: np.ndarray
) -> float:
    """V(r_ij, r_ik, r_jk)."""
    lengths = (np.linalg.norm(ij), np.linalg.norm(ik), np.linalg.norm(ik - ij))
    along = [functions(knots, float(r)) for knots, r in zip(axes, lengths, strict=True)]
    return float(np.einsum("lmn,l,m,n->", coefficients, *along))


def numeric_forces(
    energy: Callable[[np.ndarray], float], positions: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """Central differences of an energy."""
    forces = np.zeros_like(positions)
    for index in np.ndindex(*positions.shape):
        shift = np.zeros_like(positions)
        shift[index] = step
        forces[index] = -(energy(positions + shift) - energy(positions - shift)) / (2 * step)
    return forces
