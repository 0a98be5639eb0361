"""Error metrics: definitions, missing labels, groups, worst frames, per-element offsets."""

import numpy as np
import pytest

from ferrip.data import Frame
from ferrip.data.frame import EV_PER_CUBIC_ANGSTROM_IN_GPA
from ferrip.errors import DataError
from ferrip.evaluation import energy_offsets, error_metrics, worst_frames
from ferrip.prediction import Prediction


def frame(n_atoms=2, **changes):
    return Frame(
        **({"numbers": [14] * n_atoms, "positions": np.zeros((n_atoms, 3)), "energy": 0.0} | changes)
    )


def guess(energy, n_atoms=2, force=0.0, stress=None):
    return Prediction(
        energy=energy,
        energies=np.full(n_atoms, energy / n_atoms),
        forces=np.full((n_atoms, 3), force),
        stress=stress,
    )


def test_definitions():
    frames = [frame(forces=np.zeros((2, 3))), frame(4, forces=np.zeros((4, 3)))]
    metrics = error_metrics(frames, [guess(0.01, force=0.1), guess(-0.04, 4, force=-0.2)])
    assert metrics["energy"] == pytest.approx(
        {
            "mae_meV_per_atom": 7.5,
            "rmse_meV_per_atom": np.sqrt((25 + 100) / 2),
            "mae_meV": 25.0,
            "rmse_meV": np.sqrt((100 + 1600) / 2),
        }
    )
    assert metrics["forces"]["mae_meV_per_A"] == pytest.approx((6 * 100 + 12 * 200) / 18)
    assert metrics["forces"]["rmse_meV_per_A"] == pytest.approx(np.sqrt((6 * 100**2 + 12 * 200**2) / 18))
    assert metrics["stress"] == {"mae_GPa": None}
    assert metrics["n_structures"] == 2
    assert set(metrics) == {"energy", "forces", "stress", "n_structures", "by_config_type"}


def test_stress_needs_label_and_prediction():
    labelled = frame(stress=np.zeros(6))
    off = np.full(6, 0.01)
    predictions = [guess(0.0, stress=off), guess(0.0, stress=off), guess(0.0)]
    metrics = error_metrics([labelled, frame(), labelled], predictions)
    assert metrics["stress"]["mae_GPa"] == pytest.approx(0.01 * EV_PER_CUBIC_ANGSTROM_IN_GPA)


def test_missing_labels_give_none_and_groups_are_apart():
    frames = [frame(config_type="a"), frame(config_type="b", energy=None)]
    metrics = error_metrics(frames, [guess(0.002), guess(5.0)])
    groups = metrics["by_config_type"]
    assert metrics["energy"]["mae_meV"] == pytest.approx(2.0)
    assert groups["b"]["energy"] == dict.fromkeys(metrics["energy"])
    assert groups["a"]["n_structures"] == groups["b"]["n_structures"] == 1
    assert error_metrics([], [])["energy"]["mae_meV"] is None


def test_worst_frames():
    frames = [frame(index=k, forces=np.zeros((2, 3))) for k in range(5)]
    predictions = [guess(0.01 * (k - 1), force=0.1 * k) for k in range(5)]
    worst = worst_frames(frames, predictions, n_worst=2)
    assert [entry["index"] for entry in worst["energy"]] == [4, 3]
    assert worst["energy"][0]["error_meV_per_atom"] == pytest.approx(15.0)
    assert worst["forces"][0] == pytest.approx(
        {"source": "memory", "index": 4, "config_type": "default", "rmse_meV_per_A": 400.0}
    )


def test_energies_are_aligned_per_element():
    numbers = [[14, 14], [14, 8], [8, 8, 14]]
    offsets = {14: 1.0, 8: -2.0}
    frames = [
        Frame(numbers=z, positions=np.zeros((len(z), 3)), energy=float(sum(offsets[a] for a in z)))
        for z in numbers
    ]
    predictions = [guess(0.0, len(z)) for z in numbers]
    assert energy_offsets(frames, predictions) == pytest.approx({"Si": 1.0, "O": -2.0})
    metrics = error_metrics(frames, predictions, align_energies=True)
    assert metrics["energy"]["mae_meV"] == pytest.approx(0.0, abs=1e-9)
    assert metrics["energy_offsets_eV"] == pytest.approx({"Si": 1.0, "O": -2.0})
    assert energy_offsets([frame(energy=None)], [guess(0.0)]) == {}


def test_mismatches_are_errors():
    with pytest.raises(DataError, match="1 frames but 0 predictions"):
        error_metrics([frame()], [])
    with pytest.raises(DataError, match="memory frame 0: 2 atoms but predicted forces"):
        worst_frames([frame()], [guess(0.0, 3)])
