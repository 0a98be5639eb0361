"""The hypothesis strategies draw structures that ferrip accepts, of every kind."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from ase import Atoms
from ase.geometry import minkowski_reduce
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from numpy_descriptor import NumpyDescriptor

from ferrip.testing import sample_structures
from ferrip.testing.strategies import atoms, cells, structures

UNSHRUNK = settings(phases=[Phase.generate], derandomize=True, database=None)


@given(cells(min_edge=2.0, max_edge=9.0))
def test_cells_have_the_volume_of_their_heights(cell: np.ndarray) -> None:
    assert 8.0 - 1e-6 <= abs(np.linalg.det(cell)) <= 729.0 + 1e-6


@given(structures([8, 14], min_spacing=2.0))
def test_atoms_keep_apart(structure: tuple) -> None:
    numbers, positions, _, _ = structure
    assert set(numbers.tolist()) <= {8, 14}
    assert positions.shape == (len(numbers), 3)
    _, _, vectors = NumpyDescriptor([8, 14], 2.0).edges(structure)
    assert np.linalg.norm(vectors, axis=1).min(initial=2.0) > 0.9


@pytest.mark.parametrize("wanted", [(False, False, False), (True, False, True), (True, True, True)])
def test_every_kind_is_drawn(wanted: tuple[bool, bool, bool]) -> None:
    structure = find(structures([14], min_atoms=2), lambda s: tuple(s[3]) == wanted, settings=UNSHRUNK)
    assert len(structure[0]) >= 2


def test_skewed_cells_are_drawn() -> None:
    def strongly_skewed(cell: np.ndarray) -> bool:
        return not np.allclose(minkowski_reduce(cell)[1], np.eye(3))

    find(cells(), strongly_skewed, settings=UNSHRUNK)


@given(st.data())
def test_atoms_are_ase_atoms(data: st.DataObject) -> None:
    assert isinstance(data.draw(atoms([1, 6], max_atoms=3)), Atoms)


def test_samples_are_reproducible_and_hold_every_element() -> None:
    first, second = (sample_structures([1, 6, 8], 4.0, seed=5) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one.structure, other.structure, strict=True))
        if len(one.structure[0]) >= 3:
            assert set(one.structure[0].tolist()) == {1, 6, 8}


def test_without_hypothesis_the_checks_work_and_strategies_say_what_to_install() -> None:
    program = """
import sys
sys.modules["hypothesis"] = None
import ferrip.testing
try:
    import ferrip.testing.strategies
except ImportError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'ferrip[test]'" in run.stdout
