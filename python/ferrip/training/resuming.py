"""Trainings with a checkpoint: interrupted ones go on where they stopped."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from typing import Any

from ferrip.fitting import checkpoint as checkpoints
from ferrip.fitting.interrupted import Interrupted
from ferrip.fitting.progress import Reporter
from ferrip.interrupt import Interruption
from ferrip.modelfile import Arrays
from ferrip.training.loop import train
from ferrip.training.polish import polish
from ferrip.training.samples import Sample
from ferrip.training.settings import OptimisationSettings
from ferrip.training.state import Epoch, State

INTERVAL = 60.0
"""Seconds between two checkpoints."""


def resumed(
    state: State,
    samples: Sequence[Sample],
    held: Sequence[bool],
    settings: OptimisationSettings,
    reporter: Reporter,
    checkpoint: str | os.PathLike[str] | None,
    key: str,
) -> dict[str, Any]:
    """Train from `state`, or from the checkpoint of the run `key`, and say what happened, as JSON types.

    Raises
    ------
    Interrupted
        After the epoch in which Ctrl-C or SIGTERM came; the same call goes on from the checkpoint.
    """
    if checkpoint is not None:

        def restore(arrays: Arrays, text: dict[str, str]) -> int:
            state.restore(arrays, text)
            return len(state.epochs)

        if checkpoints.read(checkpoint, key, restore) is not None:
            reporter.note(f"continuing after epoch {len(state.epochs)} ({os.fspath(checkpoint)})")
    training = [one for one, out in zip(samples, held, strict=True) if not out]
    held_samples = [one for one, out in zip(samples, held, strict=True) if out]
    saved = time.perf_counter()
    with Interruption() as stop:

        def interrupted(now: State) -> Interrupted:
            place = f"stopped after epoch {len(now.epochs)}"
            if checkpoint is None:
                return Interrupted(place)
            checkpoints.write(checkpoint, key, *now.dump())
            return Interrupted(f"{place}; the same command continues from {os.fspath(checkpoint)}")

        def after_epoch(now: State) -> None:
            nonlocal saved
            _report(now.epochs[-1], now.seconds, settings, reporter)
            if stop.requested:
                raise interrupted(now)
            if checkpoint is not None and time.perf_counter() - saved > INTERVAL:
                checkpoints.write(checkpoint, key, *now.dump())
                saved = time.perf_counter()

        train(state, training, held_samples, settings, after_epoch)
        if settings.lbfgs > 0 and not state.polished:

            def after_iteration(epoch: Epoch) -> None:
                _report(epoch, state.seconds, settings, reporter)
                if stop.requested:
                    raise interrupted(state)

            reporter.note("L-BFGS, from the best epoch on")
            polish(state, training, held_samples, settings, after_iteration)
    if checkpoint is not None:
        checkpoints.write(checkpoint, key, *state.dump())
    curve = {name: [_number(getattr(epoch, name)) for epoch in state.epochs] for name in CURVE}
    return {
        "epochs": len(state.epochs),
        "best_epoch": state.latest,
        "held_out_loss": state.lowest if any(held) else None,
        "held_out_frames": int(sum(held)),
        "learning_curve": curve,
        "settings": settings.model_dump(),
        "seconds": round(state.seconds, 2),
    }


CURVE = ("training", "held_out", "energy", "forces")


def _number(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None


def _report(epoch: Epoch, seconds: float, settings: OptimisationSettings, reporter: Reporter) -> None:
    if epoch.number == 1:
        reporter.note("epoch    loss, held out / start   meV/atom   meV/Å      rate  seconds")
    if epoch.number % settings.report == 0:
        reporter.note(
            f"{epoch.number:5d}  {epoch.training:10.3e}  {epoch.held_out:10.3e} {epoch.energy:10.3f} "
            f"{epoch.forces:7.1f}  {epoch.rate:8.1e} {seconds:8.0f}"
        )
