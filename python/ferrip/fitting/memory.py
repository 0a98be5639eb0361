"""Memory of a fit, from the numbers of its rows and columns: what `max_memory` bounds before any work is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ferrip.data import Frame
from ferrip.errors import SettingsError
from ferrip.fitting.distances import PairDistances
from ferrip.fitting.folds import N_FOLDS
from ferrip.fitting.normal import MOST_TRIANGULAR
from ferrip.fitting.rows import BLOCK_BYTES, has_stress, n_rows
from ferrip.fitting.tsqr import block_rows
from ferrip.models.family import EnvironmentFamily, Family

if TYPE_CHECKING:
    from pydantic import BaseModel

WORKING_SQUARES = 11
"""Matrices (p, p) beside the Gram matrices of folds and quantities, as measured: sums, roots of the prior and an
eigendecomposition."""
TRAINING_SQUARES = 10
"""Matrices (p, p) of an iteration of the training of densities, and of their posterior."""
GB = 1024**3
BASE_BYTES = 200 * 1024 * 1024
"""Interpreter, libraries and data."""


def fit_bytes(n_columns: int, frames: Sequence[Frame], *, normal: bool) -> float:
    """Peak memory of a linear fit; `normal` fits solve normal equations."""
    rows = sum(n_rows(frame) for frame in frames)
    if normal:
        kept = min(rows / N_FOLDS, n_columns) + 2 * block_rows(n_columns)
        return BASE_BYTES + 2 * BLOCK_BYTES + 8.0 * n_columns * (n_columns + 2 * kept)
    square = 8.0 * (n_columns + 1) ** 2
    block = max(BLOCK_BYTES, 8.0 * n_columns * max(n_rows(frame) for frame in frames))
    counts = [len(frames), rows - 7 * len(frames), 6 * sum(has_stress(frame) for frame in frames)]
    held = N_FOLDS * sum(_held_bytes(count / N_FOLDS, n_columns) for count in counts)
    working = max(2 * block, (N_FOLDS * sum(count > 0 for count in counts) + WORKING_SQUARES) * square)
    return BASE_BYTES + held + working


def training_bytes(n_columns: int, frames: Sequence[Frame]) -> float:
    """Peak memory of the training of densities with so many coefficients together."""
    block = max(BLOCK_BYTES, 8.0 * n_columns * max(n_rows(frame) for frame in frames))
    return BASE_BYTES + 2 * block + 8.0 * n_columns * (TRAINING_SQUARES * n_columns + block_rows(n_columns))


def choosing_bytes(family: Family, resolved: dict[str, Any], frames: Sequence[Frame]) -> float:
    """Peak memory of what a family does with the frames before the fit."""
    if not isinstance(family, EnvironmentFamily):
        return 0.0
    return BASE_BYTES + family.choosing_bytes(resolved, frames)


def check_memory(needed: float, most: float | None) -> None:
    """Raise SettingsError for more than `most` GB."""
    if most is not None and needed > most * GB:
        raise SettingsError(
            f"max_memory: the fit takes about {needed / GB:.2g} GB, {most:g} are allowed "
            "(a smaller size or fewer functions take less)"
        )


def check_environments(
    family: Family, size: str, settings: BaseModel, frames: Sequence[Frame], most: float | None
) -> None:
    """Check the memory of a family that chooses environments, before it does.

    How many functions there are does not depend on distances, so that these need not be known.

    Raises
    ------
    SettingsError
        For more than `most` GB.
    """
    if most is None or not frames or not isinstance(family, EnvironmentFamily):
        return
    elements = [int(z) for z in np.unique(np.concatenate([frame.numbers for frame in frames]))]
    periodic = any(bool(frame.pbc.any()) for frame in frames)
    unknown = PairDistances(minimum={}, nearest={}, neighbors=0.0, periodic=periodic)
    resolved = family.resolve(family.candidates(settings)[0], size, elements, unknown)
    n_columns = family.most_columns(resolved, frames)
    of_fit = fit_bytes(n_columns, frames, normal=n_columns > MOST_TRIANGULAR)
    check_memory(max(of_fit, choosing_bytes(family, resolved, frames)), most)


def _held_bytes(rows: float, n_columns: int) -> float:
    """Bytes of the factor of one quantity and fold, or of its rows where they are few."""
    block = block_rows(n_columns)
    return 8.0 * (n_columns + 1) * (n_columns + 1 + block if rows >= block else rows)
