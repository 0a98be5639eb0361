"""Whether the stress labels of the training data can be fitted together with its energies and forces.

A plane-wave basis that is not converged gives stresses that differ from dE/dε by a constant (Pulay stress). The
check of `ferrip.data` sees it from pairs of strained cells. Where the data hold no such pairs, a fit to energies
and forces alone decides: labels of a config type that differ from its prediction by a constant offset are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ferrip.data import EV_PER_CUBIC_ANGSTROM_IN_GPA, Frame
from ferrip.fitting.rows import has_stress
from ferrip.prediction import Prediction

OFFSET_LIMIT = 0.5
"""GPa; a constant pressure offset above it makes stress labels unusable."""
OFFSET_SHARE = 0.5
"""An offset counts as constant if its square is more than this share of the mean squared deviation."""
MIN_FRAMES = 4
"""Config types with fewer stress labels do not decide."""
SAMPLE = 50
"""Frames per config type that are compared."""


@dataclass(frozen=True, kw_only=True)
class StressOffset:
    """Constant pressure offset (label − prediction, GPa) of a config type over `n_frames` frames."""

    config_type: str
    offset: float
    spread: float
    n_frames: int


def sample_with_stress(frames: Sequence[Frame]) -> list[Frame]:
    """At most `SAMPLE` frames with a stress label per config type, evenly spread."""
    groups: dict[str, list[Frame]] = {}
    for frame in frames:
        if has_stress(frame):
            groups.setdefault(frame.config_type, []).append(frame)
    return [
        group[int(index)]
        for group in groups.values()
        for index in np.unique(np.linspace(0, len(group) - 1, min(SAMPLE, len(group))).round())
    ]


def constant_offsets(frames: Sequence[Frame], predictions: Sequence[Prediction]) -> list[StressOffset]:
    """Config types whose stress labels differ from the predictions by a constant above `OFFSET_LIMIT`."""
    groups: dict[str, list[float]] = {}
    for frame, prediction in zip(frames, predictions, strict=True):
        if frame.stress is None or prediction.stress is None:
            continue
        deviation = float(np.mean(frame.stress[:3] - prediction.stress[:3]))
        groups.setdefault(frame.config_type, []).append(deviation * EV_PER_CUBIC_ANGSTROM_IN_GPA)
    offsets = []
    for name, deviations in groups.items():
        mean, square = float(np.mean(deviations)), float(np.mean(np.square(deviations)))
        constant = len(deviations) >= MIN_FRAMES and mean**2 > OFFSET_SHARE * square
        if constant and abs(mean) > OFFSET_LIMIT:
            offsets.append(
                StressOffset(
                    config_type=name, offset=mean, spread=float(np.std(deviations)), n_frames=len(deviations)
                )
            )
    return offsets
