"""Whether the dimers of a potential repel each other at every distance below the shortest one in the data.

Nothing in the data holds the functions down there, and polynomials may dig holes that ZBL does not fill.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ferrip._core import Structure
    from ferrip.potential import Potential

F64 = NDArray[np.float64]
Pair = tuple[int, int]
Range = tuple[float, float]

CLOSEST = 0.1
"""Å; below it the repulsion goes on linearly."""
N_CHECKED = 400
"""Distances per pair at which the curve is checked."""


def attractive_ranges(potential: Potential, below: Mapping[Pair, float]) -> dict[Pair, Range]:
    """First and last distance (Å) at which a pair attracts, for the pairs that do so below their distance (Å).

    Examples
    --------
    >>> attractive_ranges(ferrip.load("Si.ferrip"), {(14, 14): 1.8})  # doctest: +SKIP
    {}
    """
    evaluator = potential.evaluator()
    found = {}
    for pair, end in below.items():
        r = np.linspace(CLOSEST, end, N_CHECKED)
        of_atoms = evaluator.compute(dimers(pair, r, 3.0 * potential.cutoff), 1)[0]
        energies = of_atoms.reshape(-1, 2).sum(axis=1)
        rising = np.flatnonzero(np.diff(energies) > 0.0)
        if len(rising):
            found[pair] = (float(r[rising[0]]), float(r[rising[-1] + 1]))
    return found


def named(ranges: Mapping[Pair, Range]) -> dict[str, list[float]]:
    """The ranges in JSON types, rounded, by pair of symbols."""
    return {
        f"{chemical_symbols[a]}-{chemical_symbols[b]}": [round(low, 3), round(high, 3)]
        for (a, b), (low, high) in ranges.items()
    }


def dimers(pair: Pair, distances: F64, apart: float) -> Structure:
    """Dimers in vacuum, the second atom at the distances (Å) along x, and `apart` (Å) from one another along y."""
    positions = np.zeros((len(distances), 2, 3))
    positions[:, 1, 0] = distances
    positions[:, :, 1] = apart * np.arange(len(distances))[:, None]
    numbers = np.tile(np.array(pair, dtype=np.int64), len(distances))
    return numbers, positions.reshape(-1, 3), np.zeros((3, 3)), np.zeros(3, dtype=np.bool_)
