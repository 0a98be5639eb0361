"""Structures that the checks run on: bulk, molecule, surface, wire, sheared and tiny cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ferrip._core import Structure

F64 = NDArray[np.float64]

UNKNOWN_ELEMENT = 118
"""Atomic number that nothing under test is expected to know."""
THREADS = (1, 2, 3)
"""Numbers of threads that must give the same bits."""
JITTER = 0.15
"""Largest displacement of an atom from its grid site along each axis, in units of the spacing."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A named structure.

    Attributes
    ----------
    name
        What is special about it.
    structure
        `(numbers (N,), positions (N, 3) Å, cell (3, 3) Å, pbc (3,))`, the arrays read-only.
    """

    name: str
    structure: Structure


def frozen(numbers: object, positions: object, cell: object, pbc: object) -> Structure:
    """Structure of read-only arrays with the types that the core takes."""
    arrays = (
        np.array(numbers, dtype=np.int64).reshape(-1),
        np.array(positions, dtype=np.float64).reshape(-1, 3),
        np.array(cell, dtype=np.float64),
        np.array(pbc, dtype=np.bool_),
    )
    for array in arrays:
        array.flags.writeable = False
    return arrays


def scattered(
    numbers: Sequence[int],
    *,
    spacing: float,
    pbc: Sequence[bool],
    jitter: F64,
    shear: Sequence[float] = (0.0, 0.0, 0.0),
    orientation: F64 | None = None,
    images: NDArray[np.int64] | None = None,
) -> Structure:
    """Atoms near the sites of a grid: no two (images included) closer than about half the spacing.

    Parameters
    ----------
    numbers
        Atomic number of each of the N atoms.
    spacing
        Distance of neighboring grid sites, Å.
    pbc
        Periodic directions.
    jitter
        (N, 3) displacements from the sites, each component in [−1, 1] times `JITTER * spacing`.
    shear
        Skew of the cell: components b_x, c_x and c_y in units of the cell's edge.
    orientation
        Rotation matrix that the whole structure is turned by.
    images
        (N, 3) lattice vectors that are added to the atoms along periodic directions (unwrapped positions).
    """
    periodic = np.asarray(pbc, dtype=bool)
    n_edge = max(1, int(np.ceil(round(len(numbers) ** (1 / 3), 9))))
    edge = spacing * n_edge
    cell = edge * np.array([[1, 0, 0], [shear[0], 1, 0], [shear[1], shear[2], 1]], dtype=float)
    sites = np.stack(np.unravel_index(np.arange(len(numbers)), (n_edge,) * 3), axis=-1) / n_edge
    positions = sites @ cell + JITTER * spacing * np.asarray(jitter, dtype=float).reshape(-1, 3)
    if images is not None:
        positions = positions + (images * periodic) @ cell
    if orientation is not None:
        cell, positions = cell @ orientation.T, positions @ orientation.T
    return frozen(numbers, positions, cell, periodic)


def rotation(rng: np.random.Generator) -> F64:
    """Proper rotation matrix, uniformly distributed."""
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q * np.sign(np.linalg.det(q))


def empty() -> Structure:
    """Structure without atoms."""
    return frozen([], np.zeros((0, 3)), np.zeros((3, 3)), [False] * 3)


def lone(number: int) -> Structure:
    """One atom without periodic directions."""
    return frozen([number], [[0.3, -0.2, 0.1]], np.zeros((3, 3)), [False] * 3)


def sample_structures(elements: Sequence[int], cutoff: float, seed: int = 0) -> list[Sample]:
    """Structures of every kind that an evaluator must handle, reproducible.

    Parameters
    ----------
    elements
        Atomic numbers to choose from; each is in every structure that has enough atoms.
    cutoff
        Interaction range in Å; nearest neighbors are at about 0.45 of it.
    seed
        Seed of the random displacements and species.

    Returns
    -------
    list of Sample
        Molecule, bulk, surface, wire, skewed cell with unwrapped atoms, tiny cells with many images.

    Examples
    --------
    >>> [sample.name for sample in sample_structures([14], cutoff=5.0)]
    ['molecule', 'bulk', 'surface', 'wire', 'skewed cell', 'tiny cell of 2', 'tiny cell of 1']
    """
    rng = np.random.default_rng(seed)
    spacing = 0.45 * cutoff
    kinds = [
        ("molecule", 7, (False, False, False), (0.0, 0.0, 0.0)),
        ("bulk", 8, (True, True, True), (0.0, 0.1, -0.1)),
        ("surface", 6, (True, False, True), (0.2, 0.0, 0.0)),
        ("wire", 5, (False, True, False), (0.0, 0.0, 0.0)),
        ("skewed cell", 6, (True, True, True), (1.3, -0.8, 1.1)),
        ("tiny cell of 2", 2, (True, True, True), (0.1, 0.2, 0.3)),
        ("tiny cell of 1", 1, (True, True, True), (0.4, 0.4, 0.4)),
    ]
    samples = []
    for name, n_atoms, pbc, shear in kinds:
        species = np.resize(rng.permutation(np.asarray(elements)), n_atoms)
        structure = scattered(
            [int(z) for z in rng.permutation(species)],
            spacing=spacing,
            pbc=pbc,
            jitter=rng.uniform(-1, 1, (n_atoms, 3)),
            shear=shear,
            orientation=rotation(rng),
            images=rng.integers(-2, 3, (n_atoms, 3)),
        )
        samples.append(Sample(name=name, structure=structure))
    return samples
