"""A tiny family for tests of the fit: pair powers in numpy, `B_i,k = Σ_j (1 − r_ij/rc)^(k+2)` per species pair."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from pydantic import BaseModel, ConfigDict

from ferrip.models import Family, register

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


def edges(structure, cutoff):
    """i, j, vectors and distances of all edges."""
    numbers, positions, cell, pbc = structure
    return neighbor_list("ijDd", Atoms(numbers=numbers, positions=positions, cell=cell, pbc=pbc), cutoff)


class PairDescriptor:
    """The contract of `ferrip._core.Descriptor`, without Rust."""

    def __init__(self, elements, cutoff, n_powers):
        self.elements, self.cutoff, self.n_powers = list(elements), cutoff, n_powers
        self.n_features = len(elements) ** 2 * n_powers

    def smoothness(self):
        return np.tile(np.arange(1.0, self.n_powers + 1), len(self.elements) ** 2)

    def feature_table(self):
        return [(a, [(b, k, 0)]) for a in self.elements for b in self.elements for k in range(self.n_powers)]

    def values(self, structure, num_threads=None):
        i, j, _, r = edges(structure, self.cutoff)
        values = np.zeros((len(structure[0]), self.n_features))
        for k in range(self.n_powers):
            np.add.at(values, (i, self._pair(structure[0], i, j) + k), (1 - r / self.cutoff) ** (k + 2))
        return values

    def design(self, structures, num_threads=None):
        return np.asfortranarray(np.vstack([self._rows(structure) for structure in structures]))

    def evaluator(self, coefficients, e0, zbl=(), simd=None):
        return PairEvaluator(self, coefficients, e0)

    def _rows(self, structure):
        n = len(structure[0])
        i, j, vectors, r = edges(structure, self.cutoff)
        gradient, strain = np.zeros((n, 3, self.n_features)), np.zeros((6, self.n_features))
        pair = self._pair(structure[0], i, j)
        for k in range(self.n_powers):
            slope = -(k + 2) / self.cutoff * (1 - r / self.cutoff) ** (k + 1)
            pull = slope[:, None] * vectors / r[:, None]
            for axis in range(3):
                np.add.at(gradient, (j, axis, pair + k), pull[:, axis])
                np.add.at(gradient, (i, axis, pair + k), -pull[:, axis])
            for row, (a, b) in enumerate(VOIGT):
                np.add.at(strain, (row, pair + k), pull[:, a] * vectors[:, b])
        energy = self.values(structure).sum(axis=0)
        return np.vstack([energy[None], -gradient.reshape(3 * n, -1), strain])

    def _pair(self, numbers, i, j):
        kind = np.searchsorted(self.elements, numbers)
        return (kind[i] * len(self.elements) + kind[j]) * self.n_powers


class PairEvaluator:
    """The contract of `ferrip._core.Evaluator` on a `PairDescriptor`."""

    def __init__(self, descriptor, coefficients, e0):
        self.descriptor, self.coefficients = descriptor, coefficients
        self.e0 = dict(zip(descriptor.elements, e0, strict=True))

    def compute(self, structure, num_threads=None):
        rows = self.descriptor.design([structure]) @ self.coefficients
        energies = self.descriptor.values(structure) @ self.coefficients
        energies = energies + np.array([self.e0[int(z)] for z in structure[0]])
        xx, yy, zz, yz, xz, xy = rows[-6:]
        strain = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        return energies, rows[1:-6].reshape(-1, 3), strain


class PairSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    cutoff: float = 4.0
    n_powers: int = 4


class PairFamily(Family):
    """Registered as `pair-test`."""

    name = "pair-test"
    settings_class = PairSettings
    citations = ("10.0000/test",)

    def resolve(self, settings, size, elements, distances):
        return {"elements": list(elements), **settings.model_dump()}

    def descriptor(self, resolved):
        return PairDescriptor(**resolved)


register(PairFamily())
