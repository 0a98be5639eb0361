"""Gram matrices of rows of which many have the same columns at zero.

A frame without an element has zeros in the columns of its atoms, so that most rows of a set of many elements are
zeros. Rows are gathered by their columns, and blocks of rows with k of the p columns cost m k² flops instead of m p².
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ferrip.fitting.gram import Gram

F64 = NDArray[np.float64]

MOST_GROUPS = 32
"""Groups beside that of all columns; further kinds of rows go there."""
SIMILAR = 1.2
"""A group with up to so many times the columns takes a row."""
BLOCK = 1024
"""Rows of a group that are summed at a time."""


class GroupedGram:
    """Aᵀ A of rows of p columns; mutable.

    Parameters
    ----------
    n_columns
        p

    Examples
    --------
    >>> sums = GroupedGram(3)
    >>> sums.add(np.array([[1.0, 2.0, 0.0]]))
    >>> sums.add(np.array([[0.0, 0.0, 3.0]]))
    >>> sums.matrix().tolist()
    [[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 9.0]]
    """

    def __init__(self, n_columns: int) -> None:
        self._gram = Gram(n_columns)
        self._groups: list[_Group] = []

    def add(self, rows: F64) -> None:
        """Add rows (m, p)."""
        used = np.asarray(rows.any(axis=0))
        if used.any():
            group = self._group(used)
            group.add(rows)
            if group.n_rows >= BLOCK:
                group.fold(self._gram)

    def matrix(self) -> F64:
        """(p, p) Aᵀ A."""
        for group in self._groups:
            group.fold(self._gram)
        return self._gram.symmetric()

    def _group(self, used: NDArray[np.bool_]) -> _Group:
        """The group that takes rows with these columns: the smallest that has them, if it is not much larger."""
        count = int(used.sum())
        holding = [group for group in self._groups if group.holds(used)]
        best = min(holding, key=lambda group: group.size, default=None)
        if best is not None and best.size <= SIMILAR * count:
            return best
        for group in self._groups:
            if int((group.used | used).sum()) <= SIMILAR * min(group.size, count):
                group.fold(self._gram)
                group.used = group.used | used
                return group
        if best is None or len(self._groups) < MOST_GROUPS:
            all_of_them = len(self._groups) >= MOST_GROUPS
            best = _Group(np.ones_like(used) if all_of_them else used)
            self._groups.append(best)
        return best


class _Group:
    """Rows that are zero outside the columns flagged in `used` (p,)."""

    def __init__(self, used: NDArray[np.bool_]) -> None:
        self.used = used
        self.n_rows = 0
        self._waiting: list[F64] = []

    @property
    def size(self) -> int:
        """Number of columns."""
        return int(self.used.sum())

    def holds(self, used: NDArray[np.bool_]) -> bool:
        """Whether rows with these columns fit."""
        return not (used & ~self.used).any()

    def add(self, rows: F64) -> None:
        """Add rows of all columns."""
        self._waiting.append(rows[:, self.used])
        self.n_rows += len(rows)

    def fold(self, gram: Gram) -> None:
        """Hand the rows over."""
        if self._waiting:
            rows = np.ascontiguousarray(np.concatenate(self._waiting))
            gram.add(rows, None if self.used.all() else np.flatnonzero(self.used))
            self._waiting, self.n_rows = [], 0
