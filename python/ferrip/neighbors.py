"""Neighbor lists of atoms and their periodic images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ferrip import _core
from ferrip.data.frame import Frame, StructureTuple

if TYPE_CHECKING:
    from ase import Atoms


def neighbor_list(
    atoms: Atoms | Frame | StructureTuple, cutoff: float, num_threads: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """All pairs of atoms, images included, that are closer than a cutoff: a full, sorted list.

    An edge i→j(S) stands for `D = r_j + S @ cell − r_i` with `|D| < cutoff`, where S counts cells from the
    positions as given (atoms may lie outside the cell). With every edge its reverse (j, i, −S) is there, with
    exactly −D. An atom is a neighbor of its own images, never of itself; different atoms at one place are
    neighbors at distance 0. Any cell shape and any mix of periodic directions will do; lattice vectors of
    directions that are not periodic are ignored. The work is O(N), the result the same for any number of threads.

    Parameters
    ----------
    atoms
        Structure, or `(numbers (N,), positions (N, 3), cell (3, 3), pbc (3,))` with lengths in Å.
    cutoff
        Distance in Å, positive.
    num_threads
        Number of threads; by default `FERRIP_NUM_THREADS`, `RAYON_NUM_THREADS` or the number of cores.

    Returns
    -------
    i, j : (E,) int64 arrays
        Centre and neighbor of every edge, sorted by i, then j, then S.
    S : (E, 3) int32 array
        Shift of every edge in lattice vectors.
    D : (E, 3) float64 array
        Vector of every edge, Å.

    Raises
    ------
    DataError
        Positions or cell are not finite or have a wrong shape, or the periodic lattice vectors are linearly
        dependent.
    SettingsError
        The cutoff is not positive, or so many images or edges lie within it that memory would not suffice.

    Examples
    --------
    >>> from ase.build import bulk
    >>> i, j, S, D = neighbor_list(bulk("Si", a=5.43), 2.5)
    >>> i.tolist()
    [0, 0, 0, 0, 1, 1, 1, 1]
    >>> S[0].tolist(), D[0].round(4).tolist()
    ([-1, 0, 0], [1.3575, -1.3575, -1.3575])
    """
    return _core.neighbor_list(*_structure(atoms), float(cutoff), num_threads)


def _structure(atoms: Atoms | Frame | StructureTuple) -> StructureTuple:
    """The form that the core takes."""
    if isinstance(atoms, Frame):
        return atoms.structure
    if isinstance(atoms, tuple):
        numbers, positions, cell, pbc = atoms
        return Frame(numbers=numbers, positions=positions, cell=cell, pbc=pbc).structure
    return (
        atoms.numbers.astype(np.int64),
        np.asarray(atoms.positions, dtype=np.float64),
        np.asarray(atoms.cell.array, dtype=np.float64),
        np.asarray(atoms.pbc, dtype=np.bool_),
    )
