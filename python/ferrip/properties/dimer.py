"""Energy curves of two atoms in vacuum."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ferrip.potential import Potential

F64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class DimerCurve:
    """Energy of two atoms against their distance.

    Attributes
    ----------
    pair
        Atomic numbers (low, high).
    distances
        Å, (n,).
    energies
        eV relative to the two atoms beyond the cutoff, (n,).
    training_minimum
        Shortest distance of this pair in the training data, Å; None where it is unknown.
    """

    pair: tuple[int, int]
    distances: F64
    energies: F64
    training_minimum: float | None


def dimer_curve(
    potential: Potential, pair: tuple[int, int], *, r_min: float = 0.5, points: int = 200
) -> DimerCurve:
    """Compute the curve of one pair from `r_min` (Å) to just beyond the cutoff.

    Parameters
    ----------
    potential
        The potential.
    pair
        Two atomic numbers.
    r_min
        Shortest distance, Å.
    points
        Number of distances.
    """
    low, high = sorted(pair)
    numbers, cell, pbc = np.array([low, high], np.int64), np.zeros((3, 3)), np.zeros(3, bool)
    distances = np.linspace(r_min, potential.cutoff + 0.1, points)
    session = potential.evaluator().session(0.0, 1)
    energies = []
    for distance in distances:
        positions = np.array([[0.0, 0.0, 0.0], [distance, 0.0, 0.0]])
        energies.append(float(np.sum(session.compute((numbers, positions, cell, pbc))[0])))
    return DimerCurve(
        pair=(low, high),
        distances=distances,
        energies=np.array(energies) - energies[-1],
        training_minimum=potential.minimum_distances.get((low, high)),
    )


def dimer_curves(potential: Potential, *, r_min: float = 0.5, points: int = 200) -> list[DimerCurve]:
    """Return the curves of every unordered pair of the potential's elements."""
    pairs = combinations_with_replacement(sorted(potential.elements), 2)
    return [dimer_curve(potential, pair, r_min=r_min, points=points) for pair in pairs]
