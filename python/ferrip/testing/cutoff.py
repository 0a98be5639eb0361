"""Smoothness at the cutoff: value and slope go to zero as an atom leaves, and nothing is left beyond."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from ferrip.testing.expectations import expect
from ferrip.testing.samples import F64, frozen

if TYPE_CHECKING:
    from ferrip._core import Structure

NEAR, NEARER = 1e-3, 1e-4
"""Distances from the cutoff, relative to it, at which the slope is looked at."""
SHRINKS = 0.3
"""The slope at the nearer one is at most this fraction of the other; a continuous slope gives about 0.1."""
NEGLIGIBLE = 1e-9
"""Slopes below this times the largest one count as zero."""


def leaving_atom(centre: int, other: int, cutoff: float, distance: float) -> Structure:
    """Atom 1 at `distance` from atom 0, which has another neighbor (atom 2) that atom 1 does not see."""
    positions = [[0.0, 0.0, 0.0], [distance, 0.0, 0.0], [-0.45 * cutoff, 0.05 * cutoff, 0.0]]
    return frozen([centre, other, other], positions, np.zeros((3, 3)), [False] * 3)


def check_cutoffs(
    elements: Sequence[int],
    cutoff: float,
    value: Callable[[Structure], F64],
    slope: Callable[[Structure], F64],
) -> None:
    """Check a quantity of atom 0 for every pair of elements as atom 1 leaves it.

    Parameters
    ----------
    elements
        Atomic numbers.
    cutoff
        Interaction range in Å.
    value, slope
        The quantity and its derivative (1/Å) along the x of atom 1, as flat arrays.
    """
    for centre, other in product(elements, repeat=2):
        place = partial(leaving_atom, centre, other, cutoff)
        _check_cutoff(
            f"{other} leaves {centre}",
            cutoff,
            lambda r, place=place: value(place(r)),
            lambda r, place=place: slope(place(r)),
        )


def _check_cutoff(
    check: str, cutoff: float, value: Callable[[float], F64], slope: Callable[[float], F64]
) -> None:
    """Check a quantity of `leaving_atom` as a function of the distance.

    Parameters
    ----------
    check
        Name of the check and the elements, for the message.
    cutoff
        Interaction range in Å.
    value, slope
        The quantity and its derivative (1/Å) at a distance in Å, as flat arrays.
    """
    beyond = value(1.001 * cutoff)
    expect(
        bool(np.array_equal(beyond, value(1.3 * cutoff))),
        f"{check}: the result still changes beyond the cutoff {cutoff} Å",
    )
    typical = np.abs(slope(0.5 * cutoff)) + np.abs(slope(0.8 * cutoff))
    near, nearer = np.abs(slope(cutoff * (1 - NEAR))), np.abs(slope(cutoff * (1 - NEARER)))
    rough = nearer > SHRINKS * near + NEGLIGIBLE * typical.max(initial=0.0)
    expect(
        not rough.any(), f"{check}: the derivative does not vanish at the cutoff (entry {np.argmax(rough)})"
    )
    step = np.abs(value(cutoff * (1 - NEARER)) - beyond)
    jump = step > cutoff * NEARER * near + NEGLIGIBLE * cutoff * typical.max(initial=0.0)
    expect(not jump.any(), f"{check}: the value jumps at the cutoff (entry {np.argmax(jump)})")
