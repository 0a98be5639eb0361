"""Hyperparameters of kernels by maximum marginal likelihood, on a sample of the training frames.

A hyperparameter enters the rows, so each of its values is a problem of its own: rows of the sample, and the noise of
every quantity and the amplitude of every part of the prior that make the marginal likelihood largest
(`ferrip.fitting.evidence`). Its value is the score; kernels, environments and scales differ between the scores, the
rows that they stand for do not, so that constants cancel. A family names the hyperparameters (`Hyperparameter`),
which are searched one after the other, downhill on a grid, and between its points where they are continuous.

Test data play no part. How the final fit is solved, and with which weights, is left to its settings.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize_scalar

from ferrip.blas import blas_threads
from ferrip.fitting.normal import lowest
from ferrip.fitting.problem import prepare
from ferrip.fitting.rows import streamed
from ferrip.fitting.selection import spread

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ferrip.data import Frame
    from ferrip.fitting.evidence import Evidence
    from ferrip.fitting.settings import FitSettings
    from ferrip.models import Family
    from ferrip.models.family import Hyperparameter
    from ferrip.potential import Potential

SAMPLE_ATOMS = 2000
"""Atoms of the sample, at most (one frame at least)."""
SIZE = "small"
"""Size of the problems that are scored."""
ROUNDS = 2
"""Times that every one of several hyperparameters is searched."""
LOG_TOLERANCE = 0.05
"""Relative step at which the search between points of a grid ends."""


def most_likely(
    family: Family,
    settings: FitSettings,
    model_settings: BaseModel,
    frames: Sequence[Frame],
    num_threads: int | None = None,
    reference: Potential | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> BaseModel:
    """The family's settings with the hyperparameters of the largest marginal likelihood; `note` is told of them.

    Raises
    ------
    SettingsError
        For a hyperparameter that the other settings leave without effect.
    DataError
        For the errors of the data that a fit would raise.
    """
    searched = family.hyperparameters(model_settings)
    if not searched:
        return model_settings
    sample = spread(frames, SAMPLE_ATOMS)
    scores: dict[tuple[float, ...], float] = {}
    names = [one.name for one in searched]

    def score(candidate: BaseModel) -> float:
        key = tuple(getattr(candidate, name) or 0.0 for name in names)
        if key not in scores:
            found = evidence_of(family, settings, candidate, sample, num_threads, reference)
            scores[key] = found.objective
        return scores[key]

    for _ in range(ROUNDS if len(searched) > 1 else 1):
        before = model_settings
        for one in searched:
            model_settings = _best(one, model_settings, score)
        if model_settings == before:
            break
    values = ", ".join(f"{name} {getattr(model_settings, name):.4g}" for name in names)
    note(
        f"hyperparameters: {values} (largest marginal likelihood of {len(sample)} frames, −log p "
        f"{score(model_settings):.1f}, {len(scores)} looked at)"
    )
    return model_settings


def evidence_of(
    family: Family,
    settings: FitSettings,
    model_settings: BaseModel,
    frames: Sequence[Frame],
    num_threads: int | None = None,
    reference: Potential | None = None,
    size: str = SIZE,
) -> Evidence:
    """The largest marginal likelihood of the labels of frames over noise and amplitudes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the fit itself gives them, for all frames
        problem = prepare(family, size, settings, model_settings, list(frames), num_threads, reference)
    with blas_threads(problem.source.n_columns, num_threads):
        factors = streamed(problem.source, problem.frames)
        return problem.most_evident(factors, problem.weights(use_stress=problem.stress_note is None))[0]


def _best(one: Hyperparameter, settings: BaseModel, score: Callable[[BaseModel], float]) -> BaseModel:
    """The settings with the value of one hyperparameter that scores lowest."""

    def at(value: Any) -> BaseModel:
        return settings.model_copy(update={one.name: value})

    values = np.array(one.values)
    given = getattr(settings, one.name)
    start = len(values) // 2 if given is None else int(np.argmin(np.abs(values - given)))
    place = lowest(lambda k: score(at(one.values[k])), start, len(values))
    best = at(one.values[place])
    if not one.continuous:
        return best
    bounds = np.log(values[[max(place - 1, 0), min(place + 1, len(values) - 1)]])
    found = minimize_scalar(
        lambda x: score(at(round(float(np.exp(x)), 4))),
        bounds=tuple(bounds),
        method="bounded",
        options={"xatol": LOG_TOLERANCE},
    )
    refined = at(round(float(np.exp(found.x)), 4))
    return min(best, refined, key=score)
