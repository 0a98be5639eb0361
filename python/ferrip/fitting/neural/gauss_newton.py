"""Networks by Gauss-Newton steps: members of a committee, their checkpoints, and dimers that repel."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferrip.data import Frame
from ferrip.fitting import checkpoint as checkpoints
from ferrip.fitting.interrupted import Interrupted
from ferrip.fitting.neural.newton import Iteration, Rows, State, Stored, report, room_for_gradients, train
from ferrip.fitting.neural.numbers import Numbers
from ferrip.fitting.neural.projection import whitened
from ferrip.fitting.neural.rest import Rest
from ferrip.fitting.neural.settings import NeuralSettings
from ferrip.fitting.nonlinear.loss import WeightedLabels
from ferrip.fitting.problem import Problem
from ferrip.fitting.progress import Reporter
from ferrip.fitting.regressors import LinearFit
from ferrip.fitting.rows import n_rows
from ferrip.fitting.tsqr import LeastSquares
from ferrip.interrupt import Interruption
from ferrip.modelfile import Arrays
from ferrip.models.family import network_inputs
from ferrip.network import Architecture, Network
from ferrip.potential import Potential
from ferrip.training.held_out import held_out

F64 = NDArray[np.float64]

NOTHING = "no networks predict the held-out frames better than the linear potential, which stands"


def inputs_of(linear: Potential, *, pairs: bool) -> dict[int, slice]:
    """Columns of the functions that the network of every element takes, with or without pair functions."""
    descriptor = linear.descriptor
    if pairs:
        return {z: slice(*descriptor.feature_range(z)) for z in linear.elements}
    return {z: network_inputs(descriptor, z) for z in linear.elements}


def newton_size(inputs: Mapping[int, slice], solution: LinearFit, architecture: Architecture) -> int:
    """Numbers of a Gauss-Newton step."""
    rest = Rest(widths=architecture.hidden, activation=architecture.activation)
    counts = [own.stop - own.start + 1 for own in inputs.values()]
    return solution.posterior_factor.shape[1] + sum(rest.widths[0] * one + rest.size for one in counts)


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """What the members of a committee have in common.

    Attributes
    ----------
    problem, solution, least_squares
        The linear fit.
    labels, values
        Training frames with their weighted labels, and their features.
    n_known
        Frames of them that are data, the first ones; frames with closer pairs follow.
    rest
        The layers behind the first.
    settings, reporter, checkpoint
        Of the training.
    """

    problem: Problem
    solution: LinearFit
    least_squares: LeastSquares
    labels: WeightedLabels
    n_known: int
    values: list[F64]
    rest: Rest
    settings: NeuralSettings
    reporter: Reporter
    checkpoint: str | os.PathLike[str] | None
    _stored: dict[bool, Stored] = field(default_factory=dict, init=False, repr=False)

    @property
    def frames(self) -> Sequence[Frame]:
        """The training frames."""
        return self.labels.frames

    @property
    def count(self) -> int:
        """Networks that are trained."""
        return max(self.settings.committee, self.settings.averaged or 1)

    def takes_pairs(self, number: int) -> bool:
        """Whether a network takes pair functions; where half of them do, the first ones."""
        half = 2 * number < self.count or self.settings.committee > 1
        return {"all": True, "half": half, "none": False}[self.settings.pair_inputs]

    def member(self, number: int, linear: Potential, *, free: bool) -> tuple[Potential, dict[str, Any]]:
        """One potential with networks, and a report; the linear coefficients are trained, too, if they are `free`."""
        settings, known = self.settings, self.frames[: self.n_known]
        held = held_out(known, settings.held_out, number / self.count)
        held += [False] * (len(self.frames) - self.n_known)
        rng = np.random.default_rng(settings.seed + number)
        pairs = self.takes_pairs(number)
        if pairs not in self._stored:
            self._stored.clear()
            self._stored[pairs] = Stored(room=room_for_gradients(self.problem.settings.max_memory))
        numbers = self._numbers(linear, inputs_of(linear, pairs=pairs), free=free, rng=rng)
        stored = self._stored[pairs]
        training, judging = (
            self._rows(numbers, [out is side for out in held], stored) for side in (False, True)
        )
        atoms = {
            z: np.concatenate(
                [v[f.numbers == z] for v, f in zip(training.values, training.frames, strict=True)]
            )
            for z in linear.elements
        }
        first = numbers.start(atoms, rng)
        state = State(vector=first, best=numbers.start_linear, lowest=1.0)
        key = checkpoints.run_key(
            self.problem.key,
            {
                "networks": asdict(self.rest),
                "member": number,
                **settings.model_dump(),
                "weights": self._weights,
            },
        )
        path = None if self.checkpoint is None else checkpoints.part(self.checkpoint, number)
        if (
            path is not None
            and checkpoints.read(path, key, lambda *parts: _restore(state, *parts)) is not None
        ):
            self.reporter.note(f"continuing after step {len(state.iterations)} ({os.fspath(path)})")
        with Interruption() as stop:

            def after_step(now: State) -> None:
                _tell(now, self.reporter)
                if path is not None:
                    checkpoints.write(path, key, *_dump(now))
                if stop.requested:
                    where = "" if path is None else f"; the same command continues from {os.fspath(path)}"
                    raise Interrupted(f"stopped after step {len(now.iterations)}{where}")

            train(state, training, judging, settings, after_step)
        if state.latest == 0:
            self.reporter.note(NOTHING)
            potential = replace(linear, networks=numbers.nothing())
        else:
            potential = numbers.potential(state.best, e0=linear.e0)
        return potential, report(state, settings, held)

    @property
    def _weights(self) -> float:
        """Stands for the weights of the labels in keys."""
        return float(np.sum(self.labels.weight))

    def _numbers(
        self, linear: Potential, inputs: Mapping[int, slice], *, free: bool, rng: np.random.Generator
    ) -> Numbers:
        solution, r, strength = self.solution, self.least_squares.r, self.settings.network_prior
        assert strength is not None
        root = solution.posterior_factor / (solution.noise_variance or 1.0) ** 0.5
        if not free:
            root = root[:, :0]
        rows = r @ root
        penalty = solution.ridge**0.5 * self.problem.prior.penalty(self.least_squares)
        chosen, priors = whitened(inputs, self.frames, self.values, r, penalty)
        return Numbers.of(
            linear,
            root,
            np.eye(root.shape[1]) - rows.T @ rows,
            chosen,
            priors,
            self.rest,
            strength,
            solution.noise_variance,
            rng,
        )

    def _rows(self, numbers: Numbers, used: Sequence[bool], stored: Stored) -> Rows:
        frames = [frame for frame, use in zip(self.frames, used, strict=True) if use]
        values = [one for one, use in zip(self.values, used, strict=True) if use]
        kept = np.repeat(used, [n_rows(frame) for frame in self.frames])
        labels = replace(
            self.labels, frames=frames, target=self.labels.target[kept], weight=self.labels.weight[kept]
        )
        return Rows(numbers, frames, values, labels, np.flatnonzero(used).tolist(), stored)


def by_gauss_newton(
    linear: Potential, trainer: Trainer
) -> tuple[Potential, list[dict[int, Network]], list[dict[str, Any]]]:
    """A potential with new linear coefficients, networks of every member of the committee beside it, and reports."""
    potential, found, reports = linear, [], []
    committee = trainer.settings.committee > 1
    for number in range(trainer.count):
        if trainer.count > 1:
            trainer.reporter.note(f"network {number + 1} of {trainer.count}")
        trained, told = trainer.member(number, potential, free=number == 0 or not committee)
        found.append(trained)
        reports.append(told)
        if committee:
            potential = replace(trained, networks=None)
    networks = [dict(one.networks or {}) for one in found]
    if committee:
        return potential, networks, reports
    inputs = {z: max(own[z].n_inputs for own in networks) for z in linear.elements}
    mean = {
        z: replace(Network.mean([own[z].widened(count) for own in networks]), members=1)
        for z, count in inputs.items()
    }
    coefficients = np.mean([one.coefficients for one in found], axis=0)
    return replace(linear, coefficients=coefficients), [mean], reports


def _tell(state: State, reporter: Reporter) -> None:
    if len(state.iterations) == 1:
        reporter.note(" step    loss, held out / linear   meV/atom   meV/Å   damping  seconds")
    one = state.iterations[-1]
    reporter.note(
        f"{len(state.iterations):5d}  {one.training:10.3e}  {one.held_out:10.3e} {one.energy:10.3f} "
        f"{one.forces:7.1f}  {one.damping:8.1e} {state.seconds:8.0f}"
    )


NUMBERS = ("lowest", "latest", "damping", "done", "seconds")


def _dump(state: State) -> tuple[Arrays, dict[str, str]]:
    numbers = {name: getattr(state, name) for name in NUMBERS}
    text = json.dumps(numbers | {"iterations": [asdict(one) for one in state.iterations]})
    return {"vector": state.vector, "best": state.best}, {"state": text}


def _restore(state: State, arrays: Arrays, text: dict[str, str]) -> int:
    numbers = json.loads(text["state"])
    state.vector, state.best = (
        np.asarray(arrays[name]).reshape(state.vector.shape) for name in ("vector", "best")
    )
    state.iterations = [Iteration(**one) for one in numbers.pop("iterations")]
    for name in NUMBERS:
        setattr(state, name, numbers[name])
    return len(state.iterations)
