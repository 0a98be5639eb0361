"""Damped Gauss–Newton steps in all numbers of a potential with networks: the linear coefficients are among them.

A network has few numbers, so that the normal equations JᵀJ + Λ of the weighted rows are formed, and every step takes
the damping μ in JᵀJ + Λ + μ D that lowers the true loss the most (Marquardt, doi:10.1137/0111030). Λ is the prior of
the linear fit, for the coefficients and for the first layer; D is the diagonal, 0 for the coefficients, in which the
model is linear.
"""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from threadpoolctl import threadpool_limits

from ferrip import _core
from ferrip.blas import blas_threads
from ferrip.data import Frame
from ferrip.fitting.neural.jacobian import Centers
from ferrip.fitting.neural.numbers import Numbers
from ferrip.fitting.neural.rest import Derivatives
from ferrip.fitting.neural.settings import NeuralSettings
from ferrip.fitting.nonlinear.loss import WeightedLabels, predicted_rows
from ferrip.fitting.rows import n_rows

F64 = NDArray[np.float64]

DAMPINGS = (1e-6, 1e-4, 1e-2, 1.0, 1e2)
"""First dampings that are tried."""
AROUND = (1e-2, 1e-1, 1.0, 1e1)
"""Dampings that are tried, relative to that of the step before."""
BEYOND = (1e1, 1e2, 1e3, 1e4)
"""Dampings that are tried, relative to the largest of these, one after the other where none lowers the loss."""
JITTER = 1e-12
"""Damping of everything that keeps the factorisation from failing."""
STORED = 8 * 2**30
"""Bytes of gradients that are kept between steps, at most."""
SHARE_OF_MACHINE, SHARE_OF_LIMIT = 0.3, 0.5
"""Share of the memory of the machine, and of what the settings allow, that they may take."""
ROWS_TOGETHER = 2000
"""Rows whose products are summed at a time."""
BYTES_TOGETHER = 2 * 10**9
"""Memory of products that wait to be summed, at most."""


@dataclass(frozen=True, kw_only=True)
class Iteration:
    """What a step has reached; losses without the prior, relative to those of the linear potential.

    Attributes
    ----------
    training, held_out
        Losses (NaN without held-out frames).
    energy, forces
        Mean absolute errors on held-out frames, meV/atom and meV/Å (NaN without labels there).
    damping
        μ of the step.
    """

    training: float
    held_out: float
    energy: float
    forces: float
    damping: float


@dataclass(kw_only=True, eq=False)
class State:
    """A training between two steps.

    Attributes
    ----------
    vector, best
        Numbers after the last and after the best step.
    lowest
        What the best step is judged by: the held-out loss, or the training loss with the prior.
    latest
        Number of the best step; 0 is the linear potential.
    damping
        μ of the last step; 0 before the first.
    done
        Whether steps are over.
    iterations
        Those done.
    seconds
        Time spent.
    """

    vector: F64
    best: F64
    lowest: float
    latest: int = 0
    damping: float = 0.0
    done: bool = False
    iterations: list[Iteration] = field(default_factory=list)
    seconds: float = 0.0


def room_for_gradients(max_memory: float | None) -> int:
    """Bytes of gradients that are kept; `max_memory` in GB.

    Examples
    --------
    >>> room_for_gradients(0.5)
    250000000
    """
    room = float(STORED)
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        room = min(room, SHARE_OF_MACHINE * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return int(room if max_memory is None else min(room, SHARE_OF_LIMIT * 1e9 * max_memory))


@dataclass(kw_only=True, eq=False)
class Stored:
    """What is kept of frames between steps, and between trainings of the same coordinates.

    Attributes
    ----------
    room
        Bytes that gradients may still take.
    linear
        Rows of the linear coefficients by number of the frame.
    centers
        Features and their gradients by number of the frame, as far as there is room.
    """

    room: int = STORED
    linear: dict[int, F64] = field(default_factory=dict)
    centers: dict[int, dict[int, Centers]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def keep(self, key: int, found: dict[int, Centers]) -> None:
        """Keep the features of a frame if there is room."""
        size = sum(one.gradients.nbytes + one.own.nbytes + one.strain.nbytes for one in found.values())
        with self._lock:
            if size <= self.room:
                self.room -= size
                self.centers[key] = found


class Rows:
    """Labelled frames, and what a potential of given numbers says of them.

    Parameters
    ----------
    numbers
        What the numbers mean.
    frames, values
        Frames and their features.
    labels
        Their labels and weights, those of the repulsion not taken off.
    places
        Numbers of the frames in `stored` (`None`: 0, 1, …).
    stored
        What is known of them already.
    """

    def __init__(
        self,
        numbers: Numbers,
        frames: Sequence[Frame],
        values: Sequence[F64],
        labels: WeightedLabels,
        places: Sequence[int] | None = None,
        stored: Stored | None = None,
    ) -> None:
        self.numbers, self.frames, self.values, self.labels = numbers, frames, values, labels
        self._places = range(len(frames)) if places is None else places
        self._stored = Stored() if stored is None else stored
        self._starts = np.cumsum([0, *map(n_rows, frames)]).tolist()

    def errors(self, vector: F64) -> F64:
        """Labels less predictions."""
        evaluator = self.numbers.potential(vector).evaluator()
        return self.labels.target - predicted_rows(evaluator, self.frames, self.labels.num_threads)

    def loss(self, errors: F64) -> float:
        """Weighted sum of squares; infinite where something is."""
        total = float(np.sum((self.labels.weight * errors) ** 2))
        return total if np.isfinite(total) else math.inf

    def judged(self, errors: F64) -> tuple[float, float]:
        """Mean absolute errors of energies and forces where there are labels: meV/atom and meV/Å."""
        energies, forces, start = [], [], 0
        for frame in self.frames:
            stop = start + n_rows(frame)
            own, used = errors[start:stop], self.labels.weight[start:stop] > 0
            energies += [abs(own[0]) / len(frame.numbers)] if used[0] else []
            forces.append(np.abs(own[1:-6][used[1:-6]]))
            start = stop
        every = np.concatenate([np.zeros(0), *forces])
        return (
            1e3 * float(np.mean(energies)) if energies else math.nan,
            1e3 * float(every.mean()) if len(every) else math.nan,
        )

    def normal(self, vector: F64, errors: F64) -> tuple[F64, F64]:
        """JᵀJ and Jᵀ(labels − predictions) of the weighted rows, the same for every number of threads.

        Frames give matrices that are too small for the threads of BLAS, so that groups of frames are shared among
        threads of Python, which NumPy lets run side by side.
        """
        size = self.numbers.size
        gram, right = np.zeros((size, size)), np.zeros(size)
        most = max(1, BYTES_TOGETHER // (8 * size**2))
        threads = min(_core.resolve_threads(self.labels.num_threads), most)
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
            waiting: deque[Future[tuple[NDArray[np.float32], F64]]] = deque()
            for group in self._groups():
                waiting.append(pool.submit(self._normal_of, group, vector, errors))
                if len(waiting) > threads:
                    _add(waiting.popleft().result(), gram, right)
            while waiting:
                _add(waiting.popleft().result(), gram, right)
        return gram, right

    def _groups(self) -> Iterator[range]:
        """Places of the frames that have about `ROWS_TOGETHER` rows."""
        first, rows = 0, 0
        for place, frame in enumerate(self.frames):
            rows += n_rows(frame)
            if rows > ROWS_TOGETHER or place + 1 == len(self.frames):
                yield range(first, place + 1)
                first, rows = place + 1, 0

    def _normal_of(self, group: range, vector: F64, errors: F64) -> tuple[NDArray[np.float32], F64]:
        """What a group of frames adds."""
        parts, sides = [], []
        for place in group:
            own = slice(self._starts[place], self._starts[place + 1])
            weight = self.labels.weight[own]
            parts.append((weight[:, None] * self._jacobian(place, vector)).astype(np.float32))
            sides.append(weight * errors[own])
        rows = np.concatenate(parts)
        return rows.T @ rows, rows.T @ np.concatenate(sides)

    def _jacobian(self, place: int, vector: F64) -> F64:
        """Derivatives of the rows of a frame in all numbers."""
        numbers = self.numbers
        linear = self._linear(place)
        columns = [linear]
        centers = self._of_frame(place)
        for z, chosen in numbers.chosen.items():
            if z not in centers:
                columns.append(np.zeros((len(linear), numbers.own_size(z))))
                continue
            first, bias, later = numbers.layers_of(z, vector)
            free = -chosen.mean
            at = self._derivatives(centers[z].values @ first.T + bias, later)
            at_free = self._derivatives((first @ free + bias)[None, :], later)
            rows, others = centers[z].rows(first, free, at, at_free)
            inner = rows[:, :, :-1] @ chosen.matrix.T
            columns += [np.concatenate([inner, rows[:, :, -1:]], axis=2).reshape(len(linear), -1), others]
        return np.concatenate(columns, axis=1)

    def _linear(self, place: int) -> F64:
        """Derivatives of the rows of a frame in u."""
        frame, known, key = self.frames[place], self._stored.linear, self._places[place]
        if not self.numbers.n_linear:
            return np.zeros((n_rows(frame), 0))
        if key not in known:
            design = self.numbers.descriptor.design([frame.structure], self.labels.num_threads)
            known[key] = design @ self.numbers.root
        return known[key]

    def _derivatives(self, sums: F64, later: F64) -> Derivatives:
        return self.numbers.rest.derivatives(later, sums)

    def _of_frame(self, place: int) -> dict[int, Centers]:
        stored = self._stored
        found = stored.centers.get(self._places[place])
        if found is None:
            found = Centers.of(
                self.numbers.descriptor,
                self.frames[place],
                self.values[place],
                self.numbers.chosen,
                self.labels.num_threads,
            )
            stored.keep(self._places[place], found)
        return found


def _add(parts: tuple[NDArray[np.float32], F64], gram: F64, right: F64) -> None:
    gram += parts[0]
    right += parts[1]


def train(
    state: State,
    training: Rows,
    held_out: Rows,
    settings: NeuralSettings,
    after_step: Callable[[State], None],
) -> None:
    """Go on from a state until nothing more is to be had; what `after_step` raises ends the training."""
    begun = time.perf_counter() - state.seconds
    numbers = training.numbers
    scale, held_scale = (
        rows.loss(rows.errors(numbers.start_linear)) or 1.0 if rows.frames else 1.0
        for rows in (training, held_out)
    )

    def objective(vector: F64) -> float:
        return training.loss(training.errors(vector)) + numbers.penalty(vector)

    while not state.done:
        errors = training.errors(state.vector)
        before = training.loss(errors) + numbers.penalty(state.vector)
        gram, right = training.normal(state.vector, errors)
        with blas_threads(numbers.size, training.labels.num_threads):
            after, damping, vector = _step(numbers, gram, right, state, objective, before)
        if not after < before:
            state.done = True
            break
        reached = training.loss(training.errors(vector))
        held_errors = held_out.errors(vector) if held_out.frames else np.zeros(0)
        energy, forces = held_out.judged(held_errors) if held_out.frames else (math.nan, math.nan)
        held = held_out.loss(held_errors) / held_scale if held_out.frames else math.nan
        state.iterations.append(
            Iteration(training=reached / scale, held_out=held, energy=energy, forces=forces, damping=damping)
        )
        state.vector, state.damping = vector, damping
        judged = held if held_out.frames else after / scale
        if judged < state.lowest:
            state.best, state.lowest, state.latest = vector, judged, len(state.iterations)
        state.seconds = time.perf_counter() - begun
        late = settings.minutes is not None and state.seconds > 60 * settings.minutes
        worse = bool(held_out.frames) and len(state.iterations) - state.latest >= settings.patience
        small = before - after < settings.tolerance * after
        state.done = late or worse or small or len(state.iterations) >= settings.iterations
        after_step(state)


def _step(
    numbers: Numbers,
    gram: F64,
    right: F64,
    state: State,
    objective: Callable[[F64], float],
    before: float,
) -> tuple[float, float, F64]:
    """Loss with the prior, damping and numbers of the best step: more damping where none lowers the loss `before`."""
    matrix = gram + numbers.prior
    gradient = right - numbers.pull(state.vector)
    diagonal = np.diag(matrix).copy()
    free = np.where(np.arange(len(diagonal)) < numbers.n_linear, 0.0, diagonal)
    best = (math.inf, 0.0, state.vector)
    first = [state.damping * one for one in AROUND] if state.damping else DAMPINGS
    for place, damping in enumerate([*first, *(first[-1] * one for one in BEYOND)]):
        if place >= len(first) and best[0] < before:
            break
        damped = matrix + np.diag(damping * free + JITTER * diagonal)
        try:
            vector = state.vector + cho_solve(cho_factor(damped), gradient)
        except LinAlgError:
            continue
        best = min(best, (objective(vector), damping, vector), key=lambda one: one[0])
    return best


def report(state: State, settings: NeuralSettings, held_out: Sequence[bool]) -> dict[str, Any]:
    """What happened, in JSON types."""
    curve = {
        name: [_number(getattr(one, name)) for one in state.iterations]
        for name in ("training", "held_out", "energy", "forces")
    }
    return {
        "method": "gauss-newton",
        "epochs": len(state.iterations),
        "best_epoch": state.latest,
        "held_out_loss": state.lowest if any(held_out) else None,
        "held_out_frames": int(sum(held_out)),
        "learning_curve": curve,
        "settings": settings.model_dump(),
        "seconds": round(state.seconds, 2),
    }


def _number(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None
