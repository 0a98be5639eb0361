"""Checkpoint of a training: everything between two iterations, one safetensors file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_tensors

from ferrip.errors import FerripError
from ferrip.fitting import checkpoint as checkpoints
from ferrip.fitting.nonlinear.densities import Terms
from ferrip.fitting.nonlinear.settings import TrainingSettings
from ferrip.fitting.problem import Problem
from ferrip.fitting.tsqr import F64
from ferrip.modelfile import replace_file


@dataclass(frozen=True, kw_only=True)
class State:
    """A training between two iterations.

    Attributes
    ----------
    coefficients
        (P, K) coefficients of the densities.
    penalty
        (K,) Γ of the linear problem.
    stress_note
        What was done with the stress labels.
    rung, iteration
        Rung of the ladder, and iterations done on it.
    total
        Iterations done on all rungs.
    loss
        Penalised loss after the last step.
    ended
        Why the last rung ended.
    """

    coefficients: F64
    penalty: F64
    stress_note: str
    rung: int = 0
    iteration: int = 0
    total: int = 0
    loss: float = float("inf")
    ended: str = ""

    def next_rung(self, ended: str) -> State:
        """At the start of the next rung."""
        return replace(self, rung=self.rung + 1, iteration=0, ended=ended)


NUMBERS = ("stress_note", "rung", "iteration", "total", "loss", "ended")


def run_key(problem: Problem, settings: TrainingSettings, terms: Terms) -> str:
    """Key of a training: equal keys give equal iterations."""
    whole = problem.settings.model_dump(mode="json") | settings.model_dump(mode="json")
    return checkpoints.run_key(problem.key, {"settings": whole, "terms": [list(term) for term in terms]})


def save(path: str | os.PathLike[str], key: str, state: State) -> None:
    """Write `state`."""
    arrays = {name: np.ascontiguousarray(getattr(state, name)) for name in ("coefficients", "penalty")}
    numbers = json.dumps({name: getattr(state, name) for name in NUMBERS})
    replace_file(path, save_tensors(arrays, {"key": key, "state": numbers}))


def load(path: str | os.PathLike[str], key: str) -> State | None:
    """The state in the file at `path`; `None` if there is none of this training.

    Raises
    ------
    FerripError
        If the file is there but damaged.
    """
    if not Path(path).exists():
        return None
    try:
        with safe_open(os.fspath(path), framework="np") as file:
            metadata = file.metadata() or {}
            if metadata.get("key") != key:
                return None
            numbers = json.loads(metadata["state"])
            arrays = {name: file.get_tensor(name) for name in ("coefficients", "penalty")}
            return State(**arrays, **numbers)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise FerripError(
            f"{os.fspath(path)}: the checkpoint is damaged ({error}); delete it to start anew"
        ) from None
