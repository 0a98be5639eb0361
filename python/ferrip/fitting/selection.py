"""Choice between the variants of a family that no setting decides, on held-out training frames.

Covalent and metallic systems want radial functions of different reach. Where the user has not said which, each
variant is fitted to a sample of the training data at size medium (small where medium has too many functions for a
choice), and the one with the smaller error on held-out folds is taken: contiguous blocks, by the criterion that chooses
λ (`ferrip.fitting.folds`). Frames that are too few for folds are judged by the weighted squared error on every fifth.
Test data play no part.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ferrip.blas import blas_threads
from ferrip.fitting.problem import prepare
from ferrip.fitting.rows import quantity_of, streamed
from ferrip.fitting.tsqr import combine

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ferrip.data import Frame
    from ferrip.fitting.settings import FitSettings
    from ferrip.models import Family
    from ferrip.potential import Potential

SAMPLE_ATOMS = 6000
"""Atoms of the sample, at most (one frame at least)."""
FOLD = 5
"""Every fifth frame of a sample without folds is held out."""
SIZE, CHEAPER_SIZE = "medium", "small"
MAX_COLUMNS = 1500
"""Columns above which the cheaper size decides."""


def choose(
    family: Family,
    settings: FitSettings,
    model_settings: BaseModel,
    frames: Sequence[Frame],
    num_threads: int | None,
    reference: Potential | None = None,
) -> BaseModel:
    """The family's settings with every open choice made.

    Raises
    ------
    DataError
        For the errors of the data that a fit would raise.
    """
    candidates = family.candidates(model_settings)
    sample = spread(frames, SAMPLE_ATOMS)
    if len(candidates) == 1 or len(sample) < 2 * FOLD:
        return candidates[0]
    scores = [
        _held_out_error(*family.deciding(candidate), settings, sample, num_threads, reference)
        for candidate in candidates
    ]
    return candidates[int(np.argmin(scores))]


def spread(frames: Sequence[Frame], most: int) -> list[Frame]:
    """Evenly spread frames with about `most` atoms, at most (one frame at least)."""
    atoms = sum(frame.n_atoms for frame in frames)
    count = max(1, int(len(frames) * min(1.0, most / max(atoms, 1))))
    return [frames[int(k)] for k in np.linspace(0, len(frames) - 1, count).round()] if frames else []


def _held_out_error(
    family: Family,
    candidate: BaseModel,
    settings: FitSettings,
    sample: list[Frame],
    num_threads: int | None,
    reference: Potential | None,
) -> float:
    """Error on held-out frames, up to constants of the data."""
    settings = settings.model_copy(update={"solver": "ridge", "ridge": None, "ridge_by": "folds"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the fit itself gives them, for all frames
        problem = prepare(family, SIZE, settings, candidate, sample, num_threads, reference)
        if problem.source.n_columns > MAX_COLUMNS:
            problem = prepare(family, CHEAPER_SIZE, settings, candidate, sample, num_threads, reference)
    sample, use_stress = problem.frames, problem.stress_note is None
    with blas_threads(problem.source.descriptor.n_features, num_threads):
        choice = problem.chosen(streamed(problem.source, sample), use_stress=use_stress)
        if choice is not None:
            return choice.criterion
        train = streamed(problem.source, [frame for k, frame in enumerate(sample) if k % FOLD])
        test = streamed(problem.source, sample[::FOLD])
        coefficients = problem.solve(train, use_stress=use_stress).coefficients
        weights = settings.weights.model_dump()
        held_out = combine([(test[name], weights[quantity_of(name)]) for name in test])
    residual = held_out.r @ coefficients - held_out.q
    return float(residual @ residual) + held_out.rho2
