"""`SparseGP` against dense Gaussian processes, and against the fits of GAP."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fitted import frames
from numpy.typing import NDArray
from scipy.linalg import block_diag

import ferrip
from ferrip.errors import SettingsError
from ferrip.fitting import Ridge, SparseGP
from ferrip.fitting.problem import prepare
from ferrip.fitting.rows import streamed
from ferrip.fitting.settings import FitSettings, parse_settings
from ferrip.fitting.tsqr import LeastSquares, RFactor
from ferrip.models import family

F64 = NDArray[np.float64]


def k(a: F64, b: F64) -> F64:
    return np.exp(-0.5 * (a[:, None] - b) ** 2)


def slope(a: F64, b: F64) -> F64:
    """∂k/∂a."""
    return (b - a[:, None]) * k(a, b)


def problem_of(*blocks: tuple[F64, F64, float]) -> LeastSquares:
    """Rows, targets and σ of each block."""
    factor = RFactor(blocks[0][0].shape[1])
    for rows, target, sigma in blocks:
        factor.append(rows, target, 1.0 / sigma)
    return LeastSquares.from_factor(factor.factor(), factor.n_rows)


def test_with_all_points_it_is_the_dense_process_of_values() -> None:
    rng = np.random.default_rng(1)
    x, sigma, delta = np.sort(rng.uniform(0, 8, 20)), 0.1, 1.5
    y, at = np.sin(x) + sigma * rng.normal(size=20), np.linspace(0, 8, 9)
    process = SparseGP(kernel=k(x, x), regressor=Ridge(ridge=delta**-2), jitter=1e-12)
    fit = process.solve(problem_of((k(x, x), y, sigma)), np.ones(20))
    inner = delta**2 * k(x, x) + sigma**2 * np.eye(20)
    cross = delta**2 * k(at, x)
    np.testing.assert_allclose(k(at, x) @ fit.coefficients, cross @ np.linalg.solve(inner, y), atol=1e-6)
    explained = k(at, x) @ np.linalg.solve(k(x, x) + 1e-12 * np.eye(20), k(x, at))
    variance = np.sum((k(at, x) @ fit.posterior_factor) ** 2, axis=1) / fit.noise_variance
    variance += delta**2 * (1.0 - explained.diagonal())
    wanted = delta**2 - np.sum(cross * np.linalg.solve(inner, cross.T).T, axis=1)
    np.testing.assert_allclose(variance, wanted, atol=1e-6)


def test_values_and_slopes_have_the_noise_of_their_own() -> None:
    """The projected process: dense with the covariance of the rows that the sparse points leave."""
    rng = np.random.default_rng(2)
    x, sparse = rng.uniform(0, 8, 30), np.linspace(-1, 9, 12)
    values, slopes = np.sin(x) + 0.05 * rng.normal(size=30), np.cos(x) + 0.3 * rng.normal(size=30)
    blocks = (k(x, sparse), values, 0.05), (slope(x, sparse), slopes, 0.3)
    process = SparseGP(kernel=k(sparse, sparse), regressor=Ridge(ridge=0.25), jitter=1e-10)
    fit = process.solve(problem_of(*blocks), np.ones(12))
    rows = np.concatenate([blocks[0][0], blocks[1][0]])
    prior = 4.0 * np.linalg.inv(k(sparse, sparse) + 1e-10 * np.eye(12))
    covariance = rows @ prior @ rows.T + np.diag(np.repeat([0.05**2, 0.3**2], 30))
    wanted = prior @ rows.T @ np.linalg.solve(covariance, np.concatenate([values, slopes]))
    at = np.linspace(0, 8, 9)
    np.testing.assert_allclose(k(at, sparse) @ fit.coefficients, k(at, sparse) @ wanted, atol=1e-6)


def test_fits_of_gap_are_this_process() -> None:
    """Rows of a GAP with pair functions and a linear part, under the precision of all parts at once."""
    settings: dict[str, Any] = {
        "n_max": 3,
        "l_max": 2,
        "sparse": 20,
        "cutoff": 4.5,
        "pairs": 6,
        "shape": "wide",
    }
    of_fit: dict[str, Any] = {"e0": {"Cu": 0.0}, "stress": "off", "repulsion": "none", "ridge": 1e-3}
    potential = ferrip.fit(frames(), model="gap", size="small", progress=False, **settings, **of_fit)
    gap = family("gap")
    (own,) = parse_settings(settings, gap.settings_class)
    problem = prepare(gap, "small", FitSettings(**of_fit), own, frames(), 1)
    covariance = block_diag(*(group.root @ group.root for group in problem.prior.groups))
    columns = np.concatenate([group.columns for group in problem.prior.groups])
    kernel = np.zeros_like(covariance)
    kernel[np.ix_(columns, columns)] = np.linalg.inv(covariance)
    process = SparseGP(kernel=0.5 * (kernel + kernel.T), regressor=Ridge(ridge=1e-3), jitter=0.0)
    rows = problem.weighted(streamed(problem.source, problem.frames), use_stress=False)
    fit = process.solve(rows, problem.prior.roughness)
    scale = np.linalg.norm(rows.r @ potential.coefficients)
    assert np.linalg.norm(rows.r @ (fit.coefficients - potential.coefficients)) < 1e-6 * scale


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (np.ones((2, 3)), "square matrix, got shape \\(2, 3\\)"),
        (np.array([[1.0, np.nan], [np.nan, 1.0]]), "finite"),
        (np.array([[1.0, 0.5], [0.0, 1.0]]), "symmetric"),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), "no negative eigenvalue, got -1"),
    ],
)
def test_what_is_no_kernel_is_refused(kernel: F64, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        SparseGP(kernel=kernel)


def test_bad_jitter_and_another_number_of_columns_are_refused() -> None:
    with pytest.raises(SettingsError, match="jitter"):
        SparseGP(kernel=np.eye(2), jitter=-1.0)
    x = np.linspace(0, 1, 3)
    with pytest.raises(ValueError, match="penalty: expected 2 numbers"):
        SparseGP(kernel=np.eye(2)).solve(problem_of((k(x, x), x, 1.0)), np.ones(3))
