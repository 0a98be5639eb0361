"""Dimers of fits repel from 0.1 Å up to the shortest distance in the data, for every pair of elements."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
from fitted import frames

import ferrip
from ferrip.data import read_frames
from ferrip.fitting import dimers
from ferrip.fitting.core import attractive_ranges
from ferrip.fitting.dimers import nearest, reach


def silicon(step):
    """Every `step`-th training frame of the shipped set, small cells only."""
    path = files("ferrip") / "datasets" / "silicon" / "train.extxyz.gz"
    return [frame for frame in read_frames(str(path)) if frame.n_atoms <= 16][::step]


def fit(data, **settings):
    return ferrip.fit(data, model="ace", progress=False, stress="off", **settings)


def ranges(potential):
    return attractive_ranges(potential, reach(potential.elements, potential.minimum_distances))


@pytest.mark.parametrize(("size", "step"), [("small", 2), ("medium", 4), ("large", 8)])
def test_dimers_of_silicon_fits_repel(size, step):
    """Few frames and hardly a ridge leave the functions the freedom to dig holes."""
    assert ranges(fit(silicon(step), size=size, shape="wide", ridge=1e-9)) == {}


def test_dimers_repel_where_the_data_pull():
    """Labels of the opposite sign: the functions alone fall towards short distances."""
    data = [replace(frame, energy=-frame.energy, forces=-frame.forces, stress=None) for frame in frames()]
    potential = fit(data, size="small", shape="compact")
    assert ranges(potential) == {}


def test_dimers_of_embedded_densities_repel():
    """The same labels; the forces are not linear in the coefficients."""
    data = [replace(frame, energy=-frame.energy, forces=-frame.forces, stress=None) for frame in frames()]
    settings = {"size": "small", "shape": "compact", "max_order": 2, "degree": 6, "iterations": 2}
    potential = ferrip.fit(data[:20], model="ace-fs", progress=False, stress="off", **settings)
    assert ranges(potential) == {}


def test_every_pair_of_an_alloy_repels():
    """Species at random on the sites, so that no pair is described well."""
    rng = np.random.default_rng(2)
    data = [replace(frame, numbers=rng.choice([29, 47], len(frame.numbers))) for frame in frames()]
    potential = fit(data, size="small", shape="compact", ridge=1e-9, e0={"Cu": 0.0, "Ag": 0.0})
    assert set(reach(potential.elements, potential.minimum_distances)) == {(29, 29), (29, 47), (47, 47)}
    assert ranges(potential) == {}
    assert potential.metadata["fit"]["attractive_dimers"] == {}


def test_repulsion_costs_little_accuracy():
    data = silicon(2)
    repelling, free = (fit(data, size="small", shape="wide", repulsion=name) for name in ("zbl", "none"))
    errors = [one.metadata["metrics"]["train"]["forces"]["mae_meV_per_A"] for one in (repelling, free)]
    assert errors[0] < 1.1 * errors[1]


def test_pairs_that_the_data_lack_repel_within_their_radii():
    expected = {(8, 8): pytest.approx(1.056), (8, 14): pytest.approx(1.416), (14, 14): 1.9}
    assert reach([14, 8], {(14, 14): 1.9}) == expected


def test_a_repair_far_from_the_data_is_left_out_and_told(monkeypatch):
    data = [replace(frame, energy=-frame.energy, forces=-frame.forces, stress=None) for frame in frames()]
    monkeypatch.setattr(dimers, "MOST_DEVIATIONS", 0.0)
    potential = fit(data, size="small", shape="compact")
    assert potential.metadata["fit"]["attractive_dimers"] != {}


def test_nearest_point_of_a_cone():
    """Against the corner of two half-planes, and the case without a solution."""
    matrix, bound = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1e-3]]), np.array([1.0, 3.0, -5.0])
    np.testing.assert_allclose(nearest(matrix, bound), [1.5, 1.5], atol=1e-12)
    np.testing.assert_allclose(nearest(matrix, np.array([2.0, 3.0, -5.0])), [2.0, 1.0], atol=1e-12)
    assert nearest(np.array([[1.0], [-1.0]]), np.array([1.0, 1.0])) is None
