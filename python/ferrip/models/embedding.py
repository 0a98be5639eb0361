"""Weights of an element embedding: rows over which sums over the neighbors tell species apart.

The first row is 1 for every species: its sums see the neighbors alike. The others are orthogonal contrasts of mean
square 1, ordered by how much of the differences between the elements they explain (period, place in the period and
covalent radius, standardised over the elements at hand), so that few of them serve many elements. With as many rows
as elements nothing is lost: the sums over every single species are combinations of the rows.

Source of the idea: Darby, Kovács, Batatia, Caro, Hart, Ortner, Csányi, doi:10.1103/PhysRevLett.131.028001.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase.data import covalent_radii

NOBLE_GASES = (0, 2, 10, 18, 36, 54, 86, 118)


def species_weights(elements: Sequence[int], n_channels: int) -> list[list[float]]:
    """Orthogonal rows (n_channels, S) for ascending atomic numbers, the first one all 1.

    Examples
    --------
    >>> species_weights([14, 32], 2)
    [[1.0, 1.0], [1.0, -1.0]]
    """
    n = len(elements)
    if not 1 <= n_channels <= n:
        raise ValueError(f"expected 1 to {n} channels for {n} elements, got {n_channels}")
    properties = np.array([_properties(z) for z in elements])
    spread = properties.std(axis=0)
    standard = (properties - properties.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    # differences that no property shows come last, in the order of the elements
    rest = 1e-6 * (np.eye(n) - 1.0 / n)
    directions = np.linalg.svd(np.hstack([standard, rest]))[0].T[: n_channels - 1]
    leading = (np.abs(directions) > 1e-6).argmax(axis=1)
    signs = np.sign(directions[np.arange(len(directions)), leading])
    rows = np.vstack([np.ones(n), np.sqrt(n) * signs[:, None] * directions])
    return [[round(float(weight), 12) for weight in row] for row in rows]


def _properties(z: int) -> tuple[float, float, float]:
    """Period, place in the period, covalent radius."""
    period = sum(z > noble for noble in NOBLE_GASES)
    start, end = NOBLE_GASES[period - 1], NOBLE_GASES[period]
    return float(period), (z - start) / (end - start), float(covalent_radii[z])
