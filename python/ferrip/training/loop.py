"""The training loop: Adam on frames in random order, means of the weights, and the best epoch on held-out frames."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from ferrip.training.samples import Sample
from ferrip.training.settings import OptimisationSettings

WARM_UP = 0.05
"""Fraction of the steps in which the learning rate rises."""
FINAL_RATE = 0.01
"""Last learning rate over the largest."""
LONGEST = 3.0
"""Longest gradient over the running mean of lengths."""
USUAL = 50
"""Steps of this running mean."""


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What a pass over the frames has reached; losses relative to those at the start.

    Attributes
    ----------
    number
        From 1 on.
    training, held_out
        Loss over the epoch, and of the mean weights after it (NaN without held-out frames).
    rate
        Learning rate of the last step.
    """

    number: int
    training: float
    held_out: float
    rate: float


M = TypeVar("M", bound=nn.Module)


def train(
    module: M,
    training: Sequence[Sample],
    held_out: Sequence[Sample],
    settings: OptimisationSettings,
    after_epoch: Callable[[Epoch], bool],
) -> tuple[M, list[Epoch]]:
    """The module of the best epoch, and all epochs; `after_epoch` returns whether to stop.

    The module takes a sample and returns energies (F,), forces (N, 3) and strain derivatives (F, 6). Where no epoch
    has a lower held-out loss than the start, the module stays as it is there. Gradients longer than `LONGEST` times the
    running mean of their lengths are cut, so that no step can throw away what was learned.

    Deterministic for a seed, a number of threads of torch and a machine, unless `minutes` end it.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    scale, held_scale = (squared_error(module, part, settings.batch) or 1.0 for part in (training, held_out))
    steps = settings.epochs * math.ceil(len(training) / settings.batch)
    optimizer = torch.optim.AdamW(
        module.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    started = time.perf_counter()
    mean, best = copy.deepcopy(module), copy.deepcopy(module)
    lowest, latest, epochs, step, usual = 1.0, 0, list[Epoch](), 0, math.inf
    for number in range(1, settings.epochs + 1):
        order = torch.randperm(len(training), generator=generator).tolist()
        total = rate = 0.0
        for first in range(0, len(order), settings.batch):
            minutes = (time.perf_counter() - started) / 60
            spent = max(step / steps, minutes / settings.minutes if settings.minutes else 0.0)
            rate = settings.learning_rate * _rate(spent)
            for group in optimizer.param_groups:
                group["lr"] = rate
            chosen = [training[k] for k in order[first : first + settings.batch]]
            chosen = type(chosen[0]).joined(chosen)
            optimizer.zero_grad(set_to_none=True)
            error = chosen.squared_error(*module(chosen))
            (error * (len(training) / (scale * settings.batch))).backward()
            length = float(torch.nn.utils.clip_grad_norm_(module.parameters(), LONGEST * usual))
            usual = length if step == 0 else usual + (min(length, LONGEST * usual) - usual) / USUAL
            optimizer.step()
            step += 1
            _average(mean, module, min(settings.ema, step / (step + 10)))
            total += float(error.detach())
        reached = squared_error(mean, held_out, settings.batch) / held_scale if held_out else math.nan
        epochs.append(Epoch(number=number, training=total / scale, held_out=reached, rate=rate))
        if not held_out or reached < lowest:
            lowest, best = reached, copy.deepcopy(mean)
            latest = number
        over = settings.minutes is not None and time.perf_counter() - started > 60 * settings.minutes
        if after_epoch(epochs[-1]) or over or number - latest >= settings.patience:
            break
    return best, epochs


def squared_error(module: nn.Module, samples: Sequence[Sample], batch: int) -> float:
    """Weighted sum of squared errors over samples."""
    total = 0.0
    for first in range(0, len(samples), batch):
        some = samples[first : first + batch]
        one = type(some[0]).joined(some)
        error: Tensor = one.squared_error(*module(one))
        total += float(error.detach())
    return total


def _rate(spent: float) -> float:
    """Learning rate over the largest for a fraction of the training: a rise, then half a cosine."""
    if spent < WARM_UP:
        return max(spent, 0.01 * WARM_UP) / WARM_UP
    progress = (spent - WARM_UP) / (1.0 - WARM_UP)
    return FINAL_RATE + (1.0 - FINAL_RATE) * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))


def _average(mean: nn.Module, current: nn.Module, memory: float) -> None:
    with torch.no_grad():
        torch._foreach_lerp_(list(mean.parameters()), list(current.parameters()), 1.0 - memory)
