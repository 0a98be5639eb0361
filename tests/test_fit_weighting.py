"""Weights of frames by their energy."""

from __future__ import annotations

import numpy as np
import pytest

import ferrip
from ferrip.data import Frame
from ferrip.errors import SettingsError
from ferrip.fitting.weighting import energy_weighted


def frame(symbols: dict[int, int], energy: float | None, weight: float = 1.0) -> Frame:
    numbers = [z for z, n in symbols.items() for _ in range(n)]
    positions = 2.0 * np.arange(3 * len(numbers)).reshape(-1, 3)
    return Frame(numbers=numbers, positions=positions, energy=energy, weight=weight)


def test_lowest_is_per_composition() -> None:
    frames = [
        frame({14: 2}, -8.0),
        frame({14: 4}, -12.0, weight=2.0),
        frame({14: 1, 8: 1}, -3.0),
        frame({14: 2, 8: 2}, -4.0),
        frame({14: 2}, None),
    ]
    weights = [f.weight for f in energy_weighted(frames, "lowest", 0.5)]
    np.testing.assert_allclose(weights, [1.0, 2.0 / 9.0, 1.0, 0.25, 1.0])


def test_hull_is_the_cheapest_mixture() -> None:
    frames = [
        frame({14: 2}, -8.0),
        frame({8: 2}, -4.0),
        frame({14: 1, 8: 1}, -5.0),
        frame({14: 3, 8: 1}, -16.0),
    ]
    weights = [f.weight for f in energy_weighted(frames, "hull", 1.0)]
    # Si3O lies on the hull; between it (−4 eV/atom at 3/4) and O (−2 at 0) the hull at 1/2 is −10/3
    np.testing.assert_allclose(weights, [1.0, 1.0, (1 / (10 / 3 - 2.5 + 1)) ** 2, 1.0])


def test_isolated_atoms_and_uniform_keep_their_weights() -> None:
    atom = Frame(numbers=[14], positions=[[0, 0, 0]], energy=-1.0)
    frames = [atom, frame({14: 2}, -8.0), frame({14: 2}, -7.0)]
    assert [f.weight for f in energy_weighted(frames, "lowest", 1.0)] == [1.0, 1.0, pytest.approx(1 / 1.5**2)]
    assert energy_weighted(frames, "uniform", 1.0) == frames


def test_settings_of_the_fit() -> None:
    with pytest.raises(SettingsError, match="weighting"):
        ferrip.fit([frame({14: 2}, -8.0)], weighting="best", progress=False)
    with pytest.raises(SettingsError, match="energy_scale"):
        ferrip.fit([frame({14: 2}, -8.0)], energy_scale=0, progress=False)
