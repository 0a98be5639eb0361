"""The `fit` driver, end to end on a numpy descriptor: recovery, bad input, interruption and restart."""

import os
import signal
import warnings
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from pair_frames import E0, TRUTH, make_frames

import ferrip
from ferrip.data import Frame
from ferrip.errors import DataError, SettingsError
from ferrip.fitting import Interrupted
from ferrip.fitting.rows import RowSource


def fit(frames, **settings):
    options = {"model": "pair-test", "e0": {"Si": -3.0, "O": -5.0}, "repulsion": "none", "progress": False}
    return ferrip.fit(frames, **(options | settings))


@pytest.fixture(scope="module")
def frames():
    return make_frames()


def test_recovers_the_potential_that_made_the_labels(frames):
    potential = fit(frames, test=make_frames(4, seed=9), ridge=0.0)
    assert potential.coefficients == pytest.approx(TRUTH, abs=1e-6)
    prediction = potential.evaluate(frames[0])[0]
    assert prediction.energy == pytest.approx(frames[0].energy)
    assert prediction.forces == pytest.approx(frames[0].forces, abs=1e-7)
    assert prediction.stress == pytest.approx(frames[0].stress, abs=1e-7)
    metrics = potential.metadata["metrics"]
    assert metrics["test"]["energy"]["mae_meV_per_atom"] < 1e-3
    assert metrics["train"]["n_structures"] == 12


@pytest.mark.parametrize("solver", ["ridge", "bayes"])
def test_is_reproducible_and_keeps_its_input(frames, solver):
    first, second = (fit(frames, solver=solver, num_threads=n) for n in (1, 2))
    assert np.array_equal(first.coefficients, second.coefficients)


def test_block_size_does_not_matter(frames, monkeypatch):
    expected = fit(frames, ridge=1e-6)
    monkeypatch.setattr("ferrip.fitting.rows.BLOCK_BYTES", 1)
    assert np.array_equal(fit(frames, ridge=1e-6).coefficients, expected.coefficients)


def test_weights_are_those_of_dense_least_squares(frames):
    noisy = make_frames(noise=0.05)
    settings = {"energy": 7.0, "forces": 2.0, "virial": 0.5}
    potential = fit(noisy, weights=settings, config_weights={"bulk": 3.0}, ridge=0.0, stress="force")
    rows, target = [], []
    for frame in noisy:
        factor = 3.0 if frame.config_type == "bulk" else 1.0
        n = len(frame.numbers)
        weight = np.array([7.0 / n**0.5] + [2.0] * (3 * n) + [0.5 / n**0.5] * 6) * factor
        offset = sum(E0[int(z)] for z in frame.numbers)
        labels = np.concatenate([[frame.energy - offset], frame.forces.ravel(), frame.stress * frame.volume])
        rows.append(potential.descriptor.design([frame.structure]) * weight[:, None])
        target.append(labels * weight)
    expected = np.linalg.lstsq(np.vstack(rows), np.concatenate(target), rcond=None)[0]
    assert potential.coefficients == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_uncertainty_is_larger_away_from_the_data():
    potential = fit(make_frames(noise=0.05))
    near, far = make_frames(1, seed=3)[0], Atoms("Si2", positions=[[0, 0, 0], [0, 0, 1.0]])
    assert 0 < potential.energy_uncertainty(near) < potential.energy_uncertainty(far)
    assert potential.energies_uncertainty(near).shape == (4,)
    assert potential.forces_uncertainty(near).shape == (4, 3)
    assert potential.metadata["uncertainty"]["energy_scale"] > 0
    assert fit(make_frames(), uncertainty=False).posterior_factor is None


def test_constant_stress_offset_is_left_out_and_said():
    shifted = make_frames(stress_offset=2.0 / 160.2)
    with pytest.warns(UserWarning, match=r"left out: .* \+2\.00 "):
        potential = fit(shifted, ridge=1e-10)
    assert potential.coefficients == pytest.approx(TRUTH, abs=1e-3)
    assert potential.metadata["fit"]["stress"].startswith("left out")
    forced = fit(shifted, ridge=1e-10, stress="force")
    assert abs(forced.coefficients - TRUTH).max() > 1e-2


def test_partial_labels_are_used(frames):
    bare = [
        Frame(numbers=f.numbers, positions=f.positions, cell=f.cell, pbc=f.pbc, forces=f.forces)
        for f in frames[1:]
    ]
    potential = fit([frames[0], *bare], ridge=1e-12)
    assert potential.evaluate(frames[5])[0].forces == pytest.approx(frames[5].forces, abs=1e-5)


def test_metadata_states_where_the_potential_comes_from(frames):
    metadata = fit(frames).metadata
    assert metadata["fit"]["n_functions"] == 16
    assert metadata["fit"]["stress"] == "used"
    assert metadata["training_data"]["n_frames"] == 12
    assert set(metadata["minimum_distances"]) == {"O-O", "O-Si", "Si-Si"}
    assert metadata["citations"] == ["10.0000/test"]


def test_metadata_says_that_there_were_no_stress_labels(frames):
    bare = [replace(frame, stress=None) for frame in frames]
    assert fit(bare).metadata["fit"]["stress"] == "no labels"


def test_mixed_dft_settings_warn(frames):
    functionals = ["PBE"] * 11 + ["LDA"]
    mixed = [replace(f, metadata={"functional": name}) for f, name in zip(frames, functionals, strict=True)]
    with pytest.warns(UserWarning, match=r"functional is PBE \(11 frames\), LDA"):
        potential = fit(mixed)
    assert potential.metadata["dft"] == {"functional": ["PBE", "LDA"]}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cutof": 5.0}, "did you mean 'cutoff'"),
        ({"weights": {"enrgy": 1.0}}, "did you mean 'energy'"),
        ({"weights": {"energy": -1.0}}, "weights.energy"),
        ({"solver": "lasso"}, "solver"),
        ({"ridge": -1.0}, "ridge"),
        ({"model": "pair-tst"}, "did you mean 'pair-test'"),
        ({"config_weights": {"bulkk": 1.0}}, "bulkk"),
        ({"e0": {"Sj": 1.0}}, "Sj"),
    ],
)
def test_bad_settings(frames, settings, message):
    with pytest.raises(SettingsError, match=message):
        fit(frames, **settings)


def unlabelled(frame, **labels):
    return Frame(numbers=frame.numbers, positions=frame.positions, cell=frame.cell, pbc=frame.pbc, **labels)


def test_missing_labels(frames):
    with pytest.raises(DataError, match="no frame has energy or forces"):
        fit([unlabelled(f) for f in frames])
    energies = [unlabelled(f, energy=f.energy) for f in frames]
    with pytest.raises(DataError, match="forces labels were asked for"):
        fit(energies, weights={"forces": 1.0})
    with pytest.raises(DataError, match="stress or virial labels"):
        fit(energies, stress="force")
    with pytest.raises(DataError, match="no training frames"):
        fit([])


def test_nan_label_names_the_frame(frames):
    bad = unlabelled(frames[0], energy=float("nan"))
    with pytest.raises(DataError, match="memory frame 0"):
        fit([*frames, bad])


def test_test_set_with_a_new_element(frames):
    with pytest.raises(DataError, match="Ge is not in the training data"):
        fit(frames, test=[Frame(numbers=[32], positions=[[0, 0, 0]], energy=0.0)])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_fit_continues_bitwise(frames, monkeypatch, tmp_path, number):
    monkeypatch.setattr("ferrip.fitting.rows.BLOCK_BYTES", 8 * 16 * 40)
    expected = fit(frames)
    checkpoint = tmp_path / "fit.checkpoint"
    folded = []
    original = RowSource.fold

    def interrupting(self, block, folds, factors):
        original(self, block, folds, factors)
        folded.extend(block)
        if len(folded) == 6:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(RowSource, "fold", interrupting)
    with pytest.raises(Interrupted, match="after 6 of 12 frames"):
        fit(frames, checkpoint=checkpoint)
    assert checkpoint.exists()
    resumed = fit(frames, checkpoint=checkpoint)
    assert len(folded) == 12
    assert np.array_equal(resumed.coefficients, expected.coefficients)
    assert not checkpoint.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_fit_interrupted_while_solving_keeps_its_rows(frames, monkeypatch, tmp_path, number):
    expected = fit(frames)
    checkpoint = tmp_path / "fit.checkpoint"

    def interrupting(*_):
        os.kill(os.getpid(), number)

    with monkeypatch.context() as patch:
        patch.setattr("ferrip.fitting.driver.solve", interrupting)
        with pytest.raises(Interrupted, match="after 12 of 12 frames"):
            fit(frames, checkpoint=checkpoint)
    monkeypatch.setattr(RowSource, "fold", None)
    assert np.array_equal(fit(frames, checkpoint=checkpoint).coefficients, expected.coefficients)
    assert not checkpoint.exists()


def test_checkpoint_of_another_run_is_not_used(frames, tmp_path):
    from ferrip.fitting import checkpoint as checkpoints
    from ferrip.fitting.tsqr import RFactor

    path = tmp_path / "fit.checkpoint"
    checkpoints.save(path, "another", 3, {"energy": RFactor(16)})
    assert np.array_equal(fit(frames, checkpoint=path).coefficients, fit(frames).coefficients)


def test_no_warnings_on_good_data(frames):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(frames)
