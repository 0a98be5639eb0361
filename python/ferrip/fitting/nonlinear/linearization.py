"""The problem linearised at a point, in normal equations, and its damped solutions.

With u₀ the coordinates of the point (uncorrelated, see `ferrip.fitting.nonlinear.coordinates`), r the weighted errors
there and J their derivatives, a step δ minimises

    ‖J δ − r‖² + ‖Γ (u₀ + δ)‖² + μ ‖D δ‖²,        (JᵀJ + Γ² + μ D²) δ = Jᵀ r − Γ² u₀.

Squaring halves the digits of JᵀJ, which δ does not suffer from: the right-hand side is that of the true errors, so that
steps end where these are stationary. Γ holds down what JᵀJ does not tell from zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve, cholesky, solve_triangular

from ferrip.data import Frame
from ferrip.fitting.folds import N_FOLDS
from ferrip.fitting.grouped import GroupedGram
from ferrip.fitting.nonlinear.coordinates import Coordinates
from ferrip.fitting.nonlinear.rows import LinearizedRows
from ferrip.fitting.rows import factor_name, stream
from ferrip.fitting.tsqr import LeastSquares
from ferrip.fitting.weights import QUANTITIES

F64 = NDArray[np.float64]

JITTERS = 10.0 ** np.arange(-15.0, -3.0)
"""Added to a diagonal of ones, one after the other, until a matrix has a Cholesky factor."""
INDEFINITE = "the normal equations are indefinite"


class _Sums:
    """JᵀJ, Jᵀ r and ‖r‖² of weighted rows, r being the errors at c₀; mutable."""

    def __init__(self, here: F64) -> None:
        self.here = here
        self.gram = GroupedGram(len(here))
        self.moment = np.zeros(len(here))
        self.squares = 0.0
        self.n_rows = 0

    def add(self, rows: F64, target: F64, factor: float) -> None:
        """Add `factor * rows` (m, p), for which the labels say `target` (m,)."""
        errors = (target - rows @ self.here) * factor
        rows = rows * factor
        self.gram.add(rows)
        self.moment += errors @ rows
        self.squares += float(errors @ errors)
        self.n_rows += len(target)


@dataclass(frozen=True)
class _Part:
    """Takes the rows of one quantity and fold from `RowSource.fold`."""

    sums: _Sums
    weight: float

    def append(self, rows: F64, target: F64, weight: float) -> None:
        """Add `weight * rows` (m, p) with targets `weight * target` (m,)."""
        if weight * self.weight > 0.0:
            self.sums.add(rows, target, weight * self.weight)


@dataclass(frozen=True, kw_only=True, eq=False)
class Linearization:
    """Normal equations at u₀.

    Attributes
    ----------
    gram
        (n, n) JᵀJ.
    moment
        (n,) Jᵀ r.
    squared_error
        ‖r‖².
    n_rows
        Number of rows.
    here
        (n,) u₀.
    penalty
        (n,) diagonal of Γ.
    linear
        (n,) coordinates in which the model is linear, which are not damped: D is 0 there.
    """

    gram: F64
    moment: F64
    squared_error: float
    n_rows: int
    here: F64
    penalty: F64
    linear: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        rows: LinearizedRows,
        frames: Sequence[Frame],
        weights: Mapping[str, float],
        coordinates: Coordinates,
        penalty: F64,
        linear: NDArray[np.bool_],
        after_block: Callable[[int], None],
    ) -> Linearization:
        """That of the rows of `frames`, with factors `weights` on each quantity."""
        sums = _Sums(rows.densities.vector)
        parts = {
            factor_name(quantity, fold): _Part(sums, weights[quantity])
            for quantity in QUANTITIES
            for fold in range(N_FOLDS)
        }
        stream(rows, frames, parts, 0, after_block)
        return cls(
            gram=coordinates.square(sums.gram.matrix()),
            moment=coordinates.columns(sums.moment[None, :])[0],
            squared_error=sums.squares,
            n_rows=sums.n_rows,
            here=coordinates.of_coefficients(sums.here),
            penalty=penalty,
            linear=linear,
        )

    @cached_property
    def scale(self) -> F64:
        """(n,) D: column norms of J and Γ (Marquardt's scaling); 1 where both are 0."""
        norms = np.sqrt(self.gram.diagonal() + self.penalty**2)
        return np.where(norms > 0, norms, 1.0)

    def damped(self, damping: float) -> F64:
        """(n,) u₀ + δ for a damping μ.

        Raises
        ------
        LinAlgError
            Rounding makes the matrix indefinite.
        """
        of_linear, between, rest, first, second = self._eliminated
        damped = np.where(self.linear[len(first) :], 0.0, damping)
        for jitter in JITTERS:
            matrix = rest.copy(order="F")
            matrix[np.diag_indices_from(matrix)] += damped + jitter
            try:
                factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
            except LinAlgError:
                continue
            others = cho_solve(factor, second, check_finite=False)
            own = solve_triangular(
                of_linear, first - between @ others, lower=True, trans=1, check_finite=False
            )
            return self.here + np.concatenate([own, others]) / self.scale
        raise LinAlgError(INDEFINITE)

    @cached_property
    def _eliminated(self) -> tuple[F64, F64, F64, F64, F64]:
        """L, W, S, y and z with which the leading coordinates without damping are eliminated once for every μ.

        In scaled coordinates, with A the matrix without damping, b the right-hand side and l the leading ones,
        L Lᵀ = A_ll, W = L⁻¹ A_lo, S = A_oo − Wᵀ W, y = L⁻¹ b_l and z = b_o − Wᵀ y.
        """
        count = len(self.linear) if self.linear.all() else int(np.argmin(self.linear))
        own, others = slice(None, count), slice(count, None)
        right = (self.moment - self.penalty**2 * self.here) / self.scale
        of_linear = _factor(self._scaled(own, own), np.ones(count))
        between = solve_triangular(of_linear, self._scaled(own, others), lower=True, check_finite=False)
        rest = self._scaled(others, others)
        rest[np.diag_indices_from(rest)] = 1.0
        rest -= between.T @ between
        first = solve_triangular(of_linear, right[own], lower=True, check_finite=False)
        return of_linear, between, rest, first, right[others] - between.T @ first

    def _scaled(self, rows: slice, columns: slice) -> F64:
        """A block of D⁻¹ JᵀJ D⁻¹."""
        return _between(self.gram[rows, columns], self.scale[rows], self.scale[columns])

    def least_squares(self) -> LeastSquares:
        """The problem of u without the prior, in triangular form."""
        norms = np.sqrt(self.gram.diagonal())
        norms = np.where(norms > 0, norms, 1.0)
        lower = _factor(_between(self.gram, norms, norms), self.gram.diagonal() / norms**2)
        r = lower.T * norms
        right = self.moment + self.gram @ self.here
        squares = self.squared_error + float(self.here @ (self.moment + right))
        q = solve_triangular(r, right, trans=1, check_finite=False)
        return LeastSquares(r=r, q=q, rho2=max(squares - float(q @ q), 0.0), n_rows=self.n_rows)


def _factor(matrix: F64, diagonal: F64) -> F64:
    """Lower Cholesky factor of a symmetric matrix with the given diagonal, of up to 1; overwrites the matrix."""
    for jitter in JITTERS:
        matrix[np.diag_indices_from(matrix)] = diagonal + jitter
        try:
            return cholesky(matrix, lower=True, check_finite=False)
        except LinAlgError:
            continue
    raise LinAlgError(INDEFINITE)


def _between(matrix: F64, of_rows: F64, of_columns: F64) -> F64:
    """Rows and columns over their norms."""
    result = matrix / of_columns
    result /= of_rows[:, None]
    return result
