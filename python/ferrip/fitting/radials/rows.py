"""Rows of the problem in c and θ at once, linearised at given values of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
from pydantic import BaseModel

from ferrip import _core
from ferrip.data import Frame
from ferrip.fitting.nonlinear.loss import predicted_rows
from ferrip.fitting.problem import Problem
from ferrip.fitting.rows import RowSource
from ferrip.fitting.tsqr import F64

STEP = 1e-3
"""Step of central differences; rows of θ have length 1."""
BIN_WIDTH = 0.01
"""Å; a fixed grid of tables, so that both terms of a difference have the same ones but for θ."""


@runtime_checkable
class LearnsRadials(Protocol):
    """A family whose settings may ask for learned radial functions."""

    def learns_radials(self, settings: BaseModel) -> bool:
        """Whether `settings` ask for them."""
        ...

    def radial_ladder(self, settings: BaseModel, resolved: dict[str, Any]) -> list[dict[str, Any]]:
        """Complete settings for which radial functions are learned one after the other; the last is `resolved`."""
        ...

    def radials_of(self, resolved: dict[str, Any]) -> F64:
        """(n, k) θ of complete settings; its functions come with the problem, first ones first."""
        ...

    def with_radials(self, resolved: dict[str, Any], theta: F64) -> dict[str, Any]:
        """Complete settings with other θ."""
        ...


@runtime_checkable
class ExactRadials(Protocol):
    """A family whose descriptor has the exact derivatives in its radial coefficients (`radial_design`)."""

    def radial_columns(self, resolved: dict[str, Any], rows: F64) -> F64:
        """Columns of θ from those of the radial coefficients."""
        ...


def at(problem: Problem, theta: F64) -> Problem:
    """`problem` with the radial functions of θ."""
    return problem.rebuilt(cast(LearnsRadials, problem.family).with_radials(problem.resolved, theta))


def evaluator(problem: Problem, coefficients: F64) -> Any:
    """The evaluator at c, without E0."""
    descriptor, repulsion = problem.source.descriptor, problem.source.repulsion
    e0 = [0.0] * len(descriptor.elements)
    if isinstance(descriptor, _core.Descriptor):
        readout = _core.Readout.linear(descriptor, coefficients, e0)
        return _core.Evaluator.from_readout(descriptor, readout, repulsion, bin_width=BIN_WIDTH)
    return descriptor.evaluator(coefficients, e0, repulsion)


@dataclass(frozen=True, kw_only=True)
class RadialRows(RowSource):
    """A `RowSource` of c and θ.

    Attributes
    ----------
    problem
        The problem at θ₀.
    theta
        (n, k) θ₀.
    coefficients
        (p,) c at which the columns of θ are taken.
    """

    problem: Problem = field(repr=False)
    theta: F64
    coefficients: F64

    @classmethod
    def of(cls, problem: Problem, theta: F64, coefficients: F64) -> RadialRows:
        """The rows of `problem`, whose radial functions are those of θ."""
        return cls(**vars(problem.source), problem=problem, theta=theta, coefficients=coefficients)

    @property
    def n_columns(self) -> int:
        """Coefficients c, then entries of θ row by row."""
        return self.descriptor.n_features + self.theta.size

    def design(self, frames: Sequence[Frame]) -> tuple[F64, F64]:
        """Rows `[Φ D]` and what is subtracted from the labels: the repulsion and −D θ₀."""
        structures = [frame.structure for frame in frames]
        phi = self.descriptor.design(structures, self.num_threads)
        slope = (
            self._exact(frames)
            if isinstance(self.problem.family, ExactRadials)
            else self._differences(frames)
        )
        return np.hstack([phi, slope]), self.baseline(structures) - slope @ self.theta.ravel()

    def _exact(self, frames: Sequence[Frame]) -> F64:
        descriptor = cast("_core.MomentDescriptor", self.descriptor)
        structures = [frame.structure for frame in frames]
        rows = descriptor.radial_design(structures, self.coefficients, self.num_threads)
        return cast(ExactRadials, self.problem.family).radial_columns(self.problem.resolved, rows)

    def _differences(self, frames: Sequence[Frame]) -> F64:
        """Central differences of the evaluator.

        Its tables are linear in θ and the energy is a polynomial in θ whose degree is the correlation order, so that
        only terms of third order and up are left in the difference: about 1e-6 of the column.
        """
        columns = []
        for place in np.ndindex(*self.theta.shape):
            step = np.zeros_like(self.theta)
            step[place] = STEP
            up, down = (
                predicted_rows(
                    evaluator(at(self.problem, moved), self.coefficients), frames, self.num_threads
                )
                for moved in (self.theta + step, self.theta - step)
            )
            columns.append((up - down) / (2 * STEP))
        return np.column_stack(columns)
