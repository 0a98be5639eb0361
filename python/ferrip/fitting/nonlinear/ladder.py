"""The ladder: functions are freed rung by rung, smoothest first or by order, and where each rung starts.

The first rung starts from the linear solution in its functions: it is the first density, and a part of it every other
one, so that these are of the size where their functions are curved. The first step makes good what they add. Functions
of later rungs start at 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ferrip.fitting.nonlinear.densities import Densities, Terms
from ferrip.fitting.nonlinear.settings import TrainingSettings
from ferrip.fitting.problem import Problem
from ferrip.fitting.tsqr import LeastSquares

SHARE = 0.5
"""Part of the linear solution that starts the nonlinear densities (0.5 and 1 train equally well on mlearn_Si)."""


def rungs(problem: Problem, settings: TrainingSettings) -> list[NDArray[np.bool_]]:
    """(K,) functions of every rung: fractions that the prior holds down least, or correlation orders from 2 up.

    Functions that differ only in species are equally smooth and come together.
    """
    if settings.ladder_by == "order":
        table = problem.source.descriptor.feature_table()
        orders = np.array([len(factors) for _, factors in table])
        return [orders <= order for order in range(min(2, orders.max()), orders.max() + 1)]
    smoothness = problem.prior.roughness
    return [smoothness <= np.quantile(smoothness, part) * (1 + 1e-9) for part in settings.ladder]


def start(problem: Problem, linear: LeastSquares, rung: NDArray[np.bool_], terms: Terms) -> Densities:
    """Densities of the first rung, from the linear problem."""
    solution = problem.prior.solve(problem.settings.regressor(), linear, rung).coefficients
    shares = [1.0] + [SHARE] * (len(terms) - 1)
    return Densities(
        terms=terms, coefficients=np.outer(shares, solution), free=np.tile(rung, (len(terms), 1))
    )
