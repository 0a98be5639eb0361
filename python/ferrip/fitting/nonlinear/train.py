"""Training of embedded densities: rungs of the ladder, iterations in a rung, checkpoint, progress."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferrip.fitting.interrupted import Interrupted
from ferrip.fitting.nonlinear import state as states
from ferrip.fitting.nonlinear.coordinates import Coordinates
from ferrip.fitting.nonlinear.densities import Densities, Terms
from ferrip.fitting.nonlinear.ladder import Rung, rungs
from ferrip.fitting.nonlinear.levenberg import Step, damped_step
from ferrip.fitting.nonlinear.linearization import Linearization
from ferrip.fitting.nonlinear.loss import WeightedLabels
from ferrip.fitting.nonlinear.rows import LinearizedRows
from ferrip.fitting.nonlinear.settings import TrainingSettings
from ferrip.fitting.nonlinear.start import SIZES, Start
from ferrip.fitting.problem import Problem
from ferrip.fitting.progress import Reporter
from ferrip.fitting.regressors import BayesianRidge, LinearFit, Regressor, Ridge
from ferrip.fitting.tsqr import F64, RFactor
from ferrip.interrupt import Interruption

Linear = Callable[[], tuple[dict[str, RFactor], LinearFit, str]]
"""Factors and solution of the linear problem, and what was done with the stress labels (`"used"` or why not)."""

UNSEEN_PENALTY = 1e6
"""Γ of coefficients that neither the data nor their relatives decide; they stay 0."""


@dataclass(frozen=True, kw_only=True)
class Trained:
    """Result of the training.

    Attributes
    ----------
    densities
        The trained densities.
    fit
        Ridge, noise and posterior of the last linearisation (Laplace approximation); its coefficients are the free
        ones of `densities`.
    stress_note
        What was done with the stress labels.
    report
        Iterations, loss and why the training ended (JSON types).
    """

    densities: Densities
    fit: LinearFit
    stress_note: str
    report: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """What does not change during the training."""

    problem: Problem
    settings: TrainingSettings
    terms: Terms
    reporter: Reporter
    checkpoint: str | os.PathLike[str] | None
    key: str = field(init=False)

    def __post_init__(self) -> None:
        key = states.run_key(self.problem, self.settings, self.terms)
        object.__setattr__(self, "key", key)

    def train(self, linear: Linear) -> Trained:
        """Train from the linear problem, or from the checkpoint of the same training.

        Raises
        ------
        Interrupted
            After Ctrl-C or SIGTERM; the message says where the checkpoint is.
        """
        ladder = rungs(self.problem, self.settings, len(self.terms))
        state = None if self.checkpoint is None else states.load(self.checkpoint, self.key)
        if state is None:
            state = self._linear_state(linear, ladder)
            self._save(state)
        else:
            self.reporter.note(f"continuing on rung {state.rung + 1} after {state.iteration} iterations")
        last: Linearization | None = None
        with Interruption() as stop:
            while state.rung < len(ladder):
                last = None
                state, last = self._iterate(state, ladder, stop)
                self._save(state)
                self._honour(stop)
            return self._trained(state, last, ladder[-1], stop)

    def _linear_state(self, linear: Linear, ladder: list[Rung]) -> states.State:
        """The state before the first iteration: weights, prior and solutions of the linear problem."""
        factors, solution, note = linear()
        weights = dict(solution.weights or self.problem.weights(use_stress=note == "used"))
        weighted = self.problem.combined(factors, weights)
        regressor, prior = self._regressor(solution.ridge), self.problem.prior
        own = [prior.solve(regressor, weighted, rung.functions).coefficients for rung in ladder[:-1]]
        return states.State(
            coefficients=np.zeros((len(self.terms), len(solution.coefficients))),
            linear=np.stack([*own, solution.coefficients]),
            penalty=prior.penalty(weighted),
            stress_note=note,
            weights=weights,
            ridge=solution.ridge,
        )

    def _iterate(
        self, state: states.State, ladder: list[Rung], stop: Interruption
    ) -> tuple[states.State, Linearization]:
        """One linearisation and the step from it; ends the rung where nothing more is to be had."""
        rung = ladder[state.rung]
        if state.iteration == 0:
            densities, (problem, step, before) = self._first(state, rung, stop)
        else:
            densities = self._densities(state.coefficients, rung)
            problem, step, before = self._step(densities, state, rung, stop)
        label = f"rung {state.rung + 1} of {len(ladder)}, iteration {state.iteration + 1}"
        if step is None:
            self.reporter.note(f"{label}: loss {before:.6g}, no step lowers it")
            state = replace(state, coefficients=densities.coefficients)
            return state.next_rung("no step lowers the loss"), problem
        self.reporter.note(f"{label}: loss {before:.6g} → {step.loss:.6g}, damping {step.damping:.1e}")
        state = replace(
            state,
            coefficients=densities.moved(step.vector).coefficients,
            iteration=state.iteration + 1,
            total=state.total + 1,
            loss=step.loss,
            damping=step.damping,
        )
        if before - step.loss < self.settings.tolerance * step.loss:
            return state.next_rung("converged"), problem
        if state.iteration >= self.settings.iterations:
            return state.next_rung("largest number of iterations"), problem
        return state, problem

    def _first(
        self, state: states.State, rung: Rung, stop: Interruption
    ) -> tuple[Densities, tuple[Linearization, Step | None, float]]:
        """Start of a rung and the step from it: what the rung below has reached, unless that loses to linear starts."""
        linear, start = state.linear[state.rung], self._start(state, rung)
        best = None

        def attempt(coefficients: F64) -> tuple[float, Densities, tuple[Linearization, Step | None, float]]:
            densities = self._densities(coefficients, rung)
            outcome = self._step(densities, state, rung, stop)
            return outcome[2] if outcome[1] is None else outcome[1].loss, densities, outcome

        if state.rung:
            further = state.coefficients.copy()
            further[0] += linear - state.linear[state.rung - 1]
            best = attempt(start.best([state.coefficients, further]))
        if best is None or best[0] > start.loss(start.alone(linear)):
            for size in SIZES if len(self.terms) > 1 else SIZES[:1]:
                tried = attempt(start.curved(linear, size))
                best = tried if best is None or tried[0] < best[0] else best
        assert best is not None
        return best[1:]

    def _start(self, state: states.State, rung: Rung) -> Start:
        """What starts are compared on."""
        every = np.ones(state.coefficients.shape, bool)
        coordinates = Coordinates.of(self.problem.prior.groups, every)
        penalty = state.ridge**0.5 * _finite(self._prior(state)[every])

        def penalised(coefficients: F64) -> float:
            return float(np.sum((penalty * coordinates.of_coefficients(coefficients[every])) ** 2))

        return Start(
            source=self.problem.source,
            labels=self._labels(state, rung),
            terms=self.terms,
            penalised=penalised,
        )

    def _prior(self, state: states.State) -> F64:
        """(P, K) Γ of all coefficients."""
        factor = np.where(self._is_linear, 1.0, self.settings.density_prior)
        return np.outer(factor, state.penalty)

    @property
    def _is_linear(self) -> NDArray[np.bool_]:
        """(P,) whether the energy is linear in a density."""
        return np.array([m == 1.0 for _, m in self.terms])

    def _step(
        self, densities: Densities, state: states.State, rung: Rung, stop: Interruption
    ) -> tuple[Linearization, Step | None, float]:
        """Linearised problem, step (if there is one; in coefficients) and penalised loss before it."""
        source, labels = self.problem.source, self._labels(state, rung)
        coordinates = Coordinates.of(self.problem.prior.groups, densities.free)
        problem = self._linearized(densities, state, rung, stop)

        def loss(vector: F64) -> float:
            moved = densities.moved(coordinates.coefficients(vector))
            evaluator = moved.evaluator(source.descriptor, source.repulsion)
            return labels.squared_error(evaluator) + float(np.sum((problem.penalty * vector) ** 2))

        before = loss(problem.here)
        step = damped_step(problem, loss, before, state.damping)
        if step is not None:
            step = replace(step, vector=coordinates.coefficients(step.vector))
        return problem, step, before

    def _labels(self, state: states.State, rung: Rung) -> WeightedLabels:
        """What the rung is judged by."""
        return WeightedLabels.of(self.problem.source, rung.frames(self.problem.frames), state.weights)

    def _regressor(self, ridge: float) -> Regressor:
        """The regressor of the settings with the λ of the linear problem, so that all losses compare."""
        regressor = self.problem.settings.regressor()
        return replace(regressor, ridge=ridge) if isinstance(regressor, Ridge | BayesianRidge) else regressor

    def _linearized(
        self, densities: Densities, state: states.State, rung: Rung, stop: Interruption
    ) -> Linearization:
        """The problem linearised at `densities`."""
        frames = rung.frames(self.problem.frames)
        with self.reporter.bar("linearising", len(frames)) as advance:

            def after_block(done: int) -> None:
                advance(done)
                self._honour(stop)

            return Linearization.of(
                LinearizedRows.of(self.problem.source, densities),
                frames,
                state.weights,
                Coordinates.of(self.problem.prior.groups, densities.free),
                state.ridge**0.5 * _finite(self._prior(state)[densities.free]),
                np.broadcast_to(self._is_linear[:, None], densities.free.shape)[densities.free],
                after_block,
            )

    def _densities(self, coefficients: F64, rung: Rung) -> Densities:
        free = np.tile(rung.functions, (len(self.terms), 1))
        return Densities(terms=self.terms, coefficients=coefficients, free=free)

    def _trained(
        self, state: states.State, problem: Linearization | None, last: Rung, stop: Interruption
    ) -> Trained:
        """The result: the densities, or the linear potential should that be closer to the labels."""
        start = self._start(state, last)
        linear = start.alone(state.linear[-1])
        errors = [start.error(coefficients) for coefficients in (state.coefficients, linear)]
        if errors[0] > errors[1]:
            self.reporter.note("no densities fit better than the linear potential, which stands")
            state, problem = replace(state, coefficients=linear), None
        densities = self._densities(state.coefficients, last)
        if problem is None:  # also where the checkpoint is of a training that had ended
            problem = self._linearized(densities, state, last, stop)
        report = {
            "iterations": state.total,
            "loss": state.loss,
            "ended": state.ended,
            "squared_error": min(errors),
            "linear_squared_error": errors[1],
        }
        fit = self._solved(problem, state, densities)
        return Trained(densities=densities, fit=fit, stress_note=state.stress_note, report=report)

    def _solved(self, problem: Linearization, state: states.State, densities: Densities) -> LinearFit:
        """Solution and posterior of a linearised problem, in coefficients."""
        coordinates = Coordinates.of(self.problem.prior.groups, densities.free)
        penalty = self._prior(state)[densities.free]
        fit = self._regressor(state.ridge).solve(problem.least_squares(), penalty)
        return replace(
            fit,
            coefficients=coordinates.coefficients(fit.coefficients),
            posterior_factor=coordinates.coefficients(fit.posterior_factor),
            weights=state.weights,
        )

    def _save(self, state: states.State) -> None:
        if self.checkpoint is not None:
            states.save(self.checkpoint, self.key, state)

    def _honour(self, stop: Interruption) -> None:
        """Raises Interrupted if that was asked for; the checkpoint is that of the last iteration."""
        if stop.requested:
            raise Interrupted(self.stopped)

    @property
    def stopped(self) -> str:
        """What an interruption says."""
        if self.checkpoint is None:
            return "stopped during the training"
        return f"stopped during the training; the same command continues from {os.fspath(self.checkpoint)}"


def _finite(penalty: F64) -> F64:
    """Γ with a large number where it is infinite."""
    return np.where(np.isfinite(penalty), penalty, UNSEEN_PENALTY)
