"""The iterations that learn radial functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from pydantic import BaseModel

from ferrip.data import Frame
from ferrip.fitting.nonlinear.coordinates import Coordinates
from ferrip.fitting.nonlinear.levenberg import damped_solution
from ferrip.fitting.problem import Problem
from ferrip.fitting.progress import Reporter
from ferrip.fitting.radials.basis import at, orthonormal, unchanged
from ferrip.fitting.radials.rows import RadialRows
from ferrip.fitting.regressors import LinearFit
from ferrip.fitting.rows import RowSource, stream
from ferrip.fitting.selection import spread
from ferrip.fitting.tsqr import F64, RFactor, stacked

SAMPLE_ATOMS = 6000
"""Atoms of the frames that θ is learned on, at most (one frame at least)."""
ITERATIONS = 8
TOLERANCE = 0.01
"""Relative decrease of the held-out error of energies times that of forces that is worth another iteration."""
DAMPING = 1e-3
"""Damping of the first step."""
RATIO = 10.0
"""Between the dampings that are tried."""
TRIALS = 4
UNSEEN_PENALTY = 1e6
"""Γ of coefficients that neither the data nor their relatives decide; they stay 0."""


@runtime_checkable
class LearnsRadials(Protocol):
    """A family whose settings may ask for learned radial functions; its descriptor takes `radial_coefficients`."""

    def learns_radials(self, settings: BaseModel) -> bool:
        """Whether `settings` ask for them."""
        ...


@dataclass(frozen=True, kw_only=True)
class Point:
    """θ, the best c for it and how well both predict held-out frames."""

    theta: F64
    problem: Problem
    fit: LinearFit
    error: float


def with_learned_radials(problem: Problem, reporter: Reporter) -> Problem:
    """`problem` with radial functions that fit a sample of its frames best.

    Energies and forces alone decide. The result is `problem` itself where no step lowers the held-out error.
    """
    theta = unchanged(problem)
    frames = spread(problem.frames, SAMPLE_ATOMS)
    if theta.size == 0:
        return problem
    first = best = _point(problem, theta, frames)
    damping = DAMPING
    for iteration in range(ITERATIONS):
        before = best.error
        best, damping = _searched(best, frames, damping)
        reporter.note(
            f"radial functions, iteration {iteration + 1}: held-out error {best.error / first.error:.4f} of the first"
        )
        if best.error > before * (1 - TOLERANCE):
            break
    return problem if best is first else best.problem


def _searched(point: Point, frames: Sequence[Frame], damping: float) -> tuple[Point, float]:
    """The best of several steps from `point` (it itself where none is better), and the damping of that step.

    The damping falls as long as that is better, or rises until a step is better at all.
    """
    step = _Step(point, frames)
    best, ratio = step.reached(damping), 1 / RATIO
    if best.error >= point.error:
        best, ratio = point, RATIO
    for _ in range(TRIALS):
        trial = step.reached(damping * ratio)
        if trial.error < best.error:
            best, damping = trial, damping * ratio
            if ratio < 1:
                continue
            break
        if ratio < 1:
            break
        damping *= ratio
    return best, damping


def _point(problem: Problem, theta: F64, frames: Sequence[Frame]) -> Point:
    """The linear problem at θ."""
    own = at(problem, theta)
    factors = _factors(own.source, frames)
    choice = own.chosen(factors, use_stress=False)
    fit = own.solve(factors, use_stress=False, choice=choice)
    # without folds, generalised cross-validation stands in (λ given: the residual)
    error = fit.objective if choice is None else float(np.exp(choice.criterion))
    return Point(theta=theta, problem=own, fit=fit, error=fit.noise_variance if np.isnan(error) else error)


class _Step:
    """The problem linearised at a point, for steps of any damping."""

    def __init__(self, point: Point, frames: Sequence[Frame]) -> None:
        self.point, self.frames = point, frames
        problem, c = point.problem, point.fit.coefficients
        rows = RadialRows.of(problem, point.theta, c)
        weights = point.fit.weights or problem.weights(use_stress=False)
        joint = problem.combined(_factors(rows, frames), weights)
        coordinates = Coordinates.of(problem.prior.groups, np.ones((1, len(c)), bool))
        roughness = np.minimum(problem.prior.penalty(joint), UNSEEN_PENALTY)
        penalty = np.append(point.fit.ridge**0.5 * roughness, np.zeros(point.theta.size))
        self.penalized = stacked(coordinates.problem(joint), penalty, np.zeros_like(penalty))
        scale = np.linalg.norm(self.penalized.r, axis=0)
        self.scale = np.where(np.arange(len(scale)) < len(c), 0.0, scale)
        self.start = np.append(coordinates.of_coefficients(c), point.theta.ravel())

    def reached(self, damping: float) -> Point:
        """The point that the step of this damping leads to."""
        vector = damped_solution(self.penalized, np.sqrt(damping) * self.scale, self.start)
        theta = vector[-self.point.theta.size :].reshape(self.point.theta.shape)
        return _point(self.point.problem, orthonormal(theta), self.frames)


def _factors(source: RowSource, frames: Sequence[Frame]) -> dict[str, RFactor]:
    factors = source.factors()
    stream(source, frames, factors, 0, lambda _: None)
    return factors
