"""Scale of the uncertainties: posterior variances made as large as the errors on the training data.

The posterior assumes independent rows and a model that can be exact; both fail, so its variances are too small by
a factor that is nearly constant. The scales are the α of `residual² ≈ α² · posterior variance` (mean over the
data), as in Bigi, Chong, Ceriotti, Grasselli, doi:10.1088/2632-2153/ad805f.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ferrip.data import Frame

if TYPE_CHECKING:
    from ferrip.potential import Potential

SAMPLE = 50
"""Training frames that are compared."""


def calibrate(potential: Potential, frames: Sequence[Frame], num_threads: int | None) -> dict[str, float]:
    """Factors `energy_scale` and `forces_scale` on the uncertainties of an uncalibrated `potential`."""
    picked = [
        frames[int(i)] for i in np.unique(np.linspace(0, len(frames) - 1, min(SAMPLE, len(frames))).round())
    ]
    ratios: dict[str, list[float]] = {"energy": [], "forces": []}
    for frame, prediction in zip(picked, potential.evaluate(picked, num_threads), strict=True):
        if frame.energy is not None and not frame.is_isolated_atom:
            spread = potential.energy_uncertainty(frame, num_threads)
            ratios["energy"].append(((frame.energy - prediction.energy) / max(spread, 1e-300)) ** 2)
        if frame.forces is not None and not frame.is_isolated_atom:
            squares = (frame.forces - prediction.forces) ** 2
            variances = potential.forces_uncertainty(frame, num_threads) ** 2
            ratios["forces"].append(float(squares.sum() / max(variances.sum(), 1e-300)))
    return {
        f"{name}_scale": float(np.sqrt(np.mean(values))) if values else 1.0 for name, values in ratios.items()
    }
