"""`check_regressor`: what a linear regressor promises about its solution, its uncertainty and its settings."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from ferrip.testing.expectations import expect, expect_close
from ferrip.testing.samples import F64

if TYPE_CHECKING:
    from ferrip.fitting.regressors import LinearFit, Regressor
    from ferrip.fitting.tsqr import LeastSquares

N_ROWS, N_COLUMNS = 200, 12
NOISE = 0.05


@runtime_checkable
class CorrelatedRegressor(Protocol):
    """A regressor whose prior correlates the coefficients."""

    def solve(self, problem: LeastSquares, penalty: F64) -> LinearFit:
        """As for every regressor."""
        ...

    def precision(self, penalty: F64) -> F64:
        """(a, a) precision of the prior of the coefficients with a finite penalty, up to λ."""
        ...


def check_regressor(regressor: Regressor, *, rtol: float = 1e-6, seed: int = 0) -> None:
    """Check that a regressor solves what it says it solves.

    The coefficients satisfy the normal equations of `‖R c − q‖² + λ ‖Γ c‖²` (with a `precision` P(Γ) of its own: of
    `‖R c − q‖² + λ cᵀ P c`) at the λ that it reports; noise-free
    data are recovered; an infinite penalty means a zero coefficient; the posterior covariance is that of the same
    problem; linearly dependent and zero columns give finite coefficients; the units of a column do not matter
    where its penalty follows them; the effective number of parameters lies between 0 and p; neither the problem
    nor the settings change.

    Parameters
    ----------
    regressor
        An object with `solve(problem, penalty) -> LinearFit`, for problems of 12 columns, and perhaps
        `precision(penalty)`.
    rtol
        Allowed relative deviation.
    seed
        Seed of the problems.

    Raises
    ------
    CheckError
        At the first promise that is broken.

    Examples
    --------
    >>> from ferrip.fitting.regressors import Ridge
    >>> check_regressor(Ridge(ridge=0.1))
    """
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(N_ROWS, N_COLUMNS)) * np.geomspace(1, 30, N_COLUMNS)
    truth = rng.normal(size=N_COLUMNS)
    target = columns @ truth + NOISE * rng.normal(size=N_ROWS)
    penalty = rng.uniform(0.5, 2.0, N_COLUMNS)
    problem = _problem(columns, target)
    settings = copy.deepcopy(regressor)
    before = problem.r.copy(), problem.q.copy(), penalty.copy()

    fit = regressor.solve(problem, penalty)
    for name, array, old in zip(["R", "q", "penalty"], (problem.r, problem.q, penalty), before, strict=True):
        expect(bool(np.array_equal(array, old)), f"solve changed {name}")
    expect(regressor == settings, "solve changed the settings of the regressor")

    precision = _precision(regressor, fit, problem, penalty)
    _check_solution(fit, problem, precision, rtol)
    _check_posterior(fit, precision, rtol)
    _check_units(regressor, fit, columns, target, penalty, rtol)
    _check_excluded_column(regressor, problem, penalty)
    _check_dependent_columns(regressor, columns, target, penalty)
    _check_exact_data(regressor, columns, truth, penalty, fit.ridge)


def _of_prior(regressor: Regressor, penalty: F64) -> F64:
    """(p, p) precision of the prior up to λ: Γ² but for regressors that say otherwise."""
    return regressor.precision(penalty) if isinstance(regressor, CorrelatedRegressor) else np.diag(penalty**2)


def _problem(columns: F64, target: F64) -> LeastSquares:
    from ferrip.fitting.tsqr import LeastSquares

    factor = np.asarray(np.linalg.qr(np.column_stack([columns, target]), mode="r"))
    n = columns.shape[1]
    return LeastSquares(r=factor[:n, :n], q=factor[:n, n], rho2=float(factor[n, n] ** 2), n_rows=len(target))


def _precision(regressor: Regressor, fit: LinearFit, problem: LeastSquares, penalty: F64) -> F64:
    """(p, p) Rᵀ R + λ P."""
    return problem.r.T @ problem.r + fit.ridge * _of_prior(regressor, penalty)


def _check_solution(fit: LinearFit, problem: LeastSquares, matrix: F64, rtol: float) -> None:
    expect(fit.ridge >= 0, f"the ridge is {fit.ridge}")
    dof, size = fit.effective_parameters, len(matrix)
    expect(0 <= dof <= size * (1 + rtol), f"{dof} effective parameters of {size}")
    scale = np.abs(matrix) @ np.abs(fit.coefficients)
    right = problem.r.T @ problem.q
    expect_close("normal equations", matrix @ fit.coefficients, right, rtol=rtol, scale=scale)


def _check_posterior(fit: LinearFit, matrix: F64, rtol: float) -> None:
    expect(fit.noise_variance > 0, f"the noise variance of noisy data is {fit.noise_variance}")
    covariance = fit.posterior_factor @ fit.posterior_factor.T
    wanted = fit.noise_variance * np.linalg.inv(matrix)
    deviations = np.sqrt(np.diag(wanted))
    scale = np.outer(deviations, deviations)
    expect_close("posterior covariance", covariance, wanted, rtol=rtol, scale=scale)


def _check_units(
    regressor: Regressor, fit: LinearFit, columns: F64, target: F64, penalty: F64, rtol: float
) -> None:
    units = np.geomspace(1e-3, 1e3, len(penalty))
    other = regressor.solve(_problem(columns * units, target), penalty * units)
    scale = np.abs(fit.coefficients).max()
    # λ itself is found by a search, to its own tolerance
    tolerance = 100 * rtol
    expect_close(
        "columns in other units", other.coefficients * units, fit.coefficients, rtol=tolerance, scale=scale
    )


def _check_excluded_column(regressor: Regressor, problem: LeastSquares, penalty: F64) -> None:
    excluded = penalty.copy()
    excluded[3] = np.inf
    fit = regressor.solve(problem, excluded)
    expect(fit.coefficients[3] == 0.0, "an infinite penalty does not force the coefficient to zero")
    expect(not fit.posterior_factor[3].any(), "an infinite penalty leaves a variance")
    expect(
        bool(np.isfinite(fit.coefficients).all()), "an infinite penalty makes other coefficients not finite"
    )


def _check_dependent_columns(regressor: Regressor, columns: F64, target: F64, penalty: F64) -> None:
    dependent = columns.copy()
    dependent[:, 5] = dependent[:, 2] + dependent[:, 7]
    dependent[:, 9] = 0.0
    fit = regressor.solve(_problem(dependent, target), penalty)
    expect(bool(np.isfinite(fit.coefficients).all()), "linearly dependent columns give no finite solution")
    size = np.abs(fit.coefficients).max()
    expect(size < 1e3, f"linearly dependent columns give coefficients of {size:.1e}")


def _check_exact_data(regressor: Regressor, columns: F64, truth: F64, penalty: F64, ridge: float) -> None:
    fit = regressor.solve(_problem(columns, columns @ truth), penalty)
    largest = np.linalg.eigvalsh(_of_prior(regressor, penalty))[-1]
    bias = max(ridge, fit.ridge) * largest / np.linalg.svd(columns, compute_uv=False)[-1] ** 2
    scale = np.abs(truth).max() * np.sqrt(len(truth))
    expect_close("data without noise", fit.coefficients, truth, rtol=1e-6 + 2 * bias, scale=scale)
