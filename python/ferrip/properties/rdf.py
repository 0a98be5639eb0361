"""Radial distribution functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from ferrip import _core
from ferrip.errors import DataError, SettingsError
from ferrip.potential import as_structure

F64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class RadialDistribution:
    """g(r) over all pairs of atoms, averaged over frames.

    Attributes
    ----------
    distances
        Middles of the bins, Å, (n,).
    values
        g, dimensionless, (n,).
    frames
        Number of frames averaged.
    """

    distances: F64
    values: F64
    frames: int


def radial_distribution(
    frames: Iterable[Atoms], *, r_max: float = 7.0, bins: int = 140, num_threads: int | None = None
) -> RadialDistribution:
    """Return g(r), images included, so that `r_max` may exceed half the cell.

    Parameters
    ----------
    frames
        Structures with full cells.
    r_max
        Largest distance, Å.
    bins
        Number of bins.
    num_threads
        Threads of the neighbor list.

    Raises
    ------
    DataError
        There is no frame, or one has no full cell.
    SettingsError
        `r_max` or `bins` is not positive.
    """
    if not (np.isfinite(r_max) and r_max > 0.0 and bins > 0):
        raise SettingsError(f"r_max, bins: expected positive numbers, got {r_max} and {bins}")
    edges = np.linspace(0.0, r_max, bins + 1)
    shells = 4.0 / 3.0 * np.pi * np.diff(edges**3)
    total, count = np.zeros(bins), 0
    for atoms in frames:
        if not atoms.pbc.all():
            raise DataError(f"rdf: frame {count} has no cell with three periodic directions")
        *_, vectors = _core.neighbor_list(*as_structure(atoms), r_max, num_threads)
        found, _ = np.histogram(np.linalg.norm(vectors, axis=1), edges)
        total += found * atoms.get_volume() / len(atoms) ** 2 / shells
        count += 1
    if count == 0:
        raise DataError("rdf: there are no frames")
    return RadialDistribution(distances=0.5 * (edges[1:] + edges[:-1]), values=total / count, frames=count)
