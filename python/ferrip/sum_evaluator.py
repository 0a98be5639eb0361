"""Evaluators of sums of which a part is computed in Python, such as a network in torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferrip import _core

F64 = NDArray[np.float64]


class SumEvaluator:
    """The parts one after the other, with the calls of `ferrip._core.Evaluator`.

    Parameters
    ----------
    parts
        Evaluators of the same elements, in the core or in Python.
    """

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts = tuple(parts)

    @property
    def simd(self) -> str:
        """Path of every part."""
        return " + ".join(part.simd for part in self.parts)

    @property
    def cutoff(self) -> float:
        """Largest one in Å."""
        return max(part.cutoff for part in self.parts)

    def compute(self, structure: _core.Structure, num_threads: int | None = None) -> tuple[F64, F64, F64]:
        """Energies (N,) in eV, forces (N, 3) in eV/Å and strain derivative (3, 3) in eV."""
        return _total([part.compute(structure, num_threads) for part in self.parts])

    def session(self, skin: float = 0.5, num_threads: int | None = None) -> SumSession:
        """A session of every part."""
        return SumSession([part.session(skin, num_threads) for part in self.parts])


class SumSession:
    """The sessions of the parts, with the calls of `ferrip._core.Session`.

    Parameters
    ----------
    sessions
        One per part.
    """

    def __init__(self, sessions: Sequence[Any]) -> None:
        self._sessions = sessions

    def compute(self, structure: _core.Structure) -> tuple[F64, F64, F64]:
        """As `SumEvaluator.compute`."""
        return _total([session.compute(structure) for session in self._sessions])

    @property
    def rebuilds(self) -> int:
        """Neighbor lists built by the part that built most."""
        return max(session.rebuilds for session in self._sessions)

    @property
    def neighbors_per_atom(self) -> float:
        """Mean number of neighbors within the largest cutoff in the last computation."""
        return max(session.neighbors_per_atom for session in self._sessions)

    def minimum_distances(self) -> dict[tuple[int, int], float]:
        """Shortest distance (Å) per unordered pair of atomic numbers in the last computation."""
        found: dict[tuple[int, int], float] = {}
        for session in self._sessions:
            for pair, distance in session.minimum_distances().items():
                found[pair] = min(distance, found.get(pair, distance))
        return found


def _total(results: Sequence[tuple[F64, F64, F64]]) -> tuple[F64, F64, F64]:
    energies, forces, strains = zip(*results, strict=True)
    return np.sum(energies, axis=0), np.sum(forces, axis=0), np.sum(strains, axis=0)


def sum_of(parts: Sequence[Any]) -> Any:
    """The evaluator of a sum: the core's, unless a part is computed in Python."""
    if all(isinstance(part, _core.Evaluator) for part in parts):
        return _core.Evaluator.sum(parts)
    return SumEvaluator(parts)
