"""Random displacements and strains that keep a subgroup of diamond's site symmetry.

A kept subgroup cuts the number of k points by up to its order, so more structures can be
labelled; forces on the atoms that it does not relate are all different.
"""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
from ase import Atoms


def _tetrahedral() -> list[np.ndarray]:
    """Return the 24 operations of Td about an atom of diamond as signed permutations."""
    out = []
    for order in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            if np.prod(signs) > 0:
                matrix = np.zeros((3, 3), int)
                matrix[range(3), order] = signs
                out.append(matrix)
    return out


def _is_diagonal(matrix: np.ndarray) -> bool:
    return bool((matrix == np.diag(np.diag(matrix))).all())


_TD = _tetrahedral()
GROUPS: dict[str, list[np.ndarray]] = {
    "C1": [np.eye(3, dtype=int)],
    # The mirror plane that swaps x and y.
    "Cs": [np.eye(3, dtype=int), np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])],
    # The three-fold axis [111].
    "C3": [m for m in _TD if (m >= 0).all() and np.linalg.det(m) > 0],
    # The two-fold axes x, y and z.
    "D2": [m for m in _TD if _is_diagonal(m)],
    # All proper rotations.
    "T": [m for m in _TD if np.linalg.det(m) > 0],
}
"""Subgroups of Td by Schoenflies symbol."""


def symmetrised_strain(strain: np.ndarray, group: str) -> np.ndarray:
    """Return the part of a strain matrix that keeps `group`."""
    return np.mean([m @ strain @ m.T for m in GROUPS[group]], axis=0)


def symmetrised_displacements(atoms: Atoms, raw: np.ndarray, group: str) -> np.ndarray:
    """Return displacements that keep `group`, as large as `raw` in the mean square.

    Parameters
    ----------
    atoms
        Undisturbed diamond cell that has the operations of `group` about the origin.
    raw
        Displacements, shape (n, 3).
    group
        Key of :data:`GROUPS`.
    """
    inverse = np.linalg.inv(atoms.cell.array)
    total = np.zeros_like(raw)
    for matrix in GROUPS[group]:
        turned = atoms.positions @ matrix.T
        offsets = (turned[:, None] - atoms.positions[None]) @ inverse
        offsets -= np.round(offsets)
        distances = np.linalg.norm(offsets, axis=2)
        if distances.min(axis=1).max() > 1e-6:
            raise ValueError(f"the cell lacks an operation of {group}")
        total[np.argmin(distances, axis=1)] += raw @ matrix.T
    return total * np.sqrt((raw**2).sum() / (total**2).sum())
