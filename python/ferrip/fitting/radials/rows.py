"""Rows of the problem in c and θ at once, linearised at given values of both.

The columns of θ are central differences of the contracted evaluator. Its tables are linear in θ and the energy is a
polynomial in θ whose degree is the correlation order, so that only terms of third order and up are left in the
difference: about 1e-6 of the column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from ferrip import _core
from ferrip.data import Frame
from ferrip.fitting.nonlinear.loss import predicted_rows
from ferrip.fitting.problem import Problem
from ferrip.fitting.radials.basis import at
from ferrip.fitting.rows import RowSource
from ferrip.fitting.tsqr import F64

STEP = 1e-3
"""Step of the central differences; rows of θ have length 1."""
BIN_WIDTH = 0.01
"""Å; a fixed grid, so that both terms of a difference have the same tables but for θ."""


def evaluator(problem: Problem, theta: F64, coefficients: F64) -> _core.Evaluator:
    """The evaluator at θ and c, without E0."""
    descriptor = cast("_core.Descriptor", at(problem, theta).source.descriptor)
    e0 = [0.0] * len(descriptor.elements)
    readout = _core.Readout.linear(descriptor, coefficients, e0)
    return _core.Evaluator.from_readout(descriptor, readout, problem.source.repulsion, bin_width=BIN_WIDTH)


@dataclass(frozen=True, kw_only=True)
class RadialRows(RowSource):
    """A `RowSource` of c and θ.

    Attributes
    ----------
    theta
        (n, k) θ₀.
    pairs
        Evaluators with each entry of θ₀ a step up and a step down.
    """

    theta: F64
    pairs: list[tuple[_core.Evaluator, _core.Evaluator]] = field(repr=False)

    @classmethod
    def of(cls, problem: Problem, theta: F64, coefficients: F64) -> RadialRows:
        """The rows of `problem`, whose radial functions are those of θ."""
        pairs = []
        for place in np.ndindex(*theta.shape):
            step = np.zeros_like(theta)
            step[place] = STEP
            up, down = (evaluator(problem, theta + sign * step, coefficients) for sign in (1, -1))
            pairs.append((up, down))
        return cls(**vars(problem.source), theta=theta, pairs=pairs)

    @property
    def n_columns(self) -> int:
        """Coefficients c, then entries of θ row by row."""
        return self.descriptor.n_features + self.theta.size

    def design(self, frames: Sequence[Frame]) -> tuple[F64, F64]:
        """Rows `[Φ D]` and what is subtracted from the labels: the repulsion and −D θ₀."""
        structures = [frame.structure for frame in frames]
        phi = self.descriptor.design(structures, self.num_threads)
        columns = [
            (predicted_rows(up, frames, self.num_threads) - predicted_rows(down, frames, self.num_threads))
            / (2 * STEP)
            for up, down in self.pairs
        ]
        slope = np.column_stack(columns)
        return np.hstack([phi, slope]), self.baseline(structures) - slope @ self.theta.ravel()
