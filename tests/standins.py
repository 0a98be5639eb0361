"""A slow, obvious potential with the interface of a fitted one, for tests of what runs on potentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import numpy as np
from ase import Atoms


def edges(positions, cell, pbc, cutoff):
    """All (i, j, r_ij) within the cutoff, from every pair and every image that could matter."""
    heights = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0) if pbc.any() else np.ones(3)
    reach = [range(-m, m + 1) for m in np.where(pbc, np.ceil(cutoff / heights) + 1, 0).astype(int)]
    shifts = np.array(list(product(*reach))) @ cell
    vectors = positions[None, :, None, :] + shifts - positions[:, None, None, :]
    squared = np.einsum("ijsk,ijsk->ijs", vectors, vectors)
    i, j, s = np.nonzero((squared < cutoff**2) & (squared > 1e-12))
    return i, j, vectors[i, j, s]


class MorseSession:
    """Counts its calls; the neighbor list is built anew at each."""

    def __init__(self, potential: MorsePotential) -> None:
        self.potential = potential
        self.rebuilds = 0
        self.neighbors_per_atom = 0.0
        self._closest: dict[tuple[int, int], float] = {}

    def compute(self, structure):
        numbers, positions, cell, pbc = structure
        i, j, vectors = edges(positions, cell, pbc, self.potential.cutoff)
        distances = np.linalg.norm(vectors, axis=1)
        energy, slope = self.potential.pair(distances)
        energies = 0.5 * np.bincount(i, energy, minlength=len(numbers))
        pull = (slope / distances)[:, None] * vectors
        forces = np.stack([np.bincount(i, pull[:, k], minlength=len(numbers)) for k in range(3)], axis=1)
        self.rebuilds += 1
        self.neighbors_per_atom = len(i) / max(len(numbers), 1)
        self._closest = {}
        for a, b, distance in zip(numbers[i], numbers[j], distances, strict=True):
            key = (int(min(a, b)), int(max(a, b)))
            self._closest[key] = min(float(distance), self._closest.get(key, np.inf))
        return energies, forces, 0.5 * vectors.T @ pull

    def minimum_distances(self):
        return dict(self._closest)


@dataclass(frozen=True, kw_only=True)
class MorseEvaluator:
    potential: MorsePotential
    simd: str = "generic"

    def session(self, skin: float = 0.5, num_threads: int | None = None) -> MorseSession:
        return MorseSession(self.potential)


@dataclass(frozen=True, kw_only=True)
class MorsePotential:
    """E = Σ_pairs D [(1 − e^{−a(r−r0)})² − 1] s(r) with a quintic switch to zero over the last Å."""

    elements: tuple[int, ...] = (29,)
    depth: float = 0.34
    width: float = 1.36
    r0: float = 2.87
    cutoff: float = 5.0
    minimum_distances: dict[tuple[int, int], float] = field(default_factory=lambda: {(29, 29): 2.0})
    has_uncertainty: bool = True
    conservative: bool = True

    def pair(self, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        decay = np.exp(-self.width * (r - self.r0))
        energy = self.depth * ((1.0 - decay) ** 2 - 1.0)
        slope = 2.0 * self.depth * self.width * decay * (1.0 - decay)
        x = np.clip(r - (self.cutoff - 1.0), 0.0, 1.0)
        switch = 1.0 - x**3 * (10.0 - 15.0 * x + 6.0 * x**2)
        return energy * switch, slope * switch - energy * 30.0 * x**2 * (1.0 - x) ** 2

    def evaluator(self, simd: str | None = None) -> MorseEvaluator:
        return MorseEvaluator(potential=self)

    def energy_uncertainty(self, atoms: Atoms, num_threads: int | None = None) -> float:
        return 0.1

    def energies_uncertainty(self, atoms: Atoms, num_threads: int | None = None) -> np.ndarray:
        return np.full(len(atoms), 0.01)

    def forces_uncertainty(self, atoms: Atoms, num_threads: int | None = None) -> np.ndarray:
        return np.full((len(atoms), 3), 0.02)
