"""The ladder: functions are freed rung by rung, smoothest first, and where each rung starts.

The first rung starts from the linear solution in its functions: it is the first density, and a part of it every other
one, so that these are of the size where their functions are curved. The first step makes good what they add. Functions
of later rungs start at 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ferrip.fitting.nonlinear.densities import Densities, Terms
from ferrip.fitting.problem import Problem
from ferrip.fitting.tsqr import LeastSquares

SHARE = 0.5
"""Part of the linear solution that starts the nonlinear densities (0.5 and 1 train equally well on mlearn_Si)."""


def rungs(problem: Problem, fractions: Sequence[float]) -> list[NDArray[np.bool_]]:
    """(K,) functions of every rung: the given fractions that the prior holds down least.

    Functions that differ only in species are equally smooth and come together.
    """
    smoothness = problem.prior.roughness
    return [smoothness <= np.quantile(smoothness, fraction) * (1 + 1e-9) for fraction in fractions]


def start(problem: Problem, linear: LeastSquares, rung: NDArray[np.bool_], terms: Terms) -> Densities:
    """Densities of the first rung, from the linear problem."""
    solution = problem.prior.solve(problem.settings.regressor(), linear, rung).coefficients
    shares = [1.0] + [SHARE] * (len(terms) - 1)
    return Densities(
        terms=terms, coefficients=np.outer(shares, solution), free=np.tile(rung, (len(terms), 1))
    )
