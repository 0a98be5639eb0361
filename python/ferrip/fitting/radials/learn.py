"""The iterations that learn radial functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from pydantic import BaseModel
from scipy.linalg import solve_triangular

from ferrip.data import Frame
from ferrip.fitting.nonlinear.coordinates import Coordinates
from ferrip.fitting.problem import Problem
from ferrip.fitting.progress import Reporter
from ferrip.fitting.radials.rows import LearnsRadials, RadialRows, at
from ferrip.fitting.regressors import LinearFit
from ferrip.fitting.rows import RowSource, stream
from ferrip.fitting.selection import spread
from ferrip.fitting.tsqr import F64, RFactor, stacked

SAMPLE_ATOMS = 6000
"""Atoms of the frames that θ is learned on, at most (one frame at least)."""
LOWER_SAMPLE_ATOMS = 3000
"""As `SAMPLE_ATOMS`, on the lower rungs of a ladder."""
ITERATIONS = 15
TOLERANCE = 0.005
"""Relative decrease of the loss that is worth another iteration."""
DAMPING = 1e-4
"""Damping of the first step."""
RATIO = 10.0
"""Between the dampings that are tried."""
TRIALS = 6
"""Dampings that are tried per iteration, at most."""
LEAST_SCALE = 1e-10
"""Least scale of a damped number, relative to the largest."""
UNSEEN_PENALTY = 1e6
"""Γ of coefficients that neither the data nor their relatives decide; they stay 0."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """θ with the best c for it.

    Attributes
    ----------
    theta
        θ.
    problem
        The problem at θ.
    factors
        Its factors.
    """

    theta: F64
    problem: Problem
    factors: dict[str, RFactor]

    @cached_property
    def fit(self) -> LinearFit:
        """Its solution, λ and weights chosen on held-out blocks."""
        return self.problem.solve(self.factors, use_stress=False)

    @property
    def weights(self) -> Mapping[str, float]:
        """Factors on the rows of each quantity."""
        return self.fit.weights or self.problem.weights(use_stress=False)

    def loss(self, ridge: float, weights: Mapping[str, float]) -> float:
        """Smallest penalised loss for any c, with given λ and weights."""
        prior = self.problem.prior
        linear = self.problem.combined(self.factors, weights)
        penalty = ridge**0.5 * np.minimum(prior.penalty(linear), UNSEEN_PENALTY)
        linear = Coordinates.of(prior.groups, np.ones((1, len(penalty)), bool)).problem(linear)
        return stacked(linear, penalty, np.zeros_like(penalty)).rho2


def with_learned_radials(problem: Problem, settings: BaseModel, reporter: Reporter) -> Problem:
    """`problem` with radial functions that fit a sample of its frames best.

    Energies and forces alone decide.

    Parameters
    ----------
    problem
        The problem, whose family is a `LearnsRadials`.
    settings
        Settings of the family.
    reporter
        Gets a line per iteration.
    """
    family = cast(LearnsRadials, problem.family)
    rungs = family.radial_ladder(settings, problem.resolved)
    learned: F64 | None = None
    for place, resolved in enumerate(rungs):
        theta = family.radials_of(resolved)
        if theta.size == 0:
            return problem
        if learned is not None:
            theta[: len(learned)] = learned
        last = place == len(rungs) - 1
        frames = spread(problem.frames, SAMPLE_ATOMS if last else LOWER_SAMPLE_ATOMS)
        label = (
            "radial functions" if len(rungs) == 1 else f"radial functions, rung {place + 1} of {len(rungs)}"
        )
        learned = _learned(problem.rebuilt(resolved), orthonormal(theta), frames, label, reporter)
    return problem if learned is None else at(problem, learned)


def orthonormal(theta: F64) -> F64:
    """Orthonormal rows of which every one is a combination of the first rows of θ up to its own."""
    q, r = np.linalg.qr(theta.T)
    return (q * np.sign(np.diag(r))).T


def _learned(problem: Problem, theta: F64, frames: Sequence[Frame], label: str, reporter: Reporter) -> F64:
    """θ after the iterations of a rung."""
    point, damping = _point(problem, theta, frames), DAMPING
    for iteration in range(ITERATIONS):
        before = point.loss(point.fit.ridge, point.weights)
        found = _searched(point, before, frames, damping)
        if found is None:
            break
        point, after, damping = found
        reporter.note(
            f"{label}, iteration {iteration + 1}: loss {before:.5g} → {after:.5g}, damping {damping:.0e}"
        )
        if after > before * (1 - TOLERANCE):
            break
    return point.theta


def _searched(
    point: Point, before: float, frames: Sequence[Frame], damping: float
) -> tuple[Point, float, float] | None:
    """The best of several steps from a point, with its loss and damping; `None` where none lowers the loss.

    The damping falls as long as that is better, or rises until a step is better at all.
    """
    step, best, lowest, ratio = _Step(point, frames), None, before, 1 / RATIO
    for _ in range(TRIALS):
        trial = step.reached(damping)
        loss = trial.loss(point.fit.ridge, point.weights)
        if loss < lowest:
            best, lowest = (trial, loss, damping), loss
            if ratio > 1:
                break
        elif best is not None:
            break
        else:
            ratio = RATIO
        damping *= ratio
    return best


def _point(problem: Problem, theta: F64, frames: Sequence[Frame]) -> Point:
    """The linear problem at θ."""
    own = at(problem, theta)
    return Point(theta=theta, problem=own, factors=_factors(own.source, frames))


class _Step:
    """The problem linearised at a point, for steps of any damping."""

    def __init__(self, point: Point, frames: Sequence[Frame]) -> None:
        self.point, self.frames = point, frames
        problem, c = point.problem, point.fit.coefficients
        rows = RadialRows.of(problem, point.theta, c)
        joint = problem.combined(_factors(rows, frames), point.weights)
        coordinates = Coordinates.of(problem.prior.groups, np.ones((1, len(c)), bool))
        roughness = np.minimum(problem.prior.penalty(joint), UNSEEN_PENALTY)
        penalty = np.append(point.fit.ridge**0.5 * roughness, np.zeros(point.theta.size))
        self.penalized = stacked(coordinates.problem(joint), penalty, np.zeros_like(penalty))
        scale = np.linalg.norm(self.penalized.r, axis=0)
        # Functions of pairs that no frame holds keep their numbers.
        scale = np.maximum(scale, LEAST_SCALE * scale[len(c) :].max())
        self.scale = np.where(np.arange(len(scale)) < len(c), 0.0, scale)
        self.start = np.append(coordinates.of_coefficients(c), point.theta.ravel())

    def reached(self, damping: float) -> Point:
        """The point that the step of this damping leads to."""
        rows = np.sqrt(damping) * self.scale
        damped = stacked(self.penalized, rows, rows * self.start)
        vector = solve_triangular(damped.r, damped.q)
        theta = vector[-self.point.theta.size :].reshape(self.point.theta.shape)
        return _point(self.point.problem, orthonormal(theta), self.frames)


def _factors(source: RowSource, frames: Sequence[Frame]) -> dict[str, RFactor]:
    factors = source.factors()
    stream(source, frames, factors, 0, lambda _: None)
    return factors
