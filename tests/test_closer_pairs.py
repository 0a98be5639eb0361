"""Frames with pairs closer than any in the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from test_fit_nn import ACE, NEWTON, frames

import ferrip
from ferrip import _core
from ferrip.data import Frame, read_frames
from ferrip.fitting.distances import pair_distances
from ferrip.fitting.neural.closer import LOW, pushed_together


def rattled(atoms: Atoms, scale: float = 0.1) -> Frame:
    atoms.rattle(scale, seed=3)
    return Frame(numbers=atoms.numbers, positions=atoms.positions, cell=atoms.cell[:], pbc=atoms.pbc)


def distances(frame: Frame, radius: float) -> Any:
    i, j, _, vectors = _core.neighbor_list(*frame.structure, radius)
    return i, j, np.linalg.norm(vectors, axis=1)


@pytest.mark.parametrize("repeat", [1, 3])
def test_pairs_are_closer_than_any_and_no_closer_than_that(repeat: int) -> None:
    frame = rattled(bulk("NaCl", "rocksalt", a=5.6).repeat(repeat + 1))
    shortest = pair_distances([frame]).minimum
    moved = pushed_together(frame, shortest, np.random.default_rng(0))
    assert moved is not None and moved.energy is None and moved.forces is None
    i, j, lengths = distances(moved, 6.0)
    least = np.array([shortest[min(a, b), max(a, b)] for a, b in moved.numbers[np.stack([i, j], 1)].tolist()])
    closer = lengths < least * (1.0 - 1e-12)
    assert closer.any() and (lengths >= LOW * least).all()
    assert np.bincount(i[closer], minlength=1).max() == 1
    assert moved.positions.mean(axis=0) == pytest.approx(frame.positions.mean(axis=0))


def test_nothing_to_move() -> None:
    rng = np.random.default_rng(0)
    alone = Frame(numbers=[18], positions=[[0, 0, 0]])
    far = Frame(numbers=[18, 18], positions=[[0, 0, 0], [0, 0, 9.0]])
    assert pushed_together(alone, {}, rng) is None
    assert pushed_together(far, {(18, 18): 3.0}, rng) is None


def test_networks_follow_the_linear_potential_where_pairs_are_closer() -> None:
    data = frames()
    linear = ferrip.fit(data, model="ace", repulsion="none", **ACE)
    free, held = (
        ferrip.fit(data, model="nn", closer_pairs=share, closer_weight=1.0, averaged=1, **NEWTON)
        for share in (0.0, 1.0)
    )
    rng, known = np.random.default_rng(7), read_frames(data)
    shortest = pair_distances(known).minimum
    moved = [one for one in (pushed_together(frame, shortest, rng) for frame in known) if one is not None]
    assert len(moved) == len(known)

    def off(potential: ferrip.Potential) -> float:
        both = [[one.forces for one in p.evaluate(moved)] for p in (potential, linear)]
        return float(np.sqrt(np.mean((np.concatenate(both[0]) - np.concatenate(both[1])) ** 2)))

    assert off(held) < 0.5 * off(free)
    errors = [one.metadata["metrics"]["train"]["forces"]["mae_meV_per_A"] for one in (held, linear)]
    assert errors[0] < 0.9 * errors[1]
    again = ferrip.fit(data, model="nn", closer_pairs=1.0, closer_weight=1.0, averaged=1, **NEWTON)
    assert np.array_equal(again.coefficients, held.coefficients)
