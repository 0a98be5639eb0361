"""Hyperparameters of kernels by marginal likelihood, against dense Gaussian processes in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fitted import frames
from numpy.typing import NDArray
from scipy.optimize import minimize

import ferrip
from ferrip.errors import SettingsError
from ferrip.fitting.hyperparameters import evidence_of, most_likely
from ferrip.fitting.settings import FitSettings, parse_settings
from ferrip.models import GapSettings, family
from ferrip.models.gap_features import base_descriptor, directions
from ferrip.models.gap_settings import HYPERPARAMETERS

F64 = NDArray[np.float64]

TRAIN = frames()[:20]
FIT = FitSettings(
    e0={"Cu": 0.0}, stress="off", repulsion="none", size_power=0.0, weights={"energy": 1.0, "forces": 0.0}
)
"""Energies alone: with all environments sparse ones, the sparse process is then the whole one."""
LENGTHS = (0.2, 0.5, 1.4)


def gap(**settings: Any) -> GapSettings:
    whole = {"n_max": 3, "l_max": 2, "cutoff": 4.0, "linear": "none", "pairs": 0, "sparse": 1000}
    (parsed,) = parse_settings(whole | settings, GapSettings)
    assert isinstance(parsed, GapSettings)
    return parsed


def dense_kernel(length: float) -> F64:
    """(20, 20) covariance of the energies of the frames, relative to free atoms, by a double sum over atoms."""
    settings = family("gap").resolve(gap(kernel="se", length=length), "small", [29], _distances())
    base = base_descriptor(settings)

    def kernel(a: F64, b: F64) -> F64:
        return np.exp((a @ b.T - 1.0) / length**2)

    free = directions(
        base.values((np.array([29]), np.zeros((1, 3)), np.zeros((3, 3)), np.zeros(3, bool))), None
    )
    units = [directions(base.values(frame.structure), None) for frame in TRAIN]
    return np.array(
        [[(kernel(a, b) - kernel(a, free) - kernel(free, b) + 1.0).sum() for b in units] for a in units]
    )


def _distances() -> Any:
    from ferrip.fitting.distances import pair_distances

    return pair_distances(TRAIN)


def minus_log_density(kernel: F64, noise: float, amplitude: float) -> float:
    """−log N(energies; 0, amplitude² K + noise²)."""
    energies = np.array([frame.energy for frame in TRAIN])
    covariance = amplitude**2 * kernel + noise**2 * np.eye(len(energies))
    log_det = np.linalg.slogdet(covariance)[1]
    misfit = energies @ np.linalg.solve(covariance, energies)
    return 0.5 * float(log_det + misfit + len(energies) * np.log(2 * np.pi))


def dense_minimum(length: float) -> float:
    """The same for the best noise and amplitude."""
    kernel = dense_kernel(length)
    return min(
        float(
            minimize(lambda logs: minus_log_density(kernel, *np.exp(logs)), start, method="Nelder-Mead").fun
        )
        for start in ((-4.0, 1.0), (-2.0, 0.0), (-5.0, 3.0))
    )


def test_marginal_likelihood_is_that_of_a_dense_process_and_so_is_its_best_length() -> None:
    sparse, dense = [], []
    for length in LENGTHS:
        found = evidence_of(family("gap"), FIT, gap(kernel="se", length=length), TRAIN)
        own = minus_log_density(dense_kernel(length), found.noise["energy"], found.amplitudes[0])
        assert abs(found.objective - own) < 0.02
        sparse.append(found.objective)
        dense.append(dense_minimum(length))
    np.testing.assert_allclose(sparse, dense, atol=0.05)
    assert np.argmin(sparse) == np.argmin(dense)


def test_the_length_that_is_found_has_the_largest_likelihood_of_a_dense_process() -> None:
    chosen = most_likely(family("gap"), FIT, gap(kernel="se", hyperparameters="length"), TRAIN)
    assert isinstance(chosen, GapSettings)
    found = dense_minimum(chosen.length)
    grid = [dense_minimum(length) for length in HYPERPARAMETERS["length"].values]
    assert found < min(grid) + 0.05


def test_the_power_that_is_found_is_better_than_its_neighbors_and_stands_in_the_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = {"n_max": 3, "l_max": 2, "cutoff": 4.0, "linear": "none", "pairs": 6, "sparse": 30}
    rest = {"e0": {"Cu": 0.0}, "stress": "off", "repulsion": "none"}
    potential = ferrip.fit(
        TRAIN, model="gap", size="small", hyperparameters=["zeta", "sigma"], **settings, **rest
    )
    noted = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("hyperparameters"))
    zeta, sigma = potential.settings["zeta"], potential.settings["soap"]["sigma"]
    assert f"zeta {zeta}, sigma {sigma:.4g} (largest marginal likelihood of 20 frames" in noted

    def score(zeta: int) -> float:
        candidate = gap(**settings | {"zeta": zeta, "sigma": sigma})
        return evidence_of(family("gap"), FitSettings(**rest), candidate, TRAIN).objective

    own = score(zeta)
    assert all(score(other) > own for other in (zeta - 1, zeta + 1) if 1 <= other <= 8)


def test_nothing_is_searched_unless_asked_for() -> None:
    settings = gap()
    assert most_likely(family("gap"), FIT, settings, TRAIN) is settings
    assert most_likely(family("ace"), FIT, settings, TRAIN) is settings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"hyperparameters": "lenght"},
            "hyperparameters.*'length', 'zeta', 'sigma', 'cutoff' or 'pair_width'.*lenght",
        ),
        ({"hyperparameters": ["length"]}, "length: kernel='dot' has no such setting"),
        ({"hyperparameters": "zeta", "kernel": "se"}, "zeta: kernel='se' has no such setting"),
        ({"hyperparameters": "pair_width", "pairs": 0}, "pair_width: pairs=0 has no such setting"),
        ({"hyperparameters": "sigma", "features": "ace"}, "sigma: features='ace' has no such setting"),
    ],
)
def test_what_cannot_be_found_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        ferrip.fit(TRAIN, model="gap", size="small", progress=False, **settings)


@pytest.mark.parametrize("name", ["cutoff", "pair_width"])
def test_others_are_found_too(name: str) -> None:
    chosen = most_likely(family("gap"), FIT, gap(hyperparameters=name, pairs=6, sparse=20), TRAIN[:8])
    values = HYPERPARAMETERS[name].values
    assert values[0] <= getattr(chosen, name) <= values[-1]
