"""Noise and amplitudes by marginal likelihood, against dense Gaussian processes in numpy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from fitted import frames
from numpy.typing import NDArray

import ferrip
from ferrip.errors import SettingsError
from ferrip.fitting.evidence import maximise, minus_log_evidence
from ferrip.models.gap import Gap
from ferrip.testing import check_potential

F64 = NDArray[np.float64]

FIT = {"model": "gap", "size": "small", "e0": {"Cu": 0.0}, "stress": "off", "progress": False}
TINY = {
    "n_max": 3,
    "l_max": 2,
    "sparse": 40,
    "pairs": 6,
    "cutoff": 4.0,
    "repulsion": "none",
    "linear": "none",
}
COUNTS = {"energy": 30, "forces": 80}
PARTS = [np.arange(4), np.arange(4, 7)]


def rows() -> dict[str, tuple[F64, F64]]:
    """Rows of two quantities of known noise, with coefficients of two amplitudes."""
    rng = np.random.default_rng(3)
    truth = np.append(rng.normal(size=4), 10.0 * rng.normal(size=3))
    found = {}
    for (name, count), noise in zip(COUNTS.items(), (0.01, 0.3), strict=True):
        design = rng.normal(size=(count, 7))
        found[name] = (design, design @ truth + noise * rng.normal(size=count))
    return found


def grams() -> dict[str, F64]:
    both = {name: np.column_stack(pair) for name, pair in rows().items()}
    return {name: matrix.T @ matrix for name, matrix in both.items()}


def dense(designs: list[F64], targets: list[F64], noise: list[float], prior: F64) -> float:
    """−log N(b; 0, A diag(prior) Aᵀ + noise)."""
    design, target = np.concatenate(designs), np.concatenate(targets)
    covariance = (design * prior) @ design.T
    covariance += np.diag(np.repeat(noise, [len(part) for part in targets]))
    log_det = np.linalg.slogdet(covariance)[1]
    return 0.5 * float(
        log_det + target @ np.linalg.solve(covariance, target) + len(target) * np.log(2 * np.pi)
    )


@pytest.mark.parametrize("seed", range(3))
def test_equals_the_density_of_the_targets_and_has_its_slope(seed: int) -> None:
    logs = np.random.default_rng(seed).normal(size=4)
    arguments = (list(grams().values()), list(COUNTS.values()), PARTS)
    value, slope = minus_log_evidence(*arguments, logs)
    designs, targets = zip(*rows().values(), strict=True)
    prior = np.repeat(np.exp(-logs[2:]), [4, 3])
    assert abs(value - dense(list(designs), list(targets), np.exp(-logs[:2]).tolist(), prior)) < 1e-8 * abs(
        value
    )
    for k, one in enumerate(np.eye(4) * 1e-5):
        above, below = (minus_log_evidence(*arguments, logs + sign * one)[0] for sign in (1, -1))
        np.testing.assert_allclose((above - below) / 2e-5, slope[k], rtol=1e-5, atol=1e-6)


def test_finds_the_noise_and_the_amplitudes() -> None:
    found = maximise(grams(), COUNTS, {"energy": 1.0, "forces": 1.0, "virial": 1.0}, PARTS)
    assert 20.0 < found.weights["energy"] / found.weights["forces"] < 45.0
    assert found.weights["virial"] == 0.0
    assert (found.scales[:4] == 1.0).all() and 1 / 40 < found.scales[5] < 1 / 3


def test_does_not_depend_on_where_it_starts() -> None:
    one, other = (
        maximise(grams(), COUNTS, {"energy": energy, "forces": 1.0}, PARTS) for energy in (0.1, 30.0)
    )
    assert abs(one.objective - other.objective) < 1e-3
    ratios = [found.weights["energy"] / found.weights["forces"] for found in (one, other)]
    assert abs(ratios[0] / ratios[1] - 1.0) < 0.02


def test_a_fit_has_the_largest_marginal_likelihood_of_a_dense_gaussian_process() -> None:
    train = frames()[:20]
    potential = ferrip.fit(train, **FIT, **TINY, solver="evidence", size_power=0.0)
    evidence = potential.metadata["fit"]["evidence"]
    rows = [potential.descriptor.design([frame.structure]) for frame in train]
    designs = [
        np.concatenate([part[:1] for part in rows]),
        np.concatenate([part[1:-6] for part in rows]),
    ]
    targets = [
        np.array([frame.energy for frame in train]),
        np.concatenate([np.asarray(frame.forces).ravel() for frame in train]),
    ]
    groups = Gap().correlated_functions(dict(potential.settings))
    (pairs, of_pairs), (environments, of_environments) = groups
    whitened = [
        np.hstack([part[:, environments] @ _root(of_environments), part[:, pairs] @ _root(of_pairs)])
        for part in designs
    ]

    def at(energy: float, forces: float, *amplitudes: float) -> float:
        deviations = [energy * evidence["noise"]["energy"], forces * evidence["noise"]["forces"]]
        scaled = np.array(amplitudes) * evidence["amplitudes"]
        prior = np.repeat(scaled**2, [len(environments), len(pairs)])
        return dense(whitened, targets, [one**2 for one in deviations], prior)

    best = at(1.0, 1.0, 1.0, 1.0)
    assert abs(best - evidence["minus_log_evidence"]) < 1e-4 * abs(best)
    for k, factor in itertools.product(range(4), (0.7, 1.4)):
        assert at(*np.where(np.arange(4) == k, factor, 1.0)) > best
    ratio = evidence["noise"]["forces"] / evidence["noise"]["energy"]
    weights = potential.metadata["fit"]["weights"]
    assert abs(weights["energy"] / weights["forces"] - ratio) < 1e-9 * ratio


def _root(covariance: F64) -> F64:
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))


def test_a_fit_keeps_the_promises_of_a_potential() -> None:
    potential = ferrip.fit(frames(), **FIT, **TINY | {"sparse": 25}, solver="evidence")
    check_potential(potential, seed=1)


def test_what_it_finds_cannot_be_given() -> None:
    with pytest.raises(SettingsError, match="ridge"):
        ferrip.fit(frames(), **FIT, solver="evidence", ridge=1e-3)
    with pytest.raises(SettingsError, match="ace-fs"):
        ferrip.fit(frames(), **FIT | {"model": "ace-fs"}, solver="evidence")
