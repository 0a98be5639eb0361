"""From a linear potential to the same with trained networks beside it."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np
import torch

from ferrip import _core
from ferrip.data import Frame
from ferrip.errors import DataError
from ferrip.fitting import checkpoint as checkpoints
from ferrip.fitting.neural.module import Networks
from ferrip.fitting.neural.projection import projections
from ferrip.fitting.neural.samples import samples
from ferrip.fitting.neural.settings import NeuralSettings
from ferrip.fitting.nonlinear.loss import WeightedLabels, predicted_rows
from ferrip.fitting.problem import Problem
from ferrip.fitting.progress import Reporter
from ferrip.fitting.rows import F64
from ferrip.network import Architecture, Network
from ferrip.potential import Potential
from ferrip.training.held_out import held_out
from ferrip.training.loop import start
from ferrip.training.resuming import resumed


def with_networks(
    linear: Potential,
    problem: Problem,
    weights: Mapping[str, float],
    architecture: Architecture,
    settings: NeuralSettings,
    reporter: Reporter,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Potential:
    """The linear potential with networks trained on what it leaves of the labels, with the same weights.

    Raises
    ------
    Interrupted
        After Ctrl-C or SIGTERM.
    """
    if not isinstance(linear.descriptor, _core.Descriptor):
        raise TypeError(
            f"expected a descriptor of the density engine, got {type(linear.descriptor).__name__}"
        )
    torch.set_num_threads(_core.resolve_threads(problem.source.num_threads))
    descriptor, dtype = linear.descriptor, getattr(torch, settings.precision)
    frames = [frame for frame in problem.frames if not frame.is_isolated_atom]
    chosen, values = projections(
        descriptor, frames, settings.combinations, settings.whitening, problem.source.num_threads
    )
    residual, factors = _left(linear, problem, frames, weights)
    reporter.note(
        f"networks of {' × '.join(map(str, architecture.hidden))} hidden outputs on "
        f"{settings.combinations} combinations of the functions"
    )
    all_samples = samples(
        descriptor, frames, values, chosen, residual, factors, dtype, problem.source.num_threads
    )
    found: list[list[Network]] = []
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
            reporter.note(
                "no networks predict the held-out frames better than the linear potential, which stands"
            )
        assert isinstance(state.best, Networks)
        found.append(state.best.on_functions())
    joined = [Network.mean(members) for members in zip(*found, strict=True)]
    origin = dict(linear.metadata)
    origin["fit"] = origin["fit"] | {
        "training": trainings[0] | {"hidden": list(architecture.hidden)},
        "committee": trainings[1:],
    }
    return replace(
        linear,
        networks=dict(zip(descriptor.elements, joined, strict=True)),
        posterior_factor=None,
        metadata=origin,
    )


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
