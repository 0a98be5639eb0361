"""Knots of cubic B-splines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def uniform_knots(start: float, end: float, intervals: int) -> list[float]:
    """Knots of `intervals` equal intervals, the first and last repeated four times.

    Examples
    --------
    >>> uniform_knots(0.0, 2.0, 2)
    [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 2.0, 2.0]
    """
    return [start] * 3 + np.linspace(start, end, intervals + 1).tolist() + [end] * 3


def greville(knots: Sequence[float]) -> NDArray[np.float64]:
    """(len(knots) − 4,) where each function counts most: the means of its three inner knots."""
    return np.convolve(np.asarray(knots)[1:-1], np.full(3, 1 / 3), mode="valid")
