"""The prior that ties species: against the dense formula of a correlated Gaussian prior."""

from __future__ import annotations

import fitted
import numpy as np
import pytest

from ferrip import _core
from ferrip.fitting import BayesianRidge, LeastSquares, RFactor, Ridge
from ferrip.fitting.prior import Prior, SpeciesTies, tied_groups
from ferrip.fitting.problem import prepare
from ferrip.fitting.settings import FitSettings
from ferrip.models import AceSettings, family
from ferrip.models.ace import ORDER_PENALTY

TIES = SpeciesTies(neighbor=0.8, center=0.6)


@pytest.fixture(scope="module")
def descriptor():
    r0 = {(14, 14): 2.3, (14, 32): 2.4, (32, 32): 2.5}
    return _core.Descriptor.ace(
        elements=[14, 32], cutoff=4.5, pair_cutoff=4.5, n_pair=2, r0=r0, degrees=[3.0, 3.0]
    )


@pytest.fixture(scope="module")
def prior(descriptor):
    rough = np.asarray(descriptor.smoothness(), dtype=float)
    return Prior(roughness=rough, column_scaling=0.0, groups=tied_groups(descriptor, TIES))


@pytest.fixture(scope="module")
def system(descriptor):
    rng = np.random.default_rng(7)
    matrix = rng.normal(size=(3 * descriptor.n_features, descriptor.n_features))
    matrix[:, [1, 5]] = 0.0
    target = matrix @ rng.normal(size=descriptor.n_features) + 0.1 * rng.normal(size=len(matrix))
    accumulator = RFactor(descriptor.n_features)
    accumulator.append(matrix, target, 1.0)
    return matrix, target, LeastSquares.from_factor(accumulator.factor(), len(target))


def covariance(prior):
    """Covariance of the coefficients at λ = noise variance = 1."""
    full = np.zeros((len(prior.roughness),) * 2)
    for group in prior.groups:
        scaled = group.root / prior.roughness[group.columns]
        full[np.ix_(group.columns, group.columns)] = scaled @ scaled.T
    return full


@pytest.mark.parametrize("regressor", [Ridge(ridge=0.3), BayesianRidge(ridge=0.3)])
def test_solution_and_posterior_are_those_of_the_covariance(prior, system, regressor):
    matrix, target, problem = system
    fit = prior.solve(regressor, problem)
    precision = matrix.T @ matrix + 0.3 * np.linalg.inv(covariance(prior))
    assert fit.coefficients == pytest.approx(np.linalg.solve(precision, matrix.T @ target), rel=1e-8)
    posterior = fit.noise_variance * np.linalg.inv(precision)
    assert fit.posterior_factor @ fit.posterior_factor.T == pytest.approx(posterior, rel=1e-7, abs=1e-12)


def test_functions_without_data_follow_their_relatives(prior, system):
    fit = prior.solve(Ridge(ridge=1e-6), system[2])
    assert abs(fit.coefficients[[1, 5]]).min() > 0.01


def test_ties_follow_the_species_of_centre_and_neighbors(descriptor, prior):
    table = descriptor.feature_table()
    full = covariance(prior) * np.outer(prior.roughness, prior.roughness)
    column = table.index((14, [(14, 1, 0)]))
    assert full[column, column] == pytest.approx(1.0)
    assert full[column, table.index((14, [(32, 1, 0)]))] == pytest.approx(TIES.neighbor)
    assert full[column, table.index((32, [(14, 1, 0)]))] == pytest.approx(TIES.center)
    assert full[column, table.index((32, [(32, 1, 0)]))] == pytest.approx(TIES.center * TIES.neighbor)
    assert full[column, table.index((14, [(14, 2, 0)]))] == 0.0


def test_one_species_or_no_ties_have_no_groups(descriptor):
    single = _core.Descriptor.ace(
        elements=[14], cutoff=4.5, pair_cutoff=4.5, n_pair=2, r0={(14, 14): 2.3}, degrees=[3.0]
    )
    assert tied_groups(single, TIES) == []
    assert tied_groups(descriptor, SpeciesTies(neighbor=0.0, center=0.0)) == []


def test_without_groups_the_penalty_is_diagonal(prior, system):
    plain = Prior(roughness=prior.roughness, column_scaling=0.5, groups=[])
    norms = np.linalg.norm(system[2].r, axis=0)
    norms[norms == 0] = np.inf
    expected = Ridge().solve(system[2], norms**0.5 * prior.roughness)
    assert np.array_equal(plain.solve(Ridge(), system[2]).coefficients, expected.coefficients)


def test_products_of_more_factors_are_held_down():
    frames, model = fitted.frames("Cu"), {"max_order": 3, "degree": 6.0}
    problems = [
        prepare(family("ace"), "small", FitSettings(order_penalty=penalty), AceSettings(**model), frames, 1)
        for penalty in (1.0, 3.0, None)
    ]
    plain, held, default = (one.prior.roughness for one in problems)
    orders = np.array([len(factors) for _, factors in problems[0].source.descriptor.feature_table()])
    for roughness, factor in ((held, 3.0), (default, ORDER_PENALTY)):
        ratio = roughness / plain
        assert ratio / ratio[0] == pytest.approx(factor ** (orders - orders[0]), rel=1e-12)
