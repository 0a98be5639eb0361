"""Training of embedded densities: exact limits, recovery of a synthetic potential, restart, bad input."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import ferrip
from ferrip.conversion import write
from ferrip.data import Frame
from ferrip.errors import FerripError, SettingsError
from ferrip.fitting.nonlinear import TrainingSettings
from ferrip.fitting.nonlinear import state as states
from ferrip.fitting.nonlinear.coordinates import Coordinates
from ferrip.fitting.nonlinear.ladder import rungs
from ferrip.fitting.nonlinear.levenberg import damped_step
from ferrip.fitting.nonlinear.linearization import Linearization
from ferrip.fitting.prior import TiedGroup
from ferrip.fitting.problem import prepare
from ferrip.fitting.regressors import Ridge
from ferrip.fitting.settings import FitSettings
from ferrip.fitting.tsqr import LeastSquares, RFactor, combine
from ferrip.models import family
from ferrip.models.ace_fs import AceFsSettings
from ferrip.potential import Potential
from ferrip.readout import Embedding

TERMS = ((1.0, 1.0), (1.0, 0.5))
BASIS = {
    "degrees": (4.0,),
    "n_pair": 4,
    "cutoff": 4.5,
    "pair_cutoff": 5.0,
    "shape": "wide",
    "repulsion": "none",
}
FIT = {
    **BASIS,
    "e0": {"Si": -1.0},
    "smoothness": 0.5,
    "order_penalty": 1.0,
    "num_threads": 1,
    "progress": False,
}


def structures(n: int, seed: int) -> list[Frame]:
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*[np.arange(2)] * 3), axis=-1).reshape(-1, 3)
    frames = []
    for k in range(n):
        cell = np.eye(3) * rng.uniform(4.4, 5.6) + 0.15 * rng.normal(size=(3, 3))
        positions = (grid + 0.2 * rng.uniform(-1, 1, (8, 3))) / 2 @ cell
        frames.append(
            Frame(
                numbers=np.full(8, 14),
                positions=positions,
                cell=cell,
                pbc=np.ones(3, bool),
                source="synthetic",
                index=k,
            )
        )
    return frames


def labelled(frames: list[Frame], potential: Potential) -> list[Frame]:
    predictions = potential.evaluate(frames, 1)
    return [replace(f, energy=p.energy, forces=p.forces) for f, p in zip(frames, predictions, strict=True)]


@pytest.fixture(scope="module")
def truth() -> Potential:
    """A potential with two densities on the basis of `BASIS`."""
    rng = np.random.default_rng(5)
    seed = structures(3, 9)
    blank = [replace(f, energy=-8.0 - k, forces=np.zeros((8, 3))) for k, f in enumerate(seed)]
    linear = ferrip.fit(blank, model="ace", **FIT)
    rms = np.sqrt(np.mean(linear.descriptor.values(seed[0].structure) ** 2, axis=0))
    scale = 1.0 / np.maximum(rms, 1e-3) / np.sqrt(len(rms))
    density = np.abs(scale * rng.normal(size=scale.shape))
    return Potential(
        family="ace-fs",
        descriptor=linear.descriptor,
        settings=linear.settings,
        coefficients=np.array([0.2 * scale * rng.normal(size=scale.shape), density]),
        e0={14: -1.0},
        embeddings={14: Embedding(shape="FinnisSinclairShiftedScaled", terms=TERMS)},
    )


@pytest.fixture(scope="module")
def train(truth: Potential) -> list[Frame]:
    return labelled(structures(12, 1), truth)


def force_error(potential: Potential, frames: list[Frame]) -> float:
    return float(
        np.sqrt(
            np.mean(
                [
                    (p.forces - f.forces) ** 2
                    for p, f in zip(potential.evaluate(frames, 1), frames, strict=True)
                ]
            )
        )
    )


def test_a_synthetic_potential_is_recovered(truth: Potential, train: list[Frame]) -> None:
    test = labelled(structures(4, 2), truth)
    linear = ferrip.fit(train, model="ace", **FIT)
    trained = ferrip.fit(train, model="ace-fs", iterations=15, tolerance=1e-4, **FIT)
    assert force_error(trained, test) < 0.25 * force_error(linear, test)


def test_one_linear_density_is_the_linear_fit(train: list[Frame]) -> None:
    linear = ferrip.fit(train, model="ace", **FIT)
    trained = ferrip.fit(train, model="ace-fs", density_exponents=(1.0,), ladder=(1.0,), **FIT)
    one = train[0]
    assert trained.evaluate(one)[0].energy == pytest.approx(linear.evaluate(one)[0].energy, abs=1e-5)
    np.testing.assert_allclose(trained.evaluate(one)[0].forces, linear.evaluate(one)[0].forces, atol=1e-5)
    assert trained.energy_uncertainty(one) == pytest.approx(linear.energy_uncertainty(one), rel=1e-3)


def test_file_and_uncertainty(train: list[Frame], tmp_path: Path) -> None:
    trained = ferrip.fit(train, model="ace-fs", iterations=2, ladder=(1.0,), **FIT)
    trained.save(tmp_path / "Si.ferrip")
    loaded = ferrip.load(tmp_path / "Si.ferrip")
    assert loaded.evaluate(train[0])[0].energy == trained.evaluate(train[0])[0].energy
    one = train[0]
    assert loaded.energies_uncertainty(one).shape == (8,)
    assert (loaded.forces_uncertainty(one) > 0).all()
    assert loaded.metadata["fit"]["training"]["iterations"] == 2


def test_a_default_fit_is_one_yace_file(train: list[Frame], tmp_path: Path) -> None:
    settings = {name: value for name, value in FIT.items() if name != "pair_cutoff"}
    trained = ferrip.fit(train, model="ace-fs", iterations=1, **settings)
    files, notes = write(trained, tmp_path / "Si.yace")
    assert files == [str(tmp_path / "Si.yace")] and notes == []
    one, again = trained.evaluate(train[0])[0], ferrip.load(files[0]).evaluate(train[0])[0]
    assert again.energy == pytest.approx(one.energy, abs=1e-7)
    np.testing.assert_allclose(again.forces, one.forces, atol=1e-6)


def test_the_loss_never_rises_and_a_restart_continues(
    train: list[Frame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = tmp_path / "fit.checkpoint"
    whole = ferrip.fit(train, model="ace-fs", iterations=3, **FIT)
    saved: list[states.State] = []
    write = states.save

    def save_and_stop(path: str, key: str, state: states.State) -> None:
        write(path, key, state)
        saved.append(state)
        if len(saved) == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(states, "save", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            ferrip.fit(train, model="ace-fs", iterations=3, checkpoint=checkpoint, **FIT)
    assert checkpoint.exists()
    continued = ferrip.fit(train, model="ace-fs", iterations=3, checkpoint=checkpoint, **FIT)
    np.testing.assert_array_equal(continued.coefficients, whole.coefficients)
    assert not checkpoint.exists()
    assert saved[1].loss >= saved[2].loss


def test_a_damaged_checkpoint_is_named(train: list[Frame], tmp_path: Path) -> None:
    (tmp_path / "fit.checkpoint").write_bytes(b"nothing of the kind")
    with pytest.raises(FerripError, match=r"fit\.checkpoint: the checkpoint is damaged"):
        ferrip.fit(train, model="ace-fs", checkpoint=tmp_path / "fit.checkpoint", **FIT)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ladder": (0.5, 0.2, 1.0)}, "ascending fractions"),
        ({"ladder": ()}, "ascending fractions"),
        ({"iterations": 0}, "iterations"),
        ({"density_exponents": (0.5, 1.0)}, "the first of them 1"),
        ({"density_exponents": (1.0, 9.0)}, "from 0.1 to 4"),
        ({"laddr": (1.0,)}, "did you mean 'ladder'"),
    ],
)
def test_bad_settings(train: list[Frame], settings: dict, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        ferrip.fit(train, model="ace-fs", **{**FIT, **settings})


def test_the_ladder_goes_by_order(train: list[Frame]) -> None:
    basis = {name: value for name, value in BASIS.items() if name != "repulsion"}
    settings = AceFsSettings(**{**basis, "degrees": (4.0, 4.0, 4.0)})
    problem = prepare(family("ace-fs"), "small", FitSettings(repulsion="none"), settings, train, 1)
    orders = np.array([len(factors) for _, factors in problem.source.descriptor.feature_table()])
    ladder = rungs(problem, TrainingSettings(ladder="order"), 2)
    assert [orders[rung.functions].max() for rung in ladder] == [2, 3, 4]
    assert ladder[-1].functions.all() and (ladder[0].functions == (orders <= 2)).all()
    assert ladder[-1].every == 1


def test_the_ridge_comes_from_held_out_blocks(truth: Potential) -> None:
    frames = labelled(structures(44, 6), truth)
    common = {**FIT, "iterations": 1, "ladder": (1.0,), "weights": {"energy": 15.0}}
    ridges = [
        ferrip.fit(frames, model="ace-fs", ridge_by=by, **common).metadata["fit"]["ridge"]
        for by in ("folds", "gcv")
    ]
    assert ridges[0] != ridges[1] and ridges[0] > 0


def test_settings_of_the_training_are_unknown_to_linear_families(train: list[Frame]) -> None:
    with pytest.raises(SettingsError, match="unknown setting 'ladder'"):
        ferrip.fit(train, model="ace", ladder=(1.0,), **FIT)


def linearized(
    rows: np.ndarray,
    target: np.ndarray,
    penalty: np.ndarray,
    start: np.ndarray,
    linear: Sequence[bool] | None = None,
) -> Linearization:
    """A problem that is linear as it is."""
    errors = target - rows @ start
    return Linearization(
        gram=rows.T @ rows,
        moment=rows.T @ errors,
        squared_error=float(errors @ errors),
        n_rows=len(rows),
        here=start,
        penalty=penalty,
        linear=np.array([False] * len(start) if linear is None else linear),
    )


@pytest.mark.parametrize(
    "linear", [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 1], [1, 1, 1, 1], [0, 1, 1, 0]], ids=str
)
def test_damped_solutions(linear: list[int]) -> None:
    rng = np.random.default_rng(0)
    rows, target, damping = rng.normal(size=(30, 4)), rng.normal(size=30), 0.3
    penalty, start = rng.uniform(size=4), np.ones(4)
    problem = linearized(rows, target, penalty, start, np.array(linear, bool))
    norms = np.sqrt(np.sum(np.vstack([rows, np.diag(penalty)]) ** 2, axis=0))
    scale = damping**0.5 * norms * (1 - np.array(linear))
    stacked = np.vstack([rows, np.diag(penalty), np.diag(scale)])
    expected = np.linalg.lstsq(stacked, np.concatenate([target, np.zeros(4), scale * start]), rcond=None)[0]
    np.testing.assert_allclose(problem.damped(damping), expected)


def test_a_step_lowers_the_loss_or_there_is_none() -> None:
    rng = np.random.default_rng(0)
    rows, target = rng.normal(size=(30, 4)), rng.normal(size=30)
    penalty, start = rng.uniform(size=4), np.ones(4)
    problem = linearized(rows, target, penalty, start)
    stacked = np.vstack([rows, np.diag(penalty)])

    def loss(c: np.ndarray) -> float:
        return float(np.sum((rows @ c - target) ** 2) + np.sum((penalty * c) ** 2))

    step = damped_step(problem, loss, loss(start))
    assert step is not None
    best = np.linalg.lstsq(stacked, np.append(target, np.zeros(4)), rcond=None)[0]
    np.testing.assert_allclose(step.vector, best, atol=1e-4)
    there = linearized(rows, target, penalty, best)
    assert damped_step(there, loss, loss(best) * (1 - 1e-9)) is None


def test_linear_coefficients_are_not_damped() -> None:
    rng = np.random.default_rng(3)
    rows, target, start = rng.normal(size=(30, 4)), rng.normal(size=30), np.ones(4)
    problem = linearized(rows, target, np.full(4, 1e-9), start, [True, True, False, False])

    def loss(c: np.ndarray) -> float:
        """Only the linear coefficients can be moved without harm."""
        return float(np.sum((rows @ c - target) ** 2) + 1e6 * np.sum((c[2:] - start[2:]) ** 2))

    step = damped_step(problem, loss, loss(start))
    assert step is not None
    rest = target - rows[:, 2:] @ start[2:]
    np.testing.assert_allclose(step.vector[:2], np.linalg.lstsq(rows[:, :2], rest, rcond=None)[0], atol=1e-3)


def test_a_linearisation_has_the_triangular_form_of_its_rows() -> None:
    rng = np.random.default_rng(4)
    rows, target, start = rng.normal(size=(30, 4)), rng.normal(size=30), rng.normal(size=4)
    rows[:, 2] = 0.0
    found = linearized(rows, target, np.ones(4), start).least_squares()
    factor = RFactor(4)
    factor.append(rows, target, 1.0)
    expected = combine([(factor, 1.0)])
    np.testing.assert_allclose(found.r.T @ found.r, expected.r.T @ expected.r, atol=1e-9)
    for ridge in (0.1, 10.0):
        fits = [Ridge(ridge=ridge).solve(problem, np.ones(4)) for problem in (found, expected)]
        np.testing.assert_allclose(fits[0].coefficients, fits[1].coefficients, atol=1e-9)
        assert fits[0].noise_variance == pytest.approx(fits[1].noise_variance)
        assert fits[0].effective_parameters == pytest.approx(fits[1].effective_parameters)


def test_rank_deficient_problems_are_solved() -> None:
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(30, 3)) @ rng.normal(size=(3, 6))
    target, start = rng.normal(size=30), np.zeros(6)
    problem = linearized(rows, target, np.zeros(6), start)
    best = np.linalg.lstsq(rows, target, rcond=None)[0]
    np.testing.assert_allclose(rows @ problem.damped(0.0), rows @ best, atol=1e-4)
    assert np.isfinite(problem.least_squares().r).all()


def test_coordinates_and_coefficients_are_inverse() -> None:
    root = np.array([[1.0, 0.5], [0.5, 1.2]])
    free = np.array([[True, True, False, True], [True, False, False, True]])
    coordinates = Coordinates.of([TiedGroup(columns=np.array([0, 3]), root=root)], free)
    c = np.arange(1.0, 6.0)
    np.testing.assert_allclose(coordinates.coefficients(coordinates.of_coefficients(c)), c)
    rng = np.random.default_rng(1)
    problem = LeastSquares(r=np.triu(rng.normal(size=(5, 5))), q=rng.normal(size=5), rho2=0.0, n_rows=5)
    u = coordinates.of_coefficients(c)
    np.testing.assert_allclose(coordinates.problem(problem).r @ u, problem.r @ c)
    matrix = problem.r.T @ problem.r
    assert u @ coordinates.square(matrix) @ u == pytest.approx(c @ matrix @ c)
