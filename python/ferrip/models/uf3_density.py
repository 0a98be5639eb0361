"""Densities of UF3 potentials: what neighbors add to ρ, and the axis along which its embedding function is fitted.

A density of decay β around atoms of one element is

    ρ_i = s Σ_j exp(−β (r_ij / d − 1)) (1 − (r_ij / r_c)²)³

with the nearest-neighbor distance d of the two elements, as a spline of r; s makes its mean over the data 1, so that
all embedding functions have the same axis. The fit finds the embedding functions; the densities are given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferrip.models.knots import greville, uniform_knots

if TYPE_CHECKING:
    from ferrip.fitting.distances import PairDistances

F64 = NDArray[np.float64]

RANGE = 2.0
"""End of the axis of ρ, whose mean is 1."""
INTERVALS = 20
"""Intervals of what neighbors add, which is given: enough to look like its formula."""
TRIMS = (1, 0)
"""The function that has a value at ρ = 0 is left out."""
UNKNOWN_NEIGHBORS = 12.0
"""Neighbors at the nearest-neighbor distance where the data have none."""


def densities(
    decays: Sequence[float],
    intervals: int,
    cutoffs: Mapping[tuple[int, int], float],
    lengths: Mapping[tuple[int, int], float],
    starts: Mapping[tuple[int, int], float],
    distances: PairDistances,
) -> list[dict[str, Any]]:
    """Complete settings of the densities around every element.

    Parameters
    ----------
    decays
        β of each density.
    intervals
        Intervals along ρ.
    cutoffs, lengths, starts
        r_c, d and first knot in Å, by pair (low, high).
    distances
        Of the data.
    """
    elements = sorted({z for pair in lengths for z in pair})
    knots = uniform_knots(0.0, RANGE, intervals)
    found = []
    for center in elements:
        pairs = {other: (min(center, other), max(center, other)) for other in elements}
        for decay in decays:
            shapes = {other: _shape(decay, lengths[pair], cutoffs[pair]) for other, pair in pairs.items()}
            mean = sum(distances.mean_sum(center, other, shape) for other, shape in shapes.items())
            scale = 1.0 / (mean or UNKNOWN_NEIGHBORS)
            neighbors = []
            for other, pair in pairs.items():
                axis = uniform_knots(starts[pair], cutoffs[pair], INTERVALS)
                coefficients = scale * shapes[other](greville(axis))
                coefficients[-3:] = 0.0
                neighbors.append({"element": other, "knots": axis, "coefficients": coefficients.tolist()})
            found.append({"center": center, "knots": knots, "trims": list(TRIMS), "neighbors": neighbors})
    return found


def _shape(decay: float, length: float, cutoff: float) -> Callable[[F64], F64]:
    """What a neighbor adds by its distance, up to s."""

    def shape(r: F64) -> F64:
        return np.exp(-decay * (r / length - 1.0)) * np.maximum(1.0 - (r / cutoff) ** 2, 0.0) ** 3

    return shape


def arguments(
    entry: Mapping[str, Any],
) -> tuple[int, list[float], list[tuple[int, list[float], list[float]]]]:
    """A density as `ferrip._core.ClusterDescriptor` takes it."""
    neighbors = [(one["element"], one["knots"], one["coefficients"]) for one in entry["neighbors"]]
    return entry["center"], entry["knots"], neighbors
