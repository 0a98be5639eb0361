"""Transformations of a structure under which results are invariant or covariant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ferrip.testing.samples import F64, frozen

if TYPE_CHECKING:
    from ferrip._core import Structure

UNIMODULAR = np.array([[1, 2, 0], [0, 1, 0], [-1, -2, 1]])
"""Integer matrix of determinant 1: another choice of lattice vectors for the same lattice."""


def deformed(structure: Structure, displacement: F64, strain: F64) -> Structure:
    """Displaced, then strained structure: r' = (1 + ε)(r + displacement), the cell strained too."""
    numbers, positions, cell, pbc = structure
    map_ = (np.eye(3) + strain).T
    return frozen(numbers, (positions + displacement) @ map_, cell @ map_, pbc)


def rotated(structure: Structure, matrix: F64) -> Structure:
    """Positions and cell turned by an orthogonal matrix: r' = Q r."""
    numbers, positions, cell, pbc = structure
    return frozen(numbers, positions @ matrix.T, cell @ matrix.T, pbc)


def translated(structure: Structure, shift: F64) -> Structure:
    """All atoms moved by `shift` (3,) in Å."""
    numbers, positions, cell, pbc = structure
    return frozen(numbers, positions + shift, cell, pbc)


def permuted(structure: Structure, order: NDArray[np.int64]) -> Structure:
    """Atoms in another order: new atom k is old atom order[k]."""
    numbers, positions, cell, pbc = structure
    return frozen(numbers[order], positions[order], cell, pbc)


def with_other_lattice_vectors(structure: Structure) -> Structure:
    """The same crystal described by sheared lattice vectors; needs three periodic directions."""
    numbers, positions, cell, pbc = structure
    return frozen(numbers, positions, UNIMODULAR @ cell, pbc)


def wrapped_elsewhere(structure: Structure, images: NDArray[np.int64]) -> Structure:
    """The same structure with lattice vectors added to atoms along periodic directions."""
    numbers, positions, cell, pbc = structure
    return frozen(numbers, positions + (images * pbc) @ cell, cell, pbc)


def doubled(structure: Structure) -> Structure:
    """Supercell of two copies along the first periodic direction; atoms from N on are the copies."""
    numbers, positions, cell, pbc = structure
    axis = int(np.argmax(pbc))
    larger = cell.copy()
    larger[axis] *= 2
    return frozen(np.tile(numbers, 2), np.concatenate([positions, positions + cell[axis]]), larger, pbc)


def equivalents(structure: Structure, rng: np.random.Generator) -> dict[str, Structure]:
    """Other descriptions of the same structure, by what they change: per-atom results stay as they are."""
    numbers, _, _, pbc = structure
    same = {
        "translation": translated(structure, rng.normal(size=3)),
        "periodic images": wrapped_elsewhere(structure, rng.integers(-3, 4, (len(numbers), 3))),
    }
    if pbc.all():
        same["lattice vectors"] = with_other_lattice_vectors(structure)
    return same
