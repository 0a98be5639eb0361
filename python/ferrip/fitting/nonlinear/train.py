"""Training of embedded densities: rungs of the ladder, iterations in a rung, checkpoint, progress."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferrip.fitting.folds import choose
from ferrip.fitting.interrupted import Interrupted
from ferrip.fitting.nonlinear import state as states
from ferrip.fitting.nonlinear.coordinates import Coordinates
from ferrip.fitting.nonlinear.densities import Densities, Terms
from ferrip.fitting.nonlinear.ladder import rungs, start
from ferrip.fitting.nonlinear.levenberg import Step, damped_step
from ferrip.fitting.nonlinear.loss import WeightedLabels
from ferrip.fitting.nonlinear.rows import LinearizedRows
from ferrip.fitting.nonlinear.settings import TrainingSettings
from ferrip.fitting.problem import Problem, by_fold
from ferrip.fitting.progress import Reporter
from ferrip.fitting.regressors import LinearFit, Regressor, Ridge
from ferrip.fitting.rows import stream
from ferrip.fitting.tsqr import F64, RFactor
from ferrip.interrupt import Interruption

Linear = Callable[[], tuple[dict[str, RFactor], LinearFit, str]]
"""Factors and solution of the linear problem, and what was done with the stress labels (`"used"` or why not)."""

CHOOSING_ITERATIONS = 3
"""Iterations of a rung that choose λ anew; later ones keep it, so that their losses compare."""
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
        masks = rungs(self.problem, self.settings)
        state = None if self.checkpoint is None else states.load(self.checkpoint, self.key)
        if state is None:
            state = self._started(linear, masks[0])
            self._save(state)
        else:
            self.reporter.note(f"continuing on rung {state.rung + 1} after {state.iteration} iterations")
        fit: LinearFit | None = None
        with Interruption() as stop:
            while state.rung < len(masks):
                state, fit = self._iterate(state, masks, stop)
                self._save(state)
                self._honour(stop)
            return self._trained(state, fit, masks, stop)

    def _started(self, linear: Linear, rung: NDArray[np.bool_]) -> states.State:
        """The state before the first iteration, with weights and start of the linear problem."""
        factors, solution, note = linear()
        weights = dict(solution.weights or self.problem.weights(use_stress=note == "used"))
        weighted = self.problem.combined(factors, weights)
        densities = start(self.problem, weighted, rung, self.terms)
        penalty = self.problem.prior.penalty(weighted)
        return states.State(
            coefficients=densities.coefficients, penalty=penalty, stress_note=note, weights=weights
        )

    def _iterate(
        self, state: states.State, masks: list[Any], stop: Interruption
    ) -> tuple[states.State, LinearFit]:
        """One linearisation and the step from it; ends the rung where nothing more is to be had."""
        densities = self._densities(state, masks[state.rung])
        fit, step, before = self._step(densities, state, stop)
        label = f"rung {state.rung + 1} of {len(masks)}, iteration {state.iteration + 1}"
        if step is None:
            self.reporter.note(f"{label}: loss {before:.6g}, no step lowers it")
            return state.next_rung("no step lowers the loss"), fit
        self.reporter.note(f"{label}: loss {before:.6g} → {step.loss:.6g}, damping {step.damping:.1e}")
        state = replace(
            state,
            coefficients=densities.moved(step.vector).coefficients,
            iteration=state.iteration + 1,
            total=state.total + 1,
            loss=step.loss,
            ridge=fit.ridge,
            damping=step.damping,
        )
        if before - step.loss < self.settings.tolerance * step.loss:
            return state.next_rung("converged"), fit
        if state.iteration >= self.settings.iterations:
            return state.next_rung("largest number of iterations"), fit
        return state, fit

    def _step(
        self, densities: Densities, state: states.State, stop: Interruption
    ) -> tuple[LinearFit, Step | None, float]:
        """Linearised fit, step (if there is one) and penalised loss before it."""
        source = self.problem.source
        labels = WeightedLabels.of(source, self.problem.frames, state.weights)
        coordinates = Coordinates.of(self.problem.prior.groups, densities.free)
        factors = self._stream(densities, stop)
        linearized = coordinates.problem(self.problem.combined(factors, state.weights))
        prior = np.array([1.0 if m == 1.0 else self.settings.density_prior for _, m in self.terms])
        penalty = np.outer(prior, state.penalty)[densities.free]
        regressor = self._regressor(state, factors, coordinates, penalty)
        fit = replace(regressor.solve(linearized, penalty), weights=state.weights)
        rows = fit.ridge**0.5 * np.where(np.isfinite(penalty), penalty, UNSEEN_PENALTY)

        def loss(vector: F64) -> float:
            moved = densities.moved(coordinates.coefficients(vector))
            evaluator = moved.evaluator(source.descriptor, source.repulsion)
            return labels.squared_error(evaluator) + float(np.sum((rows * vector) ** 2))

        here = coordinates.of_coefficients(densities.vector)
        before = loss(here)
        step = damped_step(linearized, rows, here, loss, before, state.damping)
        if step is not None:
            step = replace(step, vector=coordinates.coefficients(step.vector))
        return _correlated(fit, coordinates), step, before

    def _regressor(
        self, state: states.State, factors: dict[str, RFactor], coordinates: Coordinates, penalty: F64
    ) -> Regressor:
        """The regressor of the settings; an open λ is chosen on held-out blocks in the first iterations of a rung."""
        regressor, settings = self.problem.settings.regressor(), self.problem.settings
        if not isinstance(regressor, Ridge) or regressor.ridge is not None or settings.ridge_by != "folds":
            return regressor
        if state.ridge is not None and state.iteration >= CHOOSING_ITERATIONS:
            return replace(regressor, ridge=state.ridge)
        choice = choose(by_fold(factors, state.weights), [state.weights], penalty, coordinates.columns)
        return regressor if choice is None else replace(regressor, ridge=choice.ridge)

    def _stream(self, densities: Densities, stop: Interruption) -> dict[str, RFactor]:
        """Factors of the problem linearised at `densities`."""
        frames = self.problem.frames
        rows = LinearizedRows.of(self.problem.source, densities)
        factors = rows.factors()
        with self.reporter.bar("linearising", len(frames)) as advance:

            def after_block(done: int) -> None:
                advance(done)
                self._honour(stop)

            stream(rows, frames, factors, 0, after_block)
        return factors

    def _densities(self, state: states.State, mask: Any) -> Densities:
        return Densities(
            terms=self.terms, coefficients=state.coefficients, free=np.tile(mask, (len(self.terms), 1))
        )

    def _trained(
        self, state: states.State, fit: LinearFit | None, masks: list[Any], stop: Interruption
    ) -> Trained:
        densities = self._densities(replace(state, rung=len(masks) - 1), masks[-1])
        if fit is None:  # the checkpoint is of a training that had ended
            fit = self._step(densities, state, stop)[0]
        report = {"iterations": state.total, "loss": state.loss, "ended": state.ended}
        return Trained(densities=densities, fit=fit, stress_note=state.stress_note, report=report)

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


def _correlated(fit: LinearFit, coordinates: Coordinates) -> LinearFit:
    """The fit in terms of the coefficients."""
    return replace(
        fit,
        coefficients=coordinates.coefficients(fit.coefficients),
        posterior_factor=coordinates.coefficients(fit.posterior_factor),
    )
