"""Checkpoint of a training: everything between two iterations, one safetensors file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace

from ferrip.fitting import checkpoint as checkpoints
from ferrip.fitting.nonlinear.densities import Terms
from ferrip.fitting.nonlinear.settings import TrainingSettings
from ferrip.fitting.problem import Problem
from ferrip.fitting.tsqr import F64
from ferrip.modelfile import Arrays


@dataclass(frozen=True, kw_only=True)
class State:
    """A training between two iterations.

    Attributes
    ----------
    coefficients
        (P, K) coefficients of the densities.
    linear
        (rungs, K) linear solutions in the functions of each rung.
    penalty
        (K,) Γ of the linear problem.
    stress_note
        What was done with the stress labels.
    weights
        Factor on the rows of each quantity, as the linear problem has them.
    ridge
        λ of the linear problem.
    damping
        μ of the last step.
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
    linear: F64
    penalty: F64
    stress_note: str
    weights: dict[str, float]
    ridge: float
    damping: float | None = None
    rung: int = 0
    iteration: int = 0
    total: int = 0
    loss: float = float("inf")
    ended: str = ""

    def next_rung(self, ended: str) -> State:
        """At the start of the next rung."""
        return replace(self, rung=self.rung + 1, iteration=0, damping=None, ended=ended)


ARRAYS = ("coefficients", "linear", "penalty")
NUMBERS = (
    "stress_note",
    "weights",
    "ridge",
    "damping",
    "rung",
    "iteration",
    "total",
    "loss",
    "ended",
)


def run_key(problem: Problem, settings: TrainingSettings, terms: Terms) -> str:
    """Key of a training: equal keys give equal iterations."""
    whole = problem.settings.model_dump(mode="json") | settings.model_dump(mode="json")
    return checkpoints.run_key(problem.key, {"settings": whole, "terms": [list(term) for term in terms]})


def save(path: str | os.PathLike[str], key: str, state: State) -> None:
    """Write `state`."""
    arrays = {name: getattr(state, name) for name in ARRAYS}
    numbers = json.dumps({name: getattr(state, name) for name in NUMBERS})
    checkpoints.write(path, key, arrays, {"state": numbers})


def load(path: str | os.PathLike[str], key: str) -> State | None:
    """The state in the file at `path`; see `ferrip.fitting.checkpoint.read`."""

    def restore(arrays: Arrays, text: dict[str, str]) -> State:
        return State(**{name: arrays[name] for name in ARRAYS}, **json.loads(text["state"]))

    return checkpoints.read(path, key, restore)
