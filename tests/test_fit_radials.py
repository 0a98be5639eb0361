"""Learned radial functions: recovery of a synthetic potential, file, columns of θ, bad settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_nonlinear_training import force_error, labelled, structures

import ferrip
from ferrip.data import Frame
from ferrip.errors import SettingsError
from ferrip.fitting.problem import prepare
from ferrip.fitting.radials.rows import RadialRows, at, evaluator
from ferrip.fitting.settings import FitSettings
from ferrip.models import family
from ferrip.models.ace import AceSettings
from ferrip.potential import Potential

BASIS = {"degrees": (3.0, 3.0), "n_pair": 4, "cutoff": 4.5, "pair_cutoff": 4.5, "shape": "wide"}
FIT = {**BASIS, "repulsion": "none", "e0": {"Si": -1.0}, "num_threads": 1, "progress": False}


@pytest.fixture(scope="module")
def truth() -> Potential:
    """A linear potential whose two radial functions are combinations of six."""
    blank = [replace(f, energy=-8.0 - k, forces=np.zeros((8, 3))) for k, f in enumerate(structures(3, 9))]
    plain = ferrip.fit(blank, model="ace", **FIT)
    rng = np.random.default_rng(5)
    u, _, vt = np.linalg.svd(np.eye(2, 6) + 0.4 * rng.normal(size=(2, 6)), full_matrices=False)
    theta = u @ vt
    settings = {**plain.settings, "radial_coefficients": theta.tolist()}
    descriptor = family("ace").descriptor(settings)
    rms = np.sqrt(np.mean(descriptor.values(structures(1, 9)[0].structure) ** 2, axis=0))
    coefficients = 0.3 * rng.normal(size=len(rms)) / np.maximum(rms, 1e-3)
    return Potential(
        family="ace", descriptor=descriptor, settings=settings, coefficients=coefficients, e0={14: -1.0}
    )


@pytest.fixture(scope="module")
def train(truth: Potential) -> list[Frame]:
    return labelled(structures(12, 1), truth)


def test_the_radial_functions_of_a_synthetic_potential_are_found(
    truth: Potential, train: list[Frame], tmp_path: Path
) -> None:
    test = labelled(structures(4, 2), truth)
    fixed = ferrip.fit(train, model="ace", **FIT)
    learned = ferrip.fit(train, model="ace", radial="learned", **FIT)
    assert force_error(learned, test) < 0.2 * force_error(fixed, test)
    rows = np.array(learned.settings["radial_coefficients"])
    np.testing.assert_allclose(rows @ rows.T, np.eye(2), atol=1e-12)
    learned.save(tmp_path / "Si.ferrip")
    loaded = ferrip.load(tmp_path / "Si.ferrip")
    assert loaded.evaluate(test[0])[0].energy == learned.evaluate(test[0])[0].energy


def test_columns_are_the_derivatives_in_theta(train: list[Frame]) -> None:
    settings = AceSettings(**BASIS)
    problem = prepare(family("ace"), "small", FitSettings(repulsion="none"), settings, train, 1)
    theta = np.eye(2, 6)
    c = np.random.default_rng(0).normal(size=problem.source.descriptor.n_features)
    rows = RadialRows.of(problem, theta, c)
    design, offset = rows.design(train[:1])
    n_phi = len(c)
    step = 1e-3 * np.random.default_rng(1).normal(size=theta.shape)
    energies = [
        evaluator(at(problem, theta + sign * step), c).compute(train[0].structure)[0].sum()
        for sign in (1, -1)
    ]
    along = design[:, n_phi:] @ step.ravel()
    assert along[0] == pytest.approx((energies[0] - energies[1]) / 2, rel=1e-5)
    np.testing.assert_allclose(offset, -design[:, n_phi:] @ theta.ravel(), atol=1e-9)


def test_bad_settings(train: list[Frame]) -> None:
    with pytest.raises(SettingsError, match="radial: "):
        ferrip.fit(train, model="ace", radial="learnt", **FIT)
