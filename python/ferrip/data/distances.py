"""Shortest interatomic distances in frames."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ferrip.data.frame import Frame

SEARCH_RADIUS = 3.5
"""Å; pairs of species that never come closer are left out."""


def shortest_distances(frame: Frame, num_threads: int | None = None) -> dict[tuple[int, int], float]:
    """Shortest distance, Å, per unordered pair of atomic numbers (low, high) of one frame.

    Parameters
    ----------
    frame
        Structure with finite positions and cell.
    num_threads
        Threads; None follows FERRIP_NUM_THREADS, RAYON_NUM_THREADS, cores.

    Returns
    -------
    dict
        Pairs farther apart than `SEARCH_RADIUS` are missing.

    Raises
    ------
    DataError
        The core refuses the structure.
    """
    from ferrip import _core

    i, j, _, vectors = _core.neighbor_list(*frame.structure, SEARCH_RADIUS, num_threads)
    low, high = np.minimum(frame.numbers[i], frame.numbers[j]), np.maximum(frame.numbers[i], frame.numbers[j])
    squares = np.einsum("ij,ij->i", vectors, vectors)
    pairs = low * 128 + high
    return {
        (int(pair) // 128, int(pair) % 128): float(np.sqrt(squares[pairs == pair].min()))
        for pair in np.unique(pairs)
    }


def smallest_of(parts: Iterable[dict[tuple[int, int], float]]) -> dict[tuple[int, int], float]:
    """Smallest distance per pair over the results for several frames, sorted by pair."""
    smallest: dict[tuple[int, int], float] = {}
    for part in parts:
        for pair, distance in part.items():
            smallest[pair] = min(distance, smallest.get(pair, np.inf))
    return dict(sorted(smallest.items()))
