"""`check_regressor` passes ferrip's regressors and names what is wrong with broken ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ferrip.fitting.regressors import BayesianRidge, Regressor, Ridge
from ferrip.fitting.sparse_gp import SparseGP
from ferrip.testing import CheckError, check_regressor


def kernel() -> np.ndarray:
    """Squared exponentials of twelve points on a line."""
    points = np.linspace(0.0, 6.0, 12)
    return np.exp(-0.5 * (points[:, None] - points) ** 2)


REGRESSORS = [
    Ridge(),
    Ridge(ridge=0.1),
    BayesianRidge(),
    BayesianRidge(ridge=1.0),
    SparseGP(kernel=kernel()),
    SparseGP(kernel=kernel(), regressor=BayesianRidge()),
    SparseGP(kernel=4.0 * np.eye(12), regressor=Ridge(ridge=0.1)),
]


@pytest.mark.parametrize("regressor", REGRESSORS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_ferrip_regressors_pass(regressor: Regressor, seed: int) -> None:
    check_regressor(regressor, seed=seed)


@dataclass
class Broken:
    """Ridge regression with one fault."""

    fault: str
    solved: int = 0

    def solve(self, problem, penalty):
        if self.fault == "penalty":
            penalty[0] = 1.0
        if self.fault == "settings":
            self.solved += 1
        fit = Ridge(ridge=0.1).solve(problem, penalty)
        if self.fault == "coefficients":
            return replace(fit, coefficients=1.001 * fit.coefficients)
        if self.fault == "posterior":
            return replace(fit, posterior_factor=1.001 * fit.posterior_factor)
        if self.fault == "excluded":
            return replace(fit, coefficients=np.where(np.isinf(penalty), 1e-3, fit.coefficients))
        if self.fault == "parameters":
            return replace(fit, effective_parameters=1e3)
        return fit


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("penalty", "solve changed penalty"),
        ("settings", "changed the settings"),
        ("coefficients", "normal equations"),
        ("posterior", "posterior covariance"),
        ("excluded", "infinite penalty"),
        ("parameters", "effective parameters"),
    ],
)
def test_a_broken_regressor_is_caught(fault: str, message: str) -> None:
    with pytest.raises(CheckError, match=message):
        check_regressor(Broken(fault))


def test_a_prior_that_is_not_the_one_it_says_is_caught() -> None:
    class Wrong(SparseGP):
        def precision(self, penalty):
            return 1.01 * super().precision(penalty) + np.diag(penalty**2)

        def solve(self, problem, penalty):
            return SparseGP(kernel=self.kernel, regressor=self.regressor).solve(problem, penalty)

    with pytest.raises(CheckError, match="normal equations"):
        check_regressor(Wrong(kernel=kernel(), regressor=Ridge(ridge=1.0)))
