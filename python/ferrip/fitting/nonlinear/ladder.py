"""The ladder: functions are freed rung by rung, by correlation order or smoothest first.

Rungs before the last are there for a good start, so they see as few frames as their coefficients need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferrip.data import Frame
from ferrip.fitting.nonlinear.settings import TrainingSettings
from ferrip.fitting.problem import Problem
from ferrip.fitting.rows import n_rows

ROWS_PER_COEFFICIENT = 30
"""Rows that a rung before the last one sees at least, as far as there are so many."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Rung:
    """One rung.

    Attributes
    ----------
    functions
        (K,) which functions are free.
    every
        Every how many-th frame is seen.
    """

    functions: NDArray[np.bool_]
    every: int

    def frames(self, frames: Sequence[Frame]) -> list[Frame]:
        """The frames that this rung sees."""
        return list(frames[:: self.every])


def rungs(problem: Problem, settings: TrainingSettings, n_densities: int) -> list[Rung]:
    """The rungs of a training; the last one has all functions and frames.

    Functions that differ only in species are equally smooth and come together.
    """
    rows = sum(map(n_rows, problem.frames))
    found = []
    for functions in _functions(problem, settings):
        needed = ROWS_PER_COEFFICIENT * n_densities * int(functions.sum())
        found.append(Rung(functions=functions, every=1 if functions.all() else max(1, rows // needed)))
    return found


def _functions(problem: Problem, settings: TrainingSettings) -> list[NDArray[np.bool_]]:
    """(K,) functions of every rung: orders from 2 up, or the smoothest."""
    if settings.ladder == "order":
        table = problem.source.descriptor.feature_table()
        orders = np.array([len(factors) for _, factors in table])
        return [orders <= order for order in range(min(2, orders.max()), orders.max() + 1)]
    roughness = np.asarray(problem.source.descriptor.smoothness(), dtype=float)
    return [roughness <= np.quantile(roughness, part) * (1 + 1e-9) for part in settings.ladder]
