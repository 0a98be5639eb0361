"""Key lookup: its order, the forms of stress, the virial's sign, constraints."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms

from ferrip.data import Frame, LabelKeys
from ferrip.errors import DataError

VOIGT = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
MATRIX = np.array([[1.0, 6.0, 5.0], [6.0, 2.0, 4.0], [5.0, 4.0, 3.0]])


@pytest.fixture
def atoms() -> Atoms:
    return bulk("Si")


def with_results(atoms, **results):
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def test_order_is_given_then_ref_then_calculator_then_alias(atoms):
    atoms.info["dft_energy"] = 1.0
    assert Frame.from_atoms(atoms).energy == 1.0
    with_results(atoms, energy=2.0)
    assert Frame.from_atoms(atoms).energy == 2.0
    atoms.info["REF_energy"] = 3.0
    frame = Frame.from_atoms(atoms)
    assert (frame.energy, frame.keys["energy"]) == (3.0, "REF_energy")
    atoms.info["my_energy"] = 4.0
    frame = Frame.from_atoms(atoms, keys=LabelKeys(energy="my_energy"))
    assert (frame.energy, frame.keys["energy"]) == (4.0, "my_energy")


@pytest.mark.parametrize("name", ["force", "forces", "dft_forces", "dft_force", "DFT_forces", "REF_forces"])
def test_known_names_of_forces(atoms, name):
    atoms.arrays[name] = np.ones((2, 3))
    frame = Frame.from_atoms(atoms)
    assert frame.keys == {"forces": name}
    np.testing.assert_array_equal(frame.forces, 1.0)


def test_a_given_key_that_is_nowhere_lists_what_there_is(atoms):
    atoms.info["dft_energy"] = 1.0
    with pytest.raises(DataError, match=r"memory frame 0: no energy under the key 'E0'.*holds: dft_energy"):
        Frame.from_atoms(atoms, keys=LabelKeys(energy="E0"))
    with pytest.raises(DataError, match="no forces under the key 'F'"):
        Frame.from_atoms(atoms, keys=LabelKeys(forces="F"))


def test_constraints_never_zero_a_force(atoms):
    with_results(atoms, forces=np.ones((2, 3)))
    atoms.set_constraint(FixAtoms([0, 1]))
    np.testing.assert_array_equal(Frame.from_atoms(atoms).forces, 1.0)


def test_results_of_another_structure_are_not_labels(atoms):
    with_results(atoms, energy=2.0)
    atoms.positions[0, 0] += 0.1
    assert Frame.from_atoms(atoms).energy is None


@pytest.mark.parametrize("value", [VOIGT, MATRIX, MATRIX.ravel()])
def test_forms_of_stress(atoms, value):
    atoms.info["REF_stress"] = value
    np.testing.assert_array_equal(Frame.from_atoms(atoms).stress, VOIGT)


@pytest.mark.parametrize("name", ["REF_virial", "virial", "virials", "dft_virial"])
def test_virial_is_minus_volume_times_stress(atoms, name):
    atoms.info[name] = MATRIX
    frame = Frame.from_atoms(atoms)
    np.testing.assert_allclose(frame.stress, -VOIGT / atoms.get_volume())
    assert frame.keys["stress"] == name


def test_reference_virial_goes_before_a_calculator_stress(atoms):
    with_results(atoms, stress=np.zeros(6))
    atoms.info["REF_virial"] = MATRIX
    assert Frame.from_atoms(atoms).keys["stress"] == "REF_virial"
    assert Frame.from_atoms(atoms, keys=LabelKeys(stress="stress")).keys["stress"] == "calculator stress"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros(5), "should be 6, 9 or 3×3 numbers, got shape"),
        (np.arange(9.0), "not a symmetric matrix"),
        ("none", "is not made of numbers"),
    ],
)
def test_bad_stress(atoms, value, message):
    atoms.info["REF_stress"] = value
    with pytest.raises(DataError, match=f"memory frame 0: 'REF_stress'.*{message}"):
        Frame.from_atoms(atoms)


def test_a_virial_needs_a_cell():
    molecule = Atoms("H2", positions=[[0, 0, 0], [0, 0, 0.74]], info={"REF_virial": MATRIX})
    with pytest.raises(DataError, match="needs a full cell"):
        Frame.from_atoms(molecule)


def test_stress_and_virial_keys_exclude_each_other():
    with pytest.raises(DataError, match="not both"):
        LabelKeys(stress="a", virial="b")


def test_weight_config_type_and_metadata(atoms):
    atoms.info |= {
        "weight": 0.5,
        "config_type": "liquid",
        "dft_functional": "PBE",
        "dft_ecutwfc_Ry": 40,
        "note": "x",
    }
    frame = Frame.from_atoms(atoms)
    assert (frame.weight, frame.config_type) == (0.5, "liquid")
    assert dict(frame.metadata) == {"functional": "PBE", "cutoff_Ry": "40"}
    atoms.info["weight"] = "heavy"
    with pytest.raises(DataError, match="'weight' is not a number"):
        Frame.from_atoms(atoms)
