"""From a linear potential to the same with trained networks beside it."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from ferrip import _core
from ferrip.data import Frame
from ferrip.errors import DataError
from ferrip.fitting.interrupted import Interrupted
from ferrip.fitting.neural.module import Networks
from ferrip.fitting.neural.projection import projections
from ferrip.fitting.neural.samples import samples
from ferrip.fitting.neural.settings import NeuralSettings
from ferrip.fitting.nonlinear.loss import WeightedLabels, predicted_rows
from ferrip.fitting.problem import Problem
from ferrip.fitting.progress import Reporter
from ferrip.fitting.rows import F64
from ferrip.interrupt import Interruption
from ferrip.network import Architecture
from ferrip.potential import Potential
from ferrip.training.held_out import held_out
from ferrip.training.loop import Epoch, train


def with_networks(
    linear: Potential,
    problem: Problem,
    weights: Mapping[str, float],
    architecture: Architecture,
    settings: NeuralSettings,
    reporter: Reporter,
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
    started = time.perf_counter()
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
    held = held_out(frames, settings.held_out)
    networks = Networks(
        [chosen[z] for z in descriptor.elements],
        architecture.hidden,
        architecture.activation,
        dtype,
        torch.Generator().manual_seed(settings.seed),
    )
    with Interruption() as stop:

        def after_epoch(epoch: Epoch) -> bool:
            if epoch.number % settings.report == 0:
                reporter.note(
                    f"epoch {epoch.number}: loss {epoch.training:.4f}, held out {epoch.held_out:.4f} "
                    f"of the linear potential's, rate {epoch.rate:.1e}"
                )
            if stop.requested:
                raise Interrupted("stopped during the training of the networks")
            return False

        best, epochs = train(
            networks,
            [one for one, out in zip(all_samples, held, strict=True) if not out],
            [one for one, out in zip(all_samples, held, strict=True) if out],
            settings,
            after_epoch,
        )
    reached = min(epochs, key=lambda epoch: epoch.held_out) if any(held) else epochs[-1]
    stands = reached.held_out >= 1.0
    if stands:
        reporter.note(
            "no networks predict the held-out frames better than the linear potential, which stands"
        )
    origin = dict(linear.metadata)
    origin["fit"] = origin["fit"] | {
        "training": {
            "epochs": len(epochs),
            "best_epoch": 0 if stands else reached.number,
            "loss": reached.training,
            "held_out_loss": reached.held_out if any(held) else None,
            "held_out_frames": int(sum(held)),
            "hidden": list(architecture.hidden),
            "settings": settings.model_dump(),
            "seconds": round(time.perf_counter() - started, 2),
        }
    }
    return replace(
        linear,
        networks=dict(zip(descriptor.elements, best.on_functions(), strict=True)),
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
