"""The training loop: Adam on frames in random order, means of the weights, and the best epoch on held-out frames."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence

import torch
from torch import nn

from ferrip.training.samples import Errors, Sample
from ferrip.training.settings import OptimisationSettings
from ferrip.training.state import Epoch, State

WARM_UP = 0.05
"""Fraction of the steps in which the learning rate rises."""
FINAL_RATE = 0.01
"""Last learning rate over the largest."""
LONGEST = 10.0
"""Longest gradient of the loss over that of the start."""
SURPRISING = 10.0
"""Longest gradient over the running mean of lengths, after the warm-up."""
USUAL = 50
"""Steps of this running mean."""


def start(
    module: nn.Module, training: Sequence[Sample], held_out: Sequence[Sample], settings: OptimisationSettings
) -> State:
    """The state of a training that has not begun."""
    optimizer = torch.optim.AdamW(
        module.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    return State(
        module=module,
        mean=copy.deepcopy(module),
        best=copy.deepcopy(module),
        optimizer=optimizer,
        generator=torch.Generator().manual_seed(settings.seed),
        scale=measure(module, training, settings.batch).loss or 1.0,
        held_scale=measure(module, held_out, settings.batch).loss or 1.0,
    )


def train(
    state: State,
    training: Sequence[Sample],
    held_out: Sequence[Sample],
    settings: OptimisationSettings,
    after_epoch: Callable[[State], None],
) -> None:
    """Train from a state on; its `best` is the module of the best epoch.

    Modules take a sample and return energies (F,), forces (N, 3) and strain derivatives (F, 6). Where no epoch has a
    lower held-out loss than the start, the module stays as it is there. Gradients longer than `LONGEST`, or than
    `SURPRISING` times the running mean, are cut, so that no step can throw away what was learned. What `after_epoch`
    raises ends the training.

    Deterministic on a processor for a seed, a number of threads of torch and a machine, unless `minutes` end it; on a
    GPU of CUDA sums over edges have no fixed order.
    """
    begun = time.perf_counter() - state.seconds
    while not _over(state, settings):
        total = _epoch(state, training, settings, begun)
        reached = measure(state.mean, held_out, settings.batch)
        number = len(state.epochs) + 1
        state.epochs.append(
            Epoch(
                number=number,
                training=total / state.scale,
                held_out=reached.loss / state.held_scale if held_out else math.nan,
                energy=reached.energy,
                forces=reached.forces,
                rate=state.optimizer.param_groups[0]["lr"],
            )
        )
        if not held_out or state.epochs[-1].held_out < state.lowest:
            state.lowest, state.latest = state.epochs[-1].held_out, number
            state.best = copy.deepcopy(state.mean)
        state.seconds = time.perf_counter() - begun
        after_epoch(state)


def _over(state: State, settings: OptimisationSettings) -> bool:
    late = settings.minutes is not None and state.seconds > 60 * settings.minutes
    done = len(state.epochs)
    return late or done >= settings.epochs or done - state.latest >= settings.patience


def _epoch(state: State, training: Sequence[Sample], settings: OptimisationSettings, begun: float) -> float:
    """One pass over the frames; the loss over it."""
    order = torch.randperm(len(training), generator=state.generator).tolist()
    steps = settings.epochs * math.ceil(len(training) / settings.batch)
    total = 0.0
    for first in range(0, len(order), settings.batch):
        minutes = (time.perf_counter() - begun) / 60
        spent = max(state.step / steps, minutes / settings.minutes if settings.minutes else 0.0)
        for group in state.optimizer.param_groups:
            group["lr"] = settings.learning_rate * _rate(spent)
        some = [training[k] for k in order[first : first + settings.batch]]
        chosen = type(some[0]).joined(some)
        state.optimizer.zero_grad(set_to_none=True)
        error = chosen.squared_error(*state.module(chosen))
        (error * (len(training) / (state.scale * settings.batch))).backward()
        parameters = list(state.module.parameters())
        longest = LONGEST if spent < WARM_UP else min(LONGEST, SURPRISING * state.usual)
        length = min(float(torch.nn.utils.clip_grad_norm_(parameters, longest)), longest)
        state.usual += (length - state.usual) / min(USUAL, state.step + 1)
        state.optimizer.step()
        state.step += 1
        _average(state.mean, state.module, min(settings.ema, state.step / (state.step + 10)))
        total += float(error.detach())
    return total


def measure(module: nn.Module, samples: Sequence[Sample], batch: int) -> Errors:
    """Errors over samples."""
    errors = Errors()
    for first in range(0, len(samples), batch):
        some = samples[first : first + batch]
        one = type(some[0]).joined(some)
        errors.add(one, *(part.detach() for part in module(one)))
    return errors


def _rate(spent: float) -> float:
    """Learning rate over the largest for a fraction of the training: a rise, then half a cosine."""
    if spent < WARM_UP:
        return max(spent, 0.01 * WARM_UP) / WARM_UP
    progress = (spent - WARM_UP) / (1.0 - WARM_UP)
    return FINAL_RATE + (1.0 - FINAL_RATE) * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))


def _average(mean: nn.Module, current: nn.Module, memory: float) -> None:
    with torch.no_grad():
        torch._foreach_lerp_(list(mean.parameters()), list(current.parameters()), 1.0 - memory)
