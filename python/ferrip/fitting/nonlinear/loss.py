"""The loss of a potential on labelled frames, by the fast evaluator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ferrip.data import Frame
from ferrip.fitting.rows import F64, RowSource, n_rows
from ferrip.fitting.weights import row_weight
from ferrip.models.family import Evaluator


def predicted_rows(evaluator: Evaluator, frames: Sequence[Frame], num_threads: int | None) -> F64:
    """Energy, forces and strain derivatives of the frames, in the order of design rows."""
    parts = []
    for frame in frames:
        energies, forces, strain = evaluator.compute(frame.structure, num_threads)
        voigt = strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
        parts += [[energies.sum()], forces.ravel(), voigt]
    return np.concatenate(parts)


def squared_errors(
    source: RowSource, evaluator: Evaluator, frames: Sequence[Frame], weights: dict[str, float]
) -> float:
    """Weighted sum of squares of the rows that a fit on `frames` has; infinite where the energy is.

    The evaluator gives energies without E0, which `source` subtracts from the labels.
    """
    predicted = predicted_rows(evaluator, frames, source.num_threads)
    total, start = 0.0, 0
    for frame in frames:
        stop = start + n_rows(frame)
        for quantity, rows, target in source.labelled(frame, start, stop):
            factor = weights[quantity] * row_weight(frame, quantity, source.config_weights, source.size_power)
            total += factor**2 * float(np.sum((target - predicted[rows]) ** 2))
        start = stop
    return total if np.isfinite(total) else np.inf
