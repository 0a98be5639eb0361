"""The loss of given densities on labelled frames, by the fast evaluator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from ferrip import _core
from ferrip.data import Frame
from ferrip.fitting.nonlinear.densities import Densities
from ferrip.fitting.rows import RowSource, n_rows
from ferrip.fitting.weights import row_weight


def squared_errors(
    source: RowSource, densities: Densities, frames: Sequence[Frame], weights: dict[str, float]
) -> float:
    """Weighted sum of squares of the rows that a fit on `frames` has; infinite where the energy is."""
    descriptor = cast("_core.Descriptor", source.descriptor)
    evaluator = _core.Evaluator.from_readout(descriptor, densities.readout(descriptor), source.repulsion)
    total = 0.0
    for frame in frames:
        energies, forces, strain = evaluator.compute(frame.structure, source.num_threads)
        voigt = strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
        prediction = np.concatenate([[energies.sum()], forces.ravel(), voigt])
        for quantity, rows, target in source.labelled(frame, 0, n_rows(frame)):
            factor = weights[quantity] * row_weight(frame, quantity, source.config_weights, source.size_power)
            total += factor**2 * float(np.sum((target - prediction[rows]) ** 2))
    return total if np.isfinite(total) else np.inf
