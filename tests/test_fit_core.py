"""Dimers at close range: those of a fit repel, and a fit says where they do not."""

from __future__ import annotations

from dataclasses import replace

from fitted import copper, frames

import ferrip
from ferrip.fitting.core import attractive_ranges


def test_dimers_of_a_fit_repel_from_a_tenth_of_an_angstrom() -> None:
    potential = copper()
    assert attractive_ranges(potential, potential.minimum_distances) == {}
    assert potential.metadata["fit"]["attractive_dimers"] == {}


def test_a_fit_says_where_dimers_attract() -> None:
    """Labels of the opposite sign make the functions fall towards short distances."""
    data = [replace(frame, energy=-frame.energy, forces=-frame.forces, stress=None) for frame in frames()]
    potential = ferrip.fit(
        data, model="ace", size="small", stress="off", uncertainty=False, repulsion="none", progress=False
    )
    low, high = potential.metadata["fit"]["attractive_dimers"]["Cu-Cu"]
    assert 0.1 <= low < high <= potential.minimum_distances[29, 29] + 1e-3
