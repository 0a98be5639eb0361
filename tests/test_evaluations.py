"""Evaluations of many structures: the same numbers as one by one, errors at their place."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from fitted import frames

import ferrip
from ferrip import evaluations as module
from ferrip.data import read_frames
from ferrip.errors import FerripError
from ferrip.evaluations import evaluations
from ferrip.potential import Potential, as_structure


@pytest.fixture(scope="module")
def potential() -> Potential:
    return ferrip.fit(frames(), size="small", shape="wide", progress=False, num_threads=1)


def structures(potential: Potential) -> list[Atoms]:
    z = potential.elements[0]
    rng, found = np.random.default_rng(0), []
    for k in range(9):
        atoms = bulk("Si", cubic=True) * (1 + k % 3, 1, 1)
        atoms.numbers[:] = z
        atoms.positions += 0.05 * rng.normal(size=atoms.positions.shape)
        found.append(atoms)
    cluster = molecule("C6H6")
    cluster.numbers[:] = z
    return [*found, cluster, Atoms()]


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize(("large", "together"), [(1000, 5_000), (16, 20), (1, 1), (1000, 1)])
def test_together_as_one_by_one(
    potential: Potential, threads: int, large: int, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGE", large)
    monkeypatch.setattr(module, "ATOMS_TOGETHER", together)
    atoms, evaluator = [as_structure(one) for one in structures(potential)], potential.evaluator()
    found = list(evaluations(evaluator, atoms, threads))
    assert len(found) == len(atoms)
    for arrays, one in zip(found, atoms, strict=True):
        for array, expected in zip(arrays, evaluator.compute(one, 1), strict=True):
            np.testing.assert_array_equal(array, expected)


def test_errors_come_at_their_place(potential: Potential) -> None:
    good, bad = structures(potential)[:2], bulk("Au")
    arrays: Iterator = evaluations(potential.evaluator(), [as_structure(a) for a in (*good, bad, *good)], 1)
    assert next(arrays)[0].shape == (len(good[0]),) and next(arrays)[0].shape == (len(good[1]),)
    with pytest.raises(FerripError, match="Au|79"):
        next(arrays)
    read = read_frames([*good, bad, *good])
    with pytest.raises(FerripError, match=f"{read[2].label}: .*Au"):
        potential.evaluate(read)


def test_nothing(potential: Potential) -> None:
    assert list(evaluations(potential.evaluator(), [], 1)) == [] and potential.evaluate([]) == []
    assert potential.evaluator().compute_all([]) == []
