"""Central differences along one direction."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ferrip.testing.samples import F64

STEP = 4e-6
"""Step in units of the cutoff: small, so that hardly ever a neighbor crosses the cutoff (where the second
derivative jumps) within a step, and still far above rounding."""


def directional_derivative(function: Callable[[float], F64], step: float) -> F64:
    """d/dt f(t) at t = 0 from f(±step), with an error of order step².

    Parameters
    ----------
    function
        Array-valued function of one number.
    step
        Largest |t| that is used.

    Examples
    --------
    >>> round(float(directional_derivative(np.sin, 1e-4)), 7)
    1.0
    """
    return (np.asarray(function(step)) - np.asarray(function(-step))) / (2 * step)
