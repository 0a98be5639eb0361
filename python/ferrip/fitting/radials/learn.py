"""The iterations that learn radial functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from pydantic import BaseModel

from ferrip.data import Frame
from ferrip.fitting.nonlinear.coordinates import Coordinates
from ferrip.fitting.nonlinear.levenberg import damped_step
from ferrip.fitting.nonlinear.loss import squared_errors
from ferrip.fitting.problem import Problem
from ferrip.fitting.progress import Reporter
from ferrip.fitting.radials.basis import at, orthonormal, unchanged
from ferrip.fitting.radials.rows import RadialRows, evaluator
from ferrip.fitting.regressors import LinearFit
from ferrip.fitting.rows import RowSource, stream
from ferrip.fitting.selection import spread
from ferrip.fitting.tsqr import F64, RFactor

SAMPLE_ATOMS = 6000
"""Atoms of the frames that θ is learned on, at most (one frame at least)."""
ITERATIONS = 8
TOLERANCE = 0.01
"""Relative decrease of the held-out error of energies times that of forces that is worth another iteration."""
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
    for iteration in range(ITERATIONS):
        moved = _moved(best, frames)
        if moved is None:
            break
        new = _point(problem, orthonormal(moved), frames)
        ratio = new.error / first.error
        reporter.note(f"radial functions, iteration {iteration + 1}: held-out error {ratio:.4f} of the first")
        enough = new.error > best.error * (1 - TOLERANCE)
        best = min(best, new, key=lambda point: point.error)
        if enough:
            break
    return problem if best is first else best.problem


def _point(problem: Problem, theta: F64, frames: Sequence[Frame]) -> Point:
    """The linear problem at θ."""
    own = at(problem, theta)
    factors = _factors(own.source, frames)
    choice = own.chosen(factors, use_stress=False)
    fit = own.solve(factors, use_stress=False, choice=choice)
    # without folds, generalised cross-validation stands in (λ given: the residual)
    error = fit.objective if choice is None else float(np.exp(choice.criterion))
    return Point(theta=theta, problem=own, fit=fit, error=fit.noise_variance if np.isnan(error) else error)


def _moved(point: Point, frames: Sequence[Frame]) -> F64 | None:
    """θ after one damped step, or `None` if none lowers the loss."""
    problem, theta, c = point.problem, point.theta, point.fit.coefficients
    rows = RadialRows.of(problem, theta, c)
    weights = dict(point.fit.weights or problem.weights(use_stress=False))
    joint = problem.combined(_factors(rows, frames), weights)
    coordinates = Coordinates.of(problem.prior.groups, np.ones((1, len(c)), bool))
    roughness = np.minimum(problem.prior.penalty(joint), UNSEEN_PENALTY)
    penalty = np.append(point.fit.ridge**0.5 * roughness, np.zeros(theta.size))
    here = np.append(coordinates.of_coefficients(c), theta.ravel())
    damped = np.append(np.zeros(len(c), bool), np.ones(theta.size, bool))

    def loss(vector: F64) -> float:
        own = coordinates.coefficients(vector[: len(c)])
        at_theta = evaluator(problem, vector[len(c) :].reshape(theta.shape), own)
        errors = squared_errors(problem.source, at_theta, frames, weights)
        return errors + float(np.sum((penalty * vector) ** 2))

    step = damped_step(coordinates.problem(joint), penalty, here, loss, loss(here), damped=damped)
    return None if step is None else step.vector[len(c) :].reshape(theta.shape)


def _factors(source: RowSource, frames: Sequence[Frame]) -> dict[str, RFactor]:
    factors = source.factors()
    stream(source, frames, factors, 0, lambda _: None)
    return factors
