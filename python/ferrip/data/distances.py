"""Shortest interatomic distances in frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ferrip.data.frame import Frame
from ferrip.errors import DataError

SEARCH_RADIUS = 3.5
"""Å; pairs of species that never come closer are left out."""
SERIAL_ATOMS = 1000
"""Frames with fewer atoms are measured by one thread: waking others would take longer."""


@dataclass(frozen=True, kw_only=True)
class FrameDistances:
    """Shortest distances in one frame, or why they cannot be had.

    Attributes
    ----------
    pairs : mapping
        Unordered pair of atomic numbers (low, high) → shortest distance, Å.
    refusal : str
        Why the structure was refused; empty where it was not.
    """

    pairs: Mapping[tuple[int, int], float] = field(default_factory=dict)
    refusal: str = ""


def measure_distances(frames: Sequence[Frame], num_threads: int | None = None) -> list[FrameDistances]:
    """Shortest distances of every frame; structures that the core refuses are marked, not raised."""
    return [_measure(frame, num_threads) for frame in frames]


def _measure(frame: Frame, num_threads: int | None) -> FrameDistances:
    try:
        return FrameDistances(pairs=shortest_distances(frame, num_threads))
    except DataError as error:
        return FrameDistances(refusal=str(error))


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

    threads = 1 if frame.n_atoms < SERIAL_ATOMS else num_threads
    i, j, _, vectors = _core.neighbor_list(*frame.structure, SEARCH_RADIUS, threads)
    low, high = np.minimum(frame.numbers[i], frame.numbers[j]), np.maximum(frame.numbers[i], frame.numbers[j])
    squares = np.einsum("ij,ij->i", vectors, vectors)
    pairs = low * 128 + high
    return {
        (int(pair) // 128, int(pair) % 128): float(np.sqrt(squares[pairs == pair].min()))
        for pair in np.unique(pairs)
    }


def smallest_of(parts: Iterable[Mapping[tuple[int, int], float]]) -> dict[tuple[int, int], float]:
    """Smallest distance per pair over the results for several frames, sorted by pair."""
    smallest: dict[tuple[int, int], float] = {}
    for part in parts:
        for pair, distance in part.items():
            smallest[pair] = min(distance, smallest.get(pair, np.inf))
    return dict(sorted(smallest.items()))
