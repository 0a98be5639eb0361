"""Moment tensor potentials the slow way: whole tensors, contracted index by index with numpy.

A scalar is a list of factors (μ, ν) and of contractions (i, j): one pair of indices of factors i and j each.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement, permutations, product
from string import ascii_lowercase

import numpy as np
from numpy.polynomial import chebyshev

Structure = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
Scalar = tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]


@dataclass(frozen=True, kw_only=True)
class Radial:
    """Chebyshev radial functions: coefficients (S, S, functions, polynomials), elements ascending."""

    elements: tuple[int, ...]
    low: float
    high: float
    coefficients: np.ndarray

    def __call__(self, centre: int, neighbor: int, r: float) -> np.ndarray:
        own = self.coefficients[self.elements.index(centre), self.elements.index(neighbor)]
        xi = (2 * r - self.low - self.high) / (self.high - self.low)
        return (r - self.high) ** 2 * chebyshev.chebval(xi, own.T)


def scalars(level: int, most: int = 4) -> list[Scalar]:
    """All scalars of a level, each once."""
    kinds = [(mu, nu) for mu in range(level // 4 + 1) for nu in range(level) if 2 + 4 * mu + nu <= level]
    found: list[Scalar] = []
    for n in range(1, most + 1):
        for factors in combinations_with_replacement(kinds, n):
            if sum(2 + 4 * mu + nu for mu, nu in factors) > level:
                continue
            seen = set()
            for matrix in _matrices([nu for _, nu in factors]):
                canonical = min(
                    tuple(tuple(matrix[a][b] for b in order) for a in order)
                    for order in permutations(range(n))
                    if all(factors[a] == factors[k] for k, a in enumerate(order))
                )
                if canonical not in seen:
                    seen.add(canonical)
                    pairs = [(i, j) for i in range(n) for j in range(i) for _ in range(canonical[i][j])]
                    found.append((factors, tuple(pairs)))
    return found


def _matrices(ranks: list[int]) -> list[tuple[tuple[int, ...], ...]]:
    """Symmetric matrices of nonnegative integers with zero diagonal and these row sums."""
    n = len(ranks)
    places = [(i, j) for i in range(n) for j in range(i)]
    out = []
    for entries in product(*(range(min(ranks[i], ranks[j]) + 1) for i, j in places)):
        matrix = np.zeros((n, n), dtype=int)
        for (i, j), m in zip(places, entries, strict=True):
            matrix[i, j] = matrix[j, i] = m
        if list(matrix.sum(axis=0)) == ranks:
            out.append(tuple(map(tuple, matrix.tolist())))
    return out


def neighbors(structure: Structure, cutoff: float) -> list[list[tuple[int, np.ndarray]]]:
    """Atomic number and vector of all neighbors of every atom."""
    numbers, positions, cell, pbc = structure
    reach = [range(-3, 4) if periodic else (0,) for periodic in pbc]
    out = []
    for i in range(len(numbers)):
        own = []
        for shift in product(*reach):
            for j in range(len(numbers)):
                vector = positions[j] + np.array(shift) @ cell - positions[i]
                if 1e-8 < np.linalg.norm(vector) < cutoff:
                    own.append((int(numbers[j]), vector))
        out.append(own)
    return out


def values(structure: Structure, radial: Radial, basis: list[Scalar]) -> np.ndarray:
    """(N, scalars)"""
    numbers = structure[0]
    rows = []
    for centre, own in zip(numbers, neighbors(structure, radial.high), strict=True):
        tensors: dict[tuple[int, int], np.ndarray] = {}
        for mu, nu in {factor for factors, _ in basis for factor in factors}:
            tensor = np.zeros((3,) * nu)
            for z, vector in own:
                r = float(np.linalg.norm(vector))
                outer = np.array(radial(int(centre), z, r)[mu])
                for _ in range(nu):
                    outer = np.multiply.outer(outer, vector / r)
                tensor += outer
            tensors[mu, nu] = tensor
        rows.append([_contract([tensors[f] for f in factors], pairs) for factors, pairs in basis])
    return np.array(rows)


def _contract(tensors: list[np.ndarray], pairs: tuple[tuple[int, int], ...]) -> float:
    labels: list[str] = ["" for _ in tensors]
    for letter, (i, j) in zip(ascii_lowercase, pairs, strict=False):
        labels[i] += letter
        labels[j] += letter
    return float(np.einsum(",".join(labels) + "->", *tensors))
