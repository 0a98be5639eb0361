"""The training loop: Adam on frames in random order, means of the weights, and the best epoch on held-out frames."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from ferrip.fitting.neural.module import Networks
from ferrip.fitting.neural.samples import Sample
from ferrip.fitting.neural.settings import NeuralSettings

WARM_UP = 0.05
"""Fraction of the steps in which the learning rate rises."""
FINAL_RATE = 0.01
"""Last learning rate over the largest."""


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What a pass over the frames has reached; losses relative to those of the linear potential.

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


def train(
    networks: Networks,
    training: Sequence[Sample],
    held_out: Sequence[Sample],
    settings: NeuralSettings,
    after_epoch: Callable[[Epoch], bool],
) -> tuple[Networks, list[Epoch]]:
    """The networks of the best epoch, and all epochs; `after_epoch` returns whether to stop.

    Where no epoch has a lower held-out loss than the linear potential, the networks stay as they are at the start: 0.

    Deterministic for a seed, a number of threads of torch and a machine.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    scale, held_scale = linear_error(training) or 1.0, linear_error(held_out) or 1.0
    steps = settings.epochs * math.ceil(len(training) / settings.batch)
    optimizer = torch.optim.AdamW(
        networks.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps))
    mean, best = copy.deepcopy(networks), copy.deepcopy(networks)
    lowest, latest, epochs, step = 1.0, 0, list[Epoch](), 0
    for number in range(1, settings.epochs + 1):
        order = torch.randperm(len(training), generator=generator).tolist()
        total = 0.0
        for first in range(0, len(order), settings.batch):
            chosen = Sample.joined([training[k] for k in order[first : first + settings.batch]])
            optimizer.zero_grad(set_to_none=True)
            error = networks.squared_error(chosen)
            (error * (len(training) / (scale * settings.batch))).backward()
            torch.nn.utils.clip_grad_norm_(networks.parameters(), 10.0)
            optimizer.step()
            schedule.step()
            step += 1
            _average(mean, networks, min(settings.ema, step / (step + 10)))
            total += float(error.detach())
        reached = squared_error(mean, held_out) / held_scale if held_out else math.nan
        epochs.append(
            Epoch(number=number, training=total / scale, held_out=reached, rate=schedule.get_last_lr()[0])
        )
        if not held_out or reached < lowest:
            lowest, best = reached, copy.deepcopy(mean)
            latest = number
        if after_epoch(epochs[-1]) or number - latest >= settings.patience:
            break
    return best, epochs


def squared_error(networks: Networks, samples: Sequence[Sample]) -> float:
    """Weighted sum of squared errors over samples."""
    return sum(float(networks.squared_error(one).detach()) for one in samples)


def linear_error(samples: Sequence[Sample]) -> float:
    """The same without networks."""
    total = 0.0
    for one in samples:
        for label, weight in (
            (one.energy, one.energy_weight),
            (one.forces, one.forces_weight),
            (one.strain, one.strain_weight),
        ):
            total += float((label * weight).square().sum())
    return total


def _rate(step: int, steps: int) -> float:
    """Learning rate over the largest: a rise, then half a cosine."""
    rise = max(1, round(WARM_UP * steps))
    if step < rise:
        return (step + 1) / rise
    progress = (step - rise) / max(1, steps - rise)
    return FINAL_RATE + (1.0 - FINAL_RATE) * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))


def _average(mean: Networks, current: Networks, memory: float) -> None:
    with torch.no_grad():
        for old, new in zip(mean.parameters(), current.parameters(), strict=True):
            old.lerp_(new, 1.0 - memory)
