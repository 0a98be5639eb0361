"""Derivatives of energies, forces and strain derivatives of a frame in the numbers of its networks.

With the first sums a = W x of a centre, E = Σ_i M(a_i) and r any position or strain component,

    ∂E/∂W_km    = Σ_i M_k x_m,
    ∂²E/∂r∂W_km = Σ_i [M_k ∂x_m/∂r + x_m Σ_l M_kl ∂a_l/∂r],

in the order of design rows (forces with the minus sign). What is scaled by M_k is a sparse matrix on the gradients of
the functions, the other term a product of the matrix ∂a/∂r (rows, centres) with the inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ferrip.data import Frame
from ferrip.fitting.neural.projection import Projection
from ferrip.models.family import NetworkDescriptor

if TYPE_CHECKING:
    from ferrip.fitting.neural.rest import Derivatives

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


@dataclass(frozen=True, kw_only=True, eq=False)
class Centers:
    """The atoms of one element in a frame of N atoms, with p functions and E edges.

    Attributes
    ----------
    n_atoms
        N
    values
        (n, p) functions less their means.
    centers, neighbors
        (E,) place of the centre among those of the element, and index of the neighbor among all atoms.
    gradients
        (E, 3 p) derivatives of the functions of the centre in r_ij, in the order of the neighbors.
    own
        (n, 3 p) sums of them over the edges of a centre: forces on the centre.
    strain
        (n, 6, p) strain derivatives of the functions.
    atoms
        (n,) indices of the centres among all atoms.
    """

    n_atoms: int
    atoms: I64
    values: F64
    centers: I64
    neighbors: I64
    gradients: F32
    own: F32
    strain: F32

    @classmethod
    def of(
        cls,
        descriptor: NetworkDescriptor,
        frame: Frame,
        values: F64,
        chosen: dict[int, Projection],
        num_threads: int | None,
    ) -> dict[int, Centers]:
        """Those of every element of a frame with the features `values` (N, n_features)."""
        centers, neighbors, vectors, gradients = descriptor.feature_edges(frame.structure, num_threads)
        result = {}
        for z, projection in chosen.items():
            atoms = np.flatnonzero(frame.numbers == z)
            if not len(atoms):
                continue
            first = descriptor.feature_range(z)[0]
            columns = slice(projection.columns.start - first, projection.columns.stop - first)
            used = gradients[:, :, columns].any(axis=(1, 2))
            edges = np.flatnonzero((frame.numbers[centers] == z) & used)
            by_center = gradients[edges][:, :, columns].reshape(len(edges), -1)
            place = np.searchsorted(atoms, centers[edges])
            factors = np.column_stack([np.ones(len(edges)), vectors[edges]]).astype(np.float32)
            sums = _of_groups(factors, by_center, place, len(atoms))
            own, moments = sums[:, 0], sums[:, 1:].reshape(len(atoms), 3, 3, -1)
            order = np.argsort(neighbors[edges], kind="stable")
            result[z] = cls(
                n_atoms=len(frame.numbers),
                atoms=atoms,
                values=values[atoms, projection.columns] - projection.mean,
                centers=place[order],
                neighbors=neighbors[edges][order],
                gradients=by_center[order],
                own=np.ascontiguousarray(own),
                strain=np.stack([0.5 * (moments[:, a, b] + moments[:, b, a]) for a, b in VOIGT], axis=1),
            )
        return result

    def rows(self, first: F64, free: F64, at: Derivatives, at_free: Derivatives) -> tuple[F64, F64]:
        """Derivatives (1 + 3 N + 6, K, p + 1) in W and the biases, and (1 + 3 N + 6, P) in the later numbers.

        Parameters
        ----------
        first
            (K, p) W.
        free
            (p,) functions of a free atom less their means.
        at, at_free
            Derivatives of the rest at the centres and at a free atom.
        """
        n, p, width = len(self.atoms), self.values.shape[1], len(first)
        last = 1 + 3 * self.n_atoms
        rows = np.empty((last + 6, width, p + 1))
        along = (self.gradients.reshape(-1, p) @ first.T.astype(np.float32)).reshape(-1, 3, width)
        pulled = self._pulled(along)
        strained = self.strain @ first.T.astype(np.float32)
        inputs = np.column_stack([self.values, np.ones(n)])
        forces = self._forces(at.slopes)
        at_zero = np.append(free, 1.0)
        for k in range(width):
            slope, bend = at.slopes[:, k], at.curvatures[:, k]
            part = rows[:, k]
            part[0] = slope @ inputs - n * at_free.slopes[0, k] * at_zero
            part[1:last, :p] = forces[:, k].reshape(-1, p)
            part[last:, :p] = np.tensordot(slope.astype(np.float32), self.strain, 1)
            part[1:, p] = 0.0
            part[1:last] += np.einsum("rnl,nl->rn", pulled, bend) @ inputs
            part[last:] += np.einsum("nvl,nl->vn", strained, bend) @ inputs
        later = np.zeros((last + 6, at.of_numbers.shape[1]))
        if later.shape[1]:
            later[0] = at.of_numbers.sum(axis=0) - n * at_free.of_numbers[0]
            later[1:last] = np.tensordot(pulled, at.slopes_of_numbers, ([1, 2], [0, 1]))
            later[last:] = np.tensordot(strained, at.slopes_of_numbers, ([0, 2], [0, 1]))
        return rows, later

    def _forces(self, slopes: F64) -> F32:
        """(N, K, 3 p) forces of the functions, those of every centre times its slopes (n, K)."""
        weights = slopes.astype(np.float32)
        forces = -_of_groups(weights[self.centers], self.gradients, self.neighbors, self.n_atoms)
        forces[self.atoms] += weights[:, :, None] * self.own[:, None]
        return forces

    def _pulled(self, along: F32) -> F64:
        """(3 N, n, K) forces of the first sums of every centre, from their derivatives (E, 3, K) in the edges."""
        n, width = len(self.atoms), along.shape[2]
        forces = np.zeros((self.n_atoms, n, 3 * width))
        flat = along.reshape(len(along), -1).astype(np.float64)
        pairs = self.neighbors * n + self.centers
        onto = csr_matrix(
            (np.ones(len(pairs)), (pairs, np.arange(len(pairs)))), (self.n_atoms * n, len(pairs))
        )
        forces -= np.asarray(onto @ flat).reshape(forces.shape)
        of_center = csr_matrix((np.ones(len(pairs)), (self.centers, np.arange(len(pairs)))), (n, len(pairs)))
        forces[self.atoms, np.arange(n)] += np.asarray(of_center @ flat)
        split = forces.reshape(self.n_atoms, n, 3, width)
        return np.ascontiguousarray(split.transpose(0, 2, 1, 3)).reshape(3 * self.n_atoms, n, width)


def _of_groups(factors: F32, rows: F32, groups: I64, count: int) -> F32:
    """(count, K, width) sums of products of factors (E, K) and rows (E, width) over each of `count` sorted groups."""
    sums = np.zeros((count, factors.shape[1], rows.shape[1]), np.float32)
    ends = np.searchsorted(groups, np.arange(count + 1))
    for group, (start, stop) in enumerate(pairwise(ends)):
        sums[group] = factors[start:stop].T @ rows[start:stop]
    return sums
