"""Radial distribution functions."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from ferrip.errors import DataError, SettingsError
from ferrip.properties import radial_distribution


def test_rdf_of_a_crystal_counts_its_shells():
    atoms = bulk("Si", a=5.43, cubic=True)
    rdf = radial_distribution([atoms, atoms * (2, 1, 1)], r_max=6.0, bins=600)
    density = len(atoms) / atoms.get_volume()
    inside = rdf.distances < 3.0
    width = rdf.distances[1] - rdf.distances[0]
    shells = 4 * np.pi * rdf.distances**2 + np.pi * width**2 / 3
    assert density * np.sum(rdf.values * shells * width, where=inside) == pytest.approx(4.0)
    assert rdf.frames == 2


def test_rdf_of_random_points_is_one():
    rng = np.random.default_rng(0)
    atoms = Atoms("H4000", positions=rng.uniform(0, 20.0, (4000, 3)), cell=[20.0] * 3, pbc=True)
    rdf = radial_distribution([atoms], r_max=6.0, bins=12)
    np.testing.assert_allclose(rdf.values[6:], 1.0, atol=0.03)


def test_rdf_of_nothing_is_an_error():
    with pytest.raises(DataError, match="no frames"):
        radial_distribution([])
    with pytest.raises(DataError, match="frame 0"):
        radial_distribution([Atoms("H")])
    with pytest.raises(SettingsError):
        radial_distribution([Atoms("H")], r_max=-1.0)
