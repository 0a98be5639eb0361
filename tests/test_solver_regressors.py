"""Ridge and Bayesian ridge against direct formulas on the dense matrix."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from ferrip.errors import SettingsError
from ferrip.fitting import BayesianRidge, LeastSquares, Regressor, RFactor, Ridge


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(120, 15)) @ np.diag(0.5 ** np.arange(15))
    target = matrix @ rng.normal(size=15) + 0.1 * rng.normal(size=120)
    penalty = rng.uniform(0.5, 2.0, 15)
    accumulator = RFactor(15)
    accumulator.append(matrix, target, 1.0)
    return matrix, target, penalty, LeastSquares.from_factor(accumulator.factor(), 120)


def dense_ridge(matrix, target, penalty, ridge):
    return np.linalg.solve(matrix.T @ matrix + ridge * np.diag(penalty**2), matrix.T @ target)


@pytest.mark.parametrize("regressor", [Ridge(ridge=0.3), BayesianRidge(ridge=0.3)])
def test_given_ridge(data, regressor):
    matrix, target, penalty, system = data
    fit = regressor.solve(system, penalty)
    assert fit.coefficients == pytest.approx(dense_ridge(matrix, target, penalty, 0.3), rel=1e-9)
    hat = matrix @ np.linalg.solve(matrix.T @ matrix + 0.3 * np.diag(penalty**2), matrix.T)
    assert fit.effective_parameters == pytest.approx(np.trace(hat))


@pytest.mark.parametrize("square", [True, False])
def test_given_ridge_is_a_point_of_the_path(data, square):
    """One QR gives what the singular values give, also for columns in other coordinates and columns that are off."""
    penalty, system = data[2].copy(), data[3]
    if not square:
        penalty[4] = np.inf
        system = replace(system, r=system.r @ np.linalg.qr(np.random.default_rng(1).normal(size=(15, 15)))[0])
    path = Ridge().solve(system, penalty)
    fit = Ridge(ridge=path.ridge).solve(system, penalty)
    assert fit.coefficients == pytest.approx(path.coefficients, rel=1e-8)
    assert fit.noise_variance == pytest.approx(path.noise_variance)
    assert fit.effective_parameters == pytest.approx(path.effective_parameters)
    covariances = [one.posterior_factor @ one.posterior_factor.T for one in (fit, path)]
    assert covariances[0] == pytest.approx(covariances[1], rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("ridge", [None, 0.1])
def test_a_design_of_zeros_is_refused(ridge):
    accumulator = RFactor(2)
    accumulator.append(np.zeros((5, 2)), np.ones(5), 1.0)
    with pytest.raises(ValueError, match="zero"):
        Ridge(ridge=ridge).solve(LeastSquares.from_factor(accumulator.factor(), 5), np.ones(2))


def dense_gcv(matrix, target, penalty, ridge, inflation=1.0):
    hat = matrix @ np.linalg.solve(matrix.T @ matrix + ridge * np.diag(penalty**2), matrix.T)
    n = len(target)
    return n * np.sum((target - hat @ target) ** 2) / (n - inflation * np.trace(hat)) ** 2


@pytest.mark.parametrize("inflation", [1.0, 1.4])
def test_gcv_is_at_its_minimum(data, inflation):
    matrix, target, penalty, system = data
    fit = Ridge(inflation=inflation).solve(system, penalty)
    assert fit.objective == pytest.approx(dense_gcv(matrix, target, penalty, fit.ridge, inflation))
    for ridge in fit.ridge * np.geomspace(1e-6, 1e6, 49):
        assert fit.objective <= dense_gcv(matrix, target, penalty, ridge, inflation) * (1 + 1e-12)


def test_evidence_is_that_of_the_gaussian_process_view(data):
    matrix, target, penalty, system = data
    fit = BayesianRidge().solve(system, penalty)

    def minus_log_evidence(ridge, noise):
        covariance = noise * (np.eye(120) + matrix @ np.diag(1 / (ridge * penalty**2)) @ matrix.T)
        return -multivariate_normal(mean=np.zeros(120), cov=covariance).logpdf(target)

    assert fit.objective == pytest.approx(minus_log_evidence(fit.ridge, fit.noise_variance))
    for factor in (0.5, 0.9, 1.1, 2.0):
        assert fit.objective < minus_log_evidence(fit.ridge * factor, fit.noise_variance)
        assert fit.objective < minus_log_evidence(fit.ridge, fit.noise_variance * factor)


def test_predictive_variance(data):
    matrix, _, penalty, system = data
    fit = BayesianRidge().solve(system, penalty)
    precision = (matrix.T @ matrix + fit.ridge * np.diag(penalty**2)) / fit.noise_variance
    row = np.random.default_rng(0).normal(size=15)
    expected = row @ np.linalg.solve(precision, row)
    assert np.sum((row @ fit.posterior_factor) ** 2) == pytest.approx(expected)


def test_infinite_penalty_switches_a_column_off(data):
    matrix, target, penalty, system = data
    penalty = penalty.copy()
    penalty[3] = np.inf
    fit = Ridge(ridge=0.1).solve(system, penalty)
    rest = np.arange(15) != 3
    assert fit.coefficients[3] == 0.0
    assert fit.coefficients[rest] == pytest.approx(dense_ridge(matrix[:, rest], target, penalty[rest], 0.1))


def test_dependent_columns_get_the_minimum_norm():
    column = np.arange(1.0, 6.0)
    accumulator = RFactor(2)
    accumulator.append(np.stack([column, column], axis=1), 3.0 * column, 1.0)
    system = LeastSquares.from_factor(accumulator.factor(), 5)
    fit = Ridge(ridge=0.0).solve(system, np.ones(2))
    assert fit.coefficients == pytest.approx([1.5, 1.5])


@pytest.mark.parametrize("regressor", [Ridge(), BayesianRidge()])
def test_contract(data, regressor):
    assert isinstance(regressor, Regressor)
    system, penalty = data[3], data[2]
    r, q, before = system.r.copy(), system.q.copy(), penalty.copy()
    first, second = regressor.solve(system, penalty), regressor.solve(system, penalty)
    assert np.array_equal(first.coefficients, second.coefficients)
    for array, copy in ((system.r, r), (system.q, q), (penalty, before)):
        assert np.array_equal(array, copy)
    for array in (first.coefficients, first.posterior_factor):
        assert np.isfinite(array).all()


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_bad_ridge(bad):
    with pytest.raises(SettingsError, match="ridge"):
        Ridge(ridge=bad)
    with pytest.raises(SettingsError, match="ridge"):
        BayesianRidge(ridge=bad)


def test_zero_matrix(data):
    system = LeastSquares(r=np.zeros((2, 2)), q=np.zeros(2), rho2=1.0, n_rows=4)
    with pytest.raises(ValueError, match="zero"):
        Ridge().solve(system, np.ones(2))
