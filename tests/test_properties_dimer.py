"""Dimer curves."""

import numpy as np
import pytest
from standins import MorsePotential

from ferrip.properties import dimer_curves


def test_dimer_curves_of_every_pair():
    potential = MorsePotential(elements=(29, 47))
    curves = dimer_curves(potential, points=400)
    assert [curve.pair for curve in curves] == [(29, 29), (29, 47), (47, 47)]
    copper = curves[0]
    assert copper.training_minimum == 2.0
    assert curves[1].training_minimum is None
    assert copper.energies[-1] == 0.0
    assert copper.distances[np.argmin(copper.energies)] == pytest.approx(potential.r0, abs=0.02)
    assert copper.energies.min() == pytest.approx(-potential.depth, rel=1e-3)
