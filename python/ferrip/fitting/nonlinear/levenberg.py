"""One damped Gauss–Newton step (Levenberg–Marquardt) from a linearised problem in triangular form.

The step minimises `‖R c − q‖² + ‖Γ c‖² + μ ‖D (c − c₀)‖²` with D the column norms of R and Γ (Marquardt's scaling,
doi:10.1137/0111030), 0 for coefficients in which the model is linear: these are solved for exactly whatever the others
do, and for μ → ∞ the step is the linear solution beside what the others are. All three terms are rows of one
least-squares problem, so that no normal equations are formed. A loss costs less than a linearisation, and as a function
of μ it often has several minima: the first step looks for μ on a grid from nearly undamped to steepest descent, later
ones on a smaller grid around the last; both refine the best.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from ferrip.fitting.tsqr import LeastSquares, stacked

F64 = NDArray[np.float64]

GRID = tuple(10.0**k for k in range(-10, 5, 2))
"""Dampings that are tried."""
AROUND = (1e-4, 1e-2, 1.0, 1e2)
"""Dampings that are tried, relative to that of the step before."""
REFINEMENT = 10.0**0.7
"""Ratio of the best to the two more that are tried beside it."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step and what it reaches.

    Attributes
    ----------
    vector
        New coefficients c.
    loss
        Their penalised loss.
    damping
        μ of the step.
    """

    vector: F64
    loss: float
    damping: float


def damped_solution(problem: LeastSquares, rows: F64, start: F64) -> F64:
    """The c that minimises `‖R c − q‖² + ‖diag(rows) (c − start)‖²`."""
    damped = stacked(problem, rows, rows * start)
    return solve_triangular(damped.r, damped.q)


def damped_step(
    problem: LeastSquares,
    penalty: F64,
    start: F64,
    loss: Callable[[F64], float],
    loss_at_start: float,
    linear: NDArray[np.bool_],
    last: float | None = None,
) -> Step | None:
    """The best step of a search over dampings, or `None` if none lowers the loss.

    Parameters
    ----------
    problem
        The problem linearised at `start`.
    penalty
        Diagonal of Γ, in units of the rows.
    start
        c₀.
    loss
        The true penalised loss of given coefficients.
    loss_at_start
        Its value at c₀.
    linear
        (p,) coefficients in which the model is linear.
    last
        Damping of the step before, if there was one.
    """
    penalized = stacked(problem, penalty, np.zeros_like(start))
    scale = np.where(linear, 0.0, np.linalg.norm(penalized.r, axis=0))

    def attempt(damping: float) -> Step:
        vector = damped_solution(penalized, np.sqrt(damping) * scale, start)
        return Step(vector=vector, loss=loss(vector), damping=damping)

    grid = GRID if last is None else tuple(last * ratio for ratio in AROUND)
    best = min((attempt(damping) for damping in grid), key=lambda step: step.loss)
    around = [attempt(best.damping * REFINEMENT), attempt(best.damping / REFINEMENT)]
    best = min([best, *around], key=lambda step: step.loss)
    return best if best.loss < loss_at_start else None
