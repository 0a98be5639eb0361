"""Frames: shapes, read-only arrays, the way to and from ase.Atoms."""

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

from ferrip.data import Frame
from ferrip.errors import DataError


def test_arrays_are_read_only_copies():
    positions = np.zeros((1, 3))
    frame = Frame(numbers=[14], positions=positions)
    positions[0, 0] = 1.0
    assert frame.positions[0, 0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        frame.positions[0, 0] = 2.0
    numbers, positions, cell, pbc = frame.structure
    assert (numbers.dtype, positions.dtype, cell.shape, pbc.dtype) == (np.int64, np.float64, (3, 3), np.bool_)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"positions": [[0, 0]]},
            r"data.xyz frame 3: positions should be shape \(1, 3\), got shape \(1, 2\)",
        ),
        ({"numbers": [0]}, "atomic numbers are 1 to 118"),
        ({"numbers": [[14]]}, "numbers should be shape"),
        ({"forces": np.zeros((2, 3))}, "forces should be shape"),
        ({"stress": np.zeros(9)}, "stress should be shape"),
        ({"energy": [1.0, 2.0]}, "energy should be a number"),
        ({"energy": "low"}, "energy is not made of numbers"),
        ({"cell": np.eye(2)}, "cell should be shape"),
        ({"weight": -1.0}, "weight must be finite and not negative"),
        ({"weight": float("nan")}, "weight must be finite and not negative"),
    ],
)
def test_wrong_shapes_and_values_name_the_frame(change, message):
    arguments = {"numbers": [14], "positions": np.zeros((1, 3)), "source": "data.xyz", "index": 3} | change
    with pytest.raises(DataError, match=message):
        Frame(**arguments)


def test_atoms_round_trip():
    atoms = bulk("Si", cubic=True)
    atoms.info["config_type"] = "bulk"
    forces, stress = np.arange(24.0).reshape(8, 3), np.arange(6.0)
    atoms.calc = SinglePointCalculator(atoms, energy=-40.0, forces=forces, stress=stress)
    frame = Frame.from_atoms(Frame.from_atoms(atoms).to_atoms())
    assert frame.energy == -40.0
    assert frame.config_type == "bulk"
    np.testing.assert_array_equal(frame.forces, forces)
    np.testing.assert_array_equal(frame.stress, stress)
    np.testing.assert_array_equal(frame.cell, atoms.cell.array)
    assert frame.pbc.all()


def test_isolated_atoms_are_not_one_atom_crystals():
    atom = {"numbers": [74], "positions": np.zeros((1, 3)), "cell": np.eye(3) * 12.0}
    assert Frame(**atom).is_isolated_atom
    assert not Frame(**atom, pbc=[True] * 3).is_isolated_atom
    assert Frame(**atom, pbc=[True] * 3, config_type="IsolatedAtom").is_isolated_atom
    assert not Frame(numbers=[1, 1], positions=np.eye(3)[:2], config_type="IsolatedAtom").is_isolated_atom
