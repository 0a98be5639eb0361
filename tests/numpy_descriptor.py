"""A small descriptor in numpy with ferrip's contract: the stand-in on which the public checks are tested.

Features of atom i for every neighbor species s and k = 1…3, with ρ = Σ_j (r_ij / r_c)^k (1 − r_ij²/r_c²)³:
ρ and ρ², in columns of atom i's own element.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ferrip.errors import UnsupportedElementError

POWERS = np.arange(1, 4)
VOIGT = ([0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1])


class NumpyDescriptor:
    """Radial densities and their squares."""

    def __init__(self, elements: Sequence[int], cutoff: float) -> None:
        self.elements = sorted(elements)
        self.cutoff = cutoff
        self.block = 2 * len(POWERS) * len(self.elements)
        self.n_features = self.block * len(self.elements)

    def feature_range(self, element: int) -> tuple[int, int]:
        start = self.elements.index(element) * self.block
        return start, start + self.block

    def radial(self, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(E, 3) radial functions and their derivatives."""
        x = (r / self.cutoff)[:, None]
        envelope, slope = (1 - x**2) ** 3, -6 * x * (1 - x**2) ** 2
        return x**POWERS * envelope, (POWERS * x ** (POWERS - 1) * envelope + x**POWERS * slope) / self.cutoff

    def edges(self, structure) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Centres, neighbors and vectors of all pairs within the cutoff, by brute force over images."""
        numbers, positions, cell, pbc = structure
        if unknown := set(numbers.tolist()) - set(self.elements):
            raise UnsupportedElementError(f"atomic number {unknown.pop()} is unknown")
        lattice = np.where(pbc[:, None], cell, 0.0)
        inverse = np.linalg.pinv(lattice)
        positions = positions - np.floor(positions @ inverse + 1e-9) @ lattice
        reach = np.ceil(self.cutoff * np.linalg.norm(inverse, axis=0) + 1).astype(int) * pbc
        shifts = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in reach]), axis=-1).reshape(-1, 3)
        d = positions[None, :, None] + (shifts @ cell)[None, None] - positions[:, None, None]
        r = np.linalg.norm(d, axis=-1)
        i, j, s = np.nonzero((r < self.cutoff) & (r > 0))
        return i, j, d[i, j, s]

    def densities(self, structure) -> tuple[np.ndarray, tuple]:
        """(N, species, 3) densities, and the edges."""
        numbers = structure[0]
        i, j, d = self.edges(structure)
        species = np.searchsorted(self.elements, numbers)
        rho = np.zeros((len(numbers), len(self.elements), len(POWERS)))
        np.add.at(rho, (i, species[j]), self.radial(np.linalg.norm(d, axis=1))[0])
        return rho, (i, j, d, species)

    def values(self, structure, num_threads: int | None = None) -> np.ndarray:
        rho, (_, _, _, species) = self.densities(structure)
        return self.placed(np.concatenate([rho, rho**2], axis=-1), species)

    def placed(self, features: np.ndarray, species: np.ndarray) -> np.ndarray:
        """Features in the columns of each atom's own element."""
        out = np.zeros((len(species), len(self.elements), self.block))
        out[np.arange(len(species)), species] = features.reshape(len(species), self.block)
        return out.reshape(len(species), self.n_features)

    def jvp(self, structure, positions_dot, strain_dot, num_threads: int | None = None) -> np.ndarray:
        rho, (i, j, d, species) = self.densities(structure)
        r = np.linalg.norm(d, axis=1)
        d_dot = positions_dot[j] - positions_dot[i] + d @ strain_dot.T
        rho_dot = np.zeros_like(rho)
        r_dot = (d * d_dot).sum(axis=1) / r
        np.add.at(rho_dot, (i, species[j]), self.radial(r)[1] * r_dot[:, None])
        return self.placed(np.concatenate([rho_dot, 2 * rho * rho_dot], axis=-1), species)

    def vjp(self, structure, values_bar, num_threads: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        rho, (i, j, d, species) = self.densities(structure)
        n = len(species)
        own = values_bar.reshape(n, len(self.elements), len(self.elements), 2 * len(POWERS))
        own = own[np.arange(n), species]
        rho_bar = own[..., : len(POWERS)] + 2 * rho * own[..., len(POWERS) :]
        r = np.linalg.norm(d, axis=1)
        r_bar = (rho_bar[i, species[j]] * self.radial(r)[1]).sum(axis=1)
        d_bar = (r_bar / r)[:, None] * d
        positions_bar = np.zeros((n, 3))
        np.add.at(positions_bar, j, d_bar)
        np.subtract.at(positions_bar, i, d_bar)
        return positions_bar, d_bar.T @ d

    def design(self, structures, num_threads: int | None = None) -> np.ndarray:
        blocks = [np.zeros((0, self.n_features))]
        for structure in structures:
            n = len(structure[0])
            rows = np.zeros((7 + 3 * n, self.n_features))
            rows[0] = self.values(structure).sum(axis=0)
            for column in range(self.n_features):
                values_bar = np.zeros((n, self.n_features))
                values_bar[:, column] = 1
                positions_bar, strain_bar = self.vjp(structure, values_bar)
                rows[1:-6, column] = -positions_bar.ravel()
                rows[-6:, column] = strain_bar[VOIGT]
            blocks.append(rows)
        return np.asfortranarray(np.concatenate(blocks))
