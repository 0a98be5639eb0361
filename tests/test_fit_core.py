"""Dimers of fits repel each other from 0.1 Å up to the shortest distance in the data, over all pairs."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement

import numpy as np
import pytest
from fitted import frames

import ferrip
from ferrip.fitting.core import attractive
from ferrip.potential import Potential


def shortest(potential: Potential) -> dict[tuple[int, int], float]:
    pairs = combinations_with_replacement(potential.elements, 2)
    return {pair: potential.minimum_distances[pair] for pair in pairs}


def fit(data, **settings) -> Potential:
    return ferrip.fit(
        data, model="ace", size="small", stress="off", uncertainty=False, progress=False, **settings
    )


def alloyed():
    """The frames of copper with every other atom called nickel."""
    return [replace(f, numbers=np.where(np.arange(len(f.numbers)) % 2, 28, 29)) for f in frames()]


@pytest.mark.parametrize("data", [frames, alloyed])
def test_dimers_of_fits_repel(data) -> None:
    potential = fit(data())
    assert attractive(potential, shortest(potential)) == {}


def test_holes_are_filled_where_the_data_attract() -> None:
    """Labels of the opposite sign make the functions fall towards short distances."""
    data = [replace(frame, energy=-frame.energy, forces=-frame.forces, stress=None) for frame in frames()]
    free = fit(data, repulsion="none")
    assert attractive(free, shortest(free)) != {}
    potential = fit(data)
    assert attractive(potential, shortest(potential)) == {}
