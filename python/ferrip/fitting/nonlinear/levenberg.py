"""One damped Gauss–Newton step (Levenberg–Marquardt) from a linearised problem.

The damping is relative to the column norms (Marquardt's scaling, doi:10.1137/0111030), 0 for coefficients in which the
model is linear: these are solved for exactly whatever the others do, and for μ → ∞ the step is the linear solution
beside what the others are. A loss costs less than a linearisation, and as a function of μ it often has several minima:
the first step looks for μ on a grid from nearly undamped to steepest descent, later ones on a smaller grid around the
last, and beyond it where nothing there lowers the loss; all refine the best.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferrip.fitting.nonlinear.linearization import Linearization

F64 = NDArray[np.float64]

GRID = tuple(10.0**k for k in range(-10, 5, 2))
"""Dampings that are tried."""
AROUND = (1e-4, 1e-2, 1.0, 1e2)
"""Dampings that are tried, relative to that of the step before."""
BEYOND = (1e2, 1e4, 1e6)
"""Dampings that are tried, relative to the largest of these, one after the other where none lowers the loss."""
LEAST = 1e-12
"""Smallest damping: less changes nothing."""
REFINEMENT = 10.0**0.7
"""Ratio of the best to the two more that are tried beside it."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step and what it reaches.

    Attributes
    ----------
    vector
        New coordinates u.
    loss
        Their penalised loss.
    damping
        μ of the step.
    """

    vector: F64
    loss: float
    damping: float


def damped_step(
    problem: Linearization,
    loss: Callable[[F64], float],
    loss_at_start: float,
    last: float | None = None,
) -> Step | None:
    """The best step of a search over dampings, or `None` if none lowers the loss.

    Parameters
    ----------
    problem
        The linearised problem.
    loss
        The true penalised loss of given coordinates.
    loss_at_start
        Its value where the problem is linearised.
    last
        Damping of the step before, if there was one.
    """

    def attempt(damping: float) -> Step:
        vector = problem.damped(damping)
        return Step(vector=vector, loss=loss(vector), damping=damping)

    grid = GRID if last is None else sorted({max(last * ratio, LEAST) for ratio in AROUND})
    best = min((attempt(damping) for damping in grid), key=lambda step: step.loss)
    for ratio in BEYOND:
        if best.loss < loss_at_start:
            break
        best = min(best, attempt(grid[-1] * ratio), key=lambda step: step.loss)
    around = [attempt(best.damping * REFINEMENT), attempt(best.damping / REFINEMENT)]
    best = min([best, *around], key=lambda step: step.loss)
    return best if best.loss < loss_at_start else None
