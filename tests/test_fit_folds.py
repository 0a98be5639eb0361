"""Folds of the training data, and λ and weights chosen on them."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from ferrip.data import read_frames
from ferrip.fitting.folds import MIN_FRAMES, N_FOLDS, assign_folds, choose


def frames_of(symbols, config_type, count):
    return [
        Atoms(
            symbols,
            positions=3.0 * np.arange(3 * len(symbols)).reshape(-1, 3),
            info={"energy": 0.0, "config_type": config_type},
        )
        for _ in range(count)
    ]


def test_config_types_are_cut_into_contiguous_blocks():
    frames = read_frames(frames_of(["Si"] * 2, "a", 32) + frames_of(["Si"] * 3, "b", 20))
    folds = assign_folds(frames)
    for part in (folds[:32], folds[32:]):
        assert (np.diff(part) >= 0).all()
        assert np.bincount(part, minlength=N_FOLDS).tolist() == [len(part) // N_FOLDS] * N_FOLDS


def test_few_frames_are_one_fold():
    assert not assign_folds(read_frames(frames_of(["Si"] * 2, "a", MIN_FRAMES - 1))).any()


def test_many_sets_of_elements_are_held_out_as_a_whole():
    pairs = [("Nb", "Mo"), ("Nb", "Ta"), ("Nb", "W"), ("Mo", "Ta"), ("Mo", "W")]
    atoms = [a for pair in pairs for a in frames_of(list(pair), "mixed", 8)] + frames_of(["W"] * 2, "pure", 8)
    folds = assign_folds(read_frames(atoms))
    per_set = folds[:40].reshape(5, 8)
    assert (per_set == per_set[:, :1]).all()
    assert set(per_set[:, 0]) == set(range(N_FOLDS))
    assert folds[40:].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def triangular(matrix, target):
    return np.linalg.qr(np.column_stack([matrix, target]), mode="r")


@pytest.fixture(scope="module")
def folds():
    rng = np.random.default_rng(8)
    truth = rng.normal(size=12) * 0.3 ** np.arange(12)
    out = []
    for _ in range(N_FOLDS):
        forces, energies = rng.normal(size=(40, 12)), rng.normal(size=(20, 12))
        out.append(
            {
                "forces": triangular(forces, forces @ truth + 0.5 * rng.normal(size=40)),
                "energy": triangular(energies, energies @ truth + 0.1 * rng.normal(size=20)),
            }
        )
    return out


def product_of_errors(folds, weights, penalty, ridge):
    squares = {"energy": 0.0, "forces": 0.0}
    for k, held in enumerate(folds):
        rows = np.vstack([w * fold[q] for j, fold in enumerate(folds) if j != k for q, w in weights.items()])
        matrix, target = rows[:, :-1], rows[:, -1]
        solution = np.linalg.solve(matrix.T @ matrix + ridge * np.diag(penalty**2), matrix.T @ target)
        for quantity in squares:
            squares[quantity] += np.sum((held[quantity][:, :-1] @ solution - held[quantity][:, -1]) ** 2)
    return squares["energy"] * squares["forces"]


def test_ridge_minimises_the_product_of_held_out_errors(folds):
    weights, penalty = {"energy": 3.0, "forces": 1.0}, np.linspace(1.0, 2.0, 12)
    ridge = choose(folds, [weights], penalty).ridge
    best = product_of_errors(folds, weights, penalty, ridge)
    for factor in (1e-2, 10**-0.5, 10**0.5, 1e2):
        assert best <= product_of_errors(folds, weights, penalty, ridge * factor)


def test_excluded_columns_do_not_matter(folds):
    weights, penalty = {"energy": 3.0, "forces": 1.0}, np.ones(12)
    penalty[[2, 7]] = np.inf
    rest = np.append(np.isfinite(penalty), True)
    smaller = [{name: factor[:, rest] for name, factor in fold.items()} for fold in folds]
    expected = choose(smaller, [weights], penalty[rest[:-1]]).ridge
    assert choose(folds, [weights], penalty).ridge == pytest.approx(expected)


def test_weights_are_chosen_by_the_same_errors(folds):
    penalty = np.linspace(1.0, 2.0, 12)
    candidates = [{"energy": energy, "forces": 1.0} for energy in (0.1, 3.0, 100.0)]
    chosen = choose(folds, candidates, penalty)
    errors = []
    for weights in candidates:
        ridge = choose(folds, [weights], penalty).ridge
        errors.append(product_of_errors(folds, weights, penalty, ridge))
    assert chosen.weights == candidates[int(np.argmin(errors))]


def test_one_fold_decides_nothing(folds):
    assert choose(folds[:1], [{"energy": 1.0, "forces": 1.0}], np.ones(12)) is None
