"""Predictions against labels, ready to be plotted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferrip.data import EV_PER_CUBIC_ANGSTROM_IN_GPA, Frame
from ferrip.prediction import Prediction

F64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Parity:
    """Labels and predictions of one set of frames, (n, 2) with the label first; n may be 0.

    Attributes
    ----------
    name
        Of the set, e.g. "test".
    energy
        eV per atom.
    forces
        Components, eV/Å.
    stress
        Components, GPa.
    """

    name: str
    energy: F64
    forces: F64
    stress: F64


def parity(name: str, frames: Sequence[Frame], predictions: Sequence[Prediction]) -> Parity:
    """Collect what both label and prediction have.

    Parameters
    ----------
    name
        Of the set.
    frames, predictions
        One prediction per frame.
    """

    def pairs(pick: Callable[[Frame | Prediction], F64 | None]) -> F64:
        found = [(pick(frame), pick(guess)) for frame, guess in zip(frames, predictions, strict=True)]
        rows = [np.stack([label.ravel(), guess.ravel()], axis=1) for label, guess in _both(found)]
        return np.concatenate([np.zeros((0, 2)), *rows])

    def energy(of: Frame | Prediction) -> F64 | None:
        return (
            None if of.energy is None or of.forces is None else np.array([of.energy / max(len(of.forces), 1)])
        )

    def stress(of: Frame | Prediction) -> F64 | None:
        return None if of.stress is None else of.stress * EV_PER_CUBIC_ANGSTROM_IN_GPA

    return Parity(name=name, energy=pairs(energy), forces=pairs(lambda of: of.forces), stress=pairs(stress))


def _both(found: Sequence[tuple[F64 | None, F64 | None]]) -> list[tuple[F64, F64]]:
    """Return the pairs of which both are there."""
    return [(label, guess) for label, guess in found if label is not None and guess is not None]
