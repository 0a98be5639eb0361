"""Uncorrelated coordinates u of the free coefficients, c = T u, in which the prior is a diagonal Γ.

T is the square root of the prior covariance of functions that differ only in species (`ferrip.fitting.prior`); it acts
within each density.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ferrip.fitting.prior import TiedGroup
from ferrip.fitting.tsqr import F64, LeastSquares


@dataclass(frozen=True, kw_only=True, eq=False)
class Coordinates:
    """T of the free coefficients, density by density.

    Attributes
    ----------
    blocks
        Positions among the free coefficients, and T between them.
    """

    blocks: list[tuple[NDArray[np.intp], F64]]

    @classmethod
    def of(cls, groups: Sequence[TiedGroup], free: NDArray[np.bool_]) -> Coordinates:
        """Coordinates of the coefficients flagged in `free` (P, K), which holds whole groups."""
        positions = np.where(free, np.cumsum(free).reshape(free.shape) - 1, -1)
        found = [(own[group.columns], group.root) for own in positions for group in groups]
        return cls(blocks=[(columns, root) for columns, root in found if (columns >= 0).all()])

    def problem(self, problem: LeastSquares) -> LeastSquares:
        """`problem` in terms of u."""
        return replace(problem, r=self.columns(problem.r))

    def columns(self, matrix: F64) -> F64:
        """Columns of c as columns of u; further columns stay."""
        if not self.blocks:
            return matrix
        result = np.array(matrix)
        for columns, root in self.blocks:
            result[:, columns] = matrix[:, columns] @ root
        return result

    def square(self, matrix: F64) -> F64:
        """Tᵀ M T of a symmetric M (n, n) of c."""
        return self.columns(self.columns(matrix).T)

    def coefficients(self, coordinates: F64) -> F64:
        """T u for u (n,) or columns (n, k)."""
        result = np.array(coordinates)
        for columns, root in self.blocks:
            result[columns] = root @ coordinates[columns]
        return result

    def of_coefficients(self, coefficients: F64) -> F64:
        """Coordinates u of given c (n,)."""
        result = np.array(coefficients)
        for columns, root in self.blocks:
            result[columns] = np.linalg.pinv(root) @ coefficients[columns]
        return result
