"""The last stage of a training: L-BFGS on all frames at once.

Source: Liu, Nocedal, doi:10.1007/BF01589116.
"""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ferrip.training.loop import measure
from ferrip.training.samples import Sample
from ferrip.training.settings import OptimisationSettings
from ferrip.training.state import Epoch, State

HISTORY = 30
"""Steps that L-BFGS remembers."""


def polish(
    state: State,
    training: Sequence[Sample],
    held_out: Sequence[Sample],
    settings: OptimisationSettings,
    after_iteration: Callable[[Epoch], None],
) -> None:
    """Go on from the best epoch of a state for `lbfgs` iterations, and keep the best of them in the state.

    Iterations end early where `patience` of them are no better on held-out frames. The state changes at the end alone,
    not where `after_iteration` raises.
    """
    begun = time.perf_counter() - state.seconds
    module, epochs = copy.deepcopy(state.best), list(state.epochs)
    best, lowest, latest = state.best, state.lowest, state.latest
    optimizer = torch.optim.LBFGS(
        module.parameters(),
        max_iter=1,
        max_eval=25,
        history_size=HISTORY,
        tolerance_grad=0.0,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        total = torch.zeros((), dtype=torch.float64)
        for first in range(0, len(training), settings.batch):
            some = training[first : first + settings.batch]
            chosen = type(some[0]).joined(some)
            error = chosen.squared_error(*module(chosen)) / state.scale
            error.backward()
            total = total + error.detach().cpu().double()
        return total

    for iteration in range(settings.lbfgs):
        reached = float(optimizer.step(loss))
        errors = measure(module, held_out, settings.batch)
        judged = errors.loss / state.held_scale if held_out else math.nan
        epochs.append(
            Epoch(
                number=len(epochs) + 1,
                training=reached,
                held_out=judged,
                energy=errors.energy,
                forces=errors.forces,
                rate=0.0,
            )
        )
        if not held_out or judged < lowest:
            best, lowest, latest = copy.deepcopy(module), judged, epochs[-1].number
        after_iteration(epochs[-1])
        if iteration - (latest - len(state.epochs)) >= settings.patience:
            break
    state.best, state.lowest, state.latest, state.epochs = best, lowest, latest, epochs
    state.seconds, state.polished = time.perf_counter() - begun, True
