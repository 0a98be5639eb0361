"""A Gram matrix in one triangle of an array, and its Cholesky factors in the other."""

# pyright: reportAttributeAccessIssue=false
# (the stubs of scipy lack routines)

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack

F64 = NDArray[np.float64]

POWER_ITERATIONS = 50
PANEL = 512
"""Rows and columns that are copied at a time."""


class Gram:
    """Symmetric (p, p) matrix G; mutable.

    Examples
    --------
    >>> gram = Gram(2)
    >>> gram.add(np.array([[1.0, 1.0], [0.0, 2.0]]))
    >>> gram.diagonal().tolist()
    [1.0, 5.0]
    >>> np.triu(gram.factor(3.0)).round(3).tolist()
    [[2.0, 0.5], [0.0, 2.784]]
    """

    def __init__(self, size: int) -> None:
        self._array = np.zeros((size, size), order="F")
        self._own: F64 | None = None
        """Diagonal of G while the array has that of a factor."""

    def add(self, rows: F64, columns: NDArray[np.intp] | None = None) -> None:
        """G ← G + Aᵀ A for rows A (m, p), or for those of some columns in ascending order, the others being 0."""
        self._restore()
        if columns is None:
            self._array = blas.dsyrk(1.0, rows.T, beta=1.0, c=self._array, lower=1, overwrite_c=1)
            return
        product = blas.dsyrk(1.0, rows.T, lower=1)
        for place, column in enumerate(columns):
            self._array[columns[place:], column] += product[place:, place]

    def symmetric(self) -> F64:
        """(p, p) G, both triangles; a view, until the next call."""
        self._restore()
        self._mirror()
        return self._array

    def scale(self, factors: F64) -> None:
        """G ← D G D with the diagonal D (p,)."""
        self._restore()
        self._array *= factors
        self._array *= factors[:, None]

    def diagonal(self) -> F64:
        """(p,) diagonal of G."""
        return (self._array.diagonal() if self._own is None else self._own).copy()

    def largest_eigenvalue(self) -> float:
        """Largest eigenvalue, by power iteration."""
        self._restore()
        return largest_eigenvalue(
            lambda vector: blas.dsymv(1.0, self._array, vector, lower=1), self.diagonal()
        )

    def factor(self, ridge: float) -> F64 | None:
        """Array whose upper triangle R has Rᵀ R = G + λ I, until the next call; `None` where rounding forbids it."""
        self._restore()
        array, size = self._array, len(self._array)
        self._own = self.diagonal()
        self._mirror()
        array[np.diag_indices(size)] = self._own + ridge
        factor, info = lapack.dpotrf(array, lower=0, clean=0, overwrite_a=1)
        return factor if info == 0 else None

    def state(self) -> F64:
        """The array, its rows contiguous, from which `restored` continues."""
        self._restore()
        return self._array.T

    @classmethod
    def restored(cls, array: F64) -> Gram:
        """A Gram matrix from its `state`."""
        gram = cls(0)
        gram._array = np.asfortranarray(array.T)
        return gram

    def _mirror(self) -> None:
        """Copies the lower triangle to the upper one."""
        array, size = self._array, len(self._array)
        for i in range(0, size, PANEL):
            rows = slice(i, i + PANEL)
            lower = np.tril(array[rows, rows])
            array[rows, rows] = lower + np.tril(lower, -1).T
            for j in range(i + PANEL, size, PANEL):
                array[rows, j : j + PANEL] = array[j : j + PANEL, rows].T

    def _restore(self) -> None:
        if self._own is not None:
            self._array[np.diag_indices(len(self._own))] = self._own
            self._own = None


def largest_eigenvalue(product: Callable[[F64], F64], start: F64) -> float:
    """Largest eigenvalue of a positive matrix, given its product with a vector, as far as a grid of λ needs it."""
    vector = start
    for _ in range(POWER_ITERATIONS):
        vector = product(vector / (np.linalg.norm(vector) or 1.0))
    return float(np.linalg.norm(vector))


def solved(factor: F64, right: F64) -> F64:
    """X of Rᵀ R x = `right` (p,) for an upper triangle R."""
    return lapack.dpotrs(factor, right, lower=0)[0]


def inverse(factor: F64) -> F64:
    """Inverse of an upper triangle, in its place; what is below is set to 0."""
    found, info = lapack.dtrtri(factor, lower=0, overwrite_c=1)
    if info != 0:
        raise RuntimeError(f"LAPACK dtrtri failed with info = {info}")
    for i in range(0, len(found), PANEL):
        rows = slice(i, i + PANEL)
        found[rows, :i] = 0.0
        found[rows, rows] = np.triu(found[rows, rows])
    return found
