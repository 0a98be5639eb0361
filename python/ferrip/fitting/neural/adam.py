"""Networks by Adam on what a linear potential leaves of the labels."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

import numpy as np
import torch

from ferrip import _core
from ferrip.data import Frame
from ferrip.errors import DataError
from ferrip.fitting import checkpoint as checkpoints
from ferrip.fitting.neural.gauss_newton import NOTHING
from ferrip.fitting.neural.module import Networks
from ferrip.fitting.neural.projection import projections
from ferrip.fitting.neural.samples import samples
from ferrip.fitting.neural.settings import NeuralSettings
from ferrip.fitting.nonlinear.loss import WeightedLabels, predicted_rows
from ferrip.fitting.problem import Problem
from ferrip.fitting.progress import Reporter
from ferrip.fitting.rows import F64
from ferrip.models.family import NetworkDescriptor
from ferrip.network import Architecture, Network
from ferrip.potential import Potential
from ferrip.training.held_out import held_out
from ferrip.training.loop import start
from ferrip.training.resuming import resumed


def by_adam(
    linear: Potential,
    problem: Problem,
    frames: Sequence[Frame],
    weights: Mapping[str, float],
    architecture: Architecture,
    settings: NeuralSettings,
    reporter: Reporter,
    checkpoint: str | os.PathLike[str] | None,
) -> tuple[list[dict[int, Network]], list[dict[str, Any]]]:
    """Networks of every member by Adam, beside the linear potential as it is."""
    descriptor, dtype = linear.descriptor, getattr(torch, settings.precision)
    threads = problem.source.num_threads
    torch.set_num_threads(_core.resolve_threads(threads))
    chosen, values = projections(descriptor, frames, settings.combinations, settings.whitening, threads)
    residual, factors = _left(linear, problem, frames, weights)
    all_samples = samples(
        cast(NetworkDescriptor, descriptor), frames, values, chosen, residual, factors, dtype, threads
    )
    found: list[dict[int, Network]] = []
    trainings = []
    for number in range(settings.committee):
        if settings.committee > 1:
            reporter.note(f"member {number + 1} of {settings.committee}")
        own = settings.model_copy(update={"seed": settings.seed + number})
        held = held_out(frames, settings.held_out, number / settings.committee)
        networks = Networks(
            [chosen[z] for z in descriptor.elements],
            architecture.hidden,
            architecture.activation,
            dtype,
            torch.Generator().manual_seed(own.seed),
        )
        state = start(
            networks,
            [one for one, out in zip(all_samples, held, strict=True) if not out],
            [one for one, out in zip(all_samples, held, strict=True) if out],
            own,
        )
        key = checkpoints.run_key(problem.key, {"networks": asdict(architecture), **own.model_dump()})
        path = None if checkpoint is None else checkpoints.part(checkpoint, number)
        trainings.append(resumed(state, all_samples, held, own, reporter, path, key))
        if any(held) and state.latest == 0:
            reporter.note(NOTHING)
        assert isinstance(state.best, Networks)
        found.append(dict(zip(descriptor.elements, state.best.on_functions(), strict=True)))
    return found, trainings


def _left(
    linear: Potential, problem: Problem, frames: Sequence[Frame], weights: Mapping[str, float]
) -> tuple[F64, F64]:
    """What the linear potential leaves of the labels, and the weights, in the order of design rows."""
    source = problem.source
    labels = WeightedLabels.of(source, frames, weights)
    zero = [0.0] * len(linear.elements)
    evaluator = linear.descriptor.evaluator(linear.coefficients, zero, linear.pairs)
    residual = labels.target - predicted_rows(evaluator, frames, source.num_threads)
    if not np.isfinite(residual).all():
        raise DataError("the linear potential is not finite on the training data")
    return residual, labels.weight
