"""The loss of a potential on labelled frames, by the fast evaluator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ferrip.data import Frame
from ferrip.evaluations import evaluations
from ferrip.fitting.rows import F64, RowSource, n_rows
from ferrip.fitting.weights import row_weight
from ferrip.models.family import Evaluator


def predicted_rows(evaluator: Evaluator, frames: Sequence[Frame], num_threads: int | None) -> F64:
    """Energy, forces and strain derivatives of the frames, in the order of design rows."""
    parts = []
    structures = [frame.structure for frame in frames]
    for energies, forces, strain in evaluations(evaluator, structures, num_threads):
        voigt = strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
        parts += [[energies.sum()], forces.ravel(), voigt]
    return np.concatenate(parts)


@dataclass(frozen=True, kw_only=True, eq=False)
class WeightedLabels:
    """Labels of frames in the order of design rows.

    Attributes
    ----------
    frames
        The frames.
    target
        (rows,) labels without E0; 0 where there is none.
    weight
        (rows,) factors on the rows; 0 where there is no label.
    num_threads
        Threads of the evaluator.
    """

    frames: Sequence[Frame]
    target: F64
    weight: F64
    num_threads: int | None

    @classmethod
    def of(cls, source: RowSource, frames: Sequence[Frame], weights: Mapping[str, float]) -> WeightedLabels:
        """The rows that a fit on `frames` with the given factors on its quantities has."""
        target, weight = (np.zeros(sum(map(n_rows, frames))) for _ in range(2))
        start = 0
        for frame in frames:
            stop = start + n_rows(frame)
            for quantity, rows, labels in source.labelled(frame, start, stop):
                own = row_weight(frame, quantity, source.config_weights, source.size_power)
                target[rows], weight[rows] = labels, weights[quantity] * own
            start = stop
        return cls(frames=frames, target=target, weight=weight, num_threads=source.num_threads)

    def squared_error(self, evaluator: Evaluator) -> float:
        """Weighted sum of squares for an evaluator of energies without E0; infinite where the energy is."""
        predicted = predicted_rows(evaluator, self.frames, self.num_threads)
        total = float(np.sum((self.weight * (self.target - predicted)) ** 2))
        return total if np.isfinite(total) else np.inf
