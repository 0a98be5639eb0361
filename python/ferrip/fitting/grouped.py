"""Sums Aᵀ A and Aᵀ b of rows, of which many have the same columns at zero.

A frame without an element has zeros in the columns of its atoms, so that most rows of a set of many elements are
zeros. Rows are gathered by their columns, and every group has a Gram matrix of these alone: m k² instead of m p²
flops.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ferrip.fitting.gram import Gram
from ferrip.fitting.tsqr import block_rows

F64 = NDArray[np.float64]

MOST_GROUPS = 64
"""Groups beside that of all columns; further kinds of rows go there."""
SIMILAR = 1.2
"""A group with up to so many times the columns takes a row."""


class GroupedGram:
    """Aᵀ A and Aᵀ b of rows of p columns; mutable.

    Parameters
    ----------
    n_columns
        p

    Attributes
    ----------
    moment
        (p,) Aᵀ b.
    squares
        ‖b‖².
    n_rows
        Rows so far.

    Examples
    --------
    >>> sums = GroupedGram(3)
    >>> sums.add(np.array([[1.0, 2.0, 0.0]]), np.array([1.0]))
    >>> sums.add(np.array([[0.0, 0.0, 3.0]]), np.array([2.0]))
    >>> sums.matrix().tolist(), sums.moment.tolist()
    ([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 9.0]], [1.0, 2.0, 6.0])
    """

    def __init__(self, n_columns: int) -> None:
        self.n_columns = n_columns
        self.moment = np.zeros(n_columns)
        self.squares = 0.0
        self.n_rows = 0
        self._groups: list[_Group] = []

    def add(self, rows: F64, target: F64) -> None:
        """Add rows (m, p) with targets (m,)."""
        self.n_rows += len(target)
        self.squares += float(target @ target)
        self.moment += target @ rows
        used = np.asarray(rows.any(axis=0))
        if used.any():
            self._group(used).add(rows)

    def matrix(self) -> F64:
        """(p, p) Aᵀ A."""
        total = np.zeros((self.n_columns, self.n_columns), order="F")
        for group in self._groups:
            group.add_to(total)
        for column in range(self.n_columns):
            total[column, column + 1 :] = total[column + 1 :, column]
        return total

    def _group(self, used: NDArray[np.bool_]) -> _Group:
        """The group that takes rows with these columns: the smallest that has them, if it is not much larger."""
        count = int(used.sum())
        holding = [group for group in self._groups if group.holds(used)]
        best = min(holding, key=lambda group: group.size, default=None)
        if best is not None and best.size <= SIMILAR * count:
            return best
        for place, group in enumerate(self._groups):
            if int((group.used | used).sum()) <= SIMILAR * min(group.size, count):
                self._groups[place] = group.wider(used)
                return self._groups[place]
        if len(self._groups) < MOST_GROUPS:
            self._groups.append(_Group(used))
        elif best is None:
            self._groups.append(_Group(np.ones_like(used)))
        else:
            return best
        return self._groups[-1]


class _Group:
    """Rows that are zero outside the columns flagged in `used` (p,)."""

    def __init__(self, used: NDArray[np.bool_]) -> None:
        self.used = used
        self.size = int(used.sum())
        self._gram = Gram(self.size)
        self._waiting: list[F64] = []
        self._n_waiting = 0

    def holds(self, used: NDArray[np.bool_]) -> bool:
        """Whether rows with these columns fit."""
        return not (used & ~self.used).any()

    def wider(self, used: NDArray[np.bool_]) -> _Group:
        """A group with the same rows that takes those with further columns, too."""
        self._fold()
        group = _Group(self.used | used)
        group._gram.place(self._gram, np.flatnonzero(self.used[group.used]))
        return group

    def add(self, rows: F64) -> None:
        """Add rows of all columns."""
        self._waiting.append(rows[:, self.used])
        self._n_waiting += len(rows)
        if self._n_waiting >= block_rows(self.size):
            self._fold()

    def add_to(self, total: F64) -> None:
        """Add the Gram matrix to the lower triangle of that of all columns."""
        self._fold()
        self._gram.add_to(total, np.flatnonzero(self.used))

    def _fold(self) -> None:
        if self._waiting:
            self._gram.add(np.ascontiguousarray(np.concatenate(self._waiting)))
            self._waiting, self._n_waiting = [], 0
