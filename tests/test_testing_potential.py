"""`check_potential` passes correct evaluators and calculators and names what is wrong with broken ones."""

from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.calculator import Calculator, PropertyNotImplementedError, all_changes
from ase.calculators.lj import LennardJones
from ase.stress import full_3x3_to_voigt_6_stress
from numpy_descriptor import NumpyDescriptor

from ferrip.testing import CheckError, check_potential

ELEMENTS, CUTOFF = [8, 14], 4.0


class NumpyEvaluator:
    """A linear potential on the stand-in descriptor."""

    elements, cutoff = ELEMENTS, CUTOFF

    def __init__(self) -> None:
        self.descriptor = NumpyDescriptor(ELEMENTS, CUTOFF)
        self.coefficients = np.random.default_rng(3).normal(size=self.descriptor.n_features)

    def compute(self, structure, num_threads=None):
        energies = self.descriptor.values(structure) @ self.coefficients
        weights = np.tile(self.coefficients, (len(energies), 1))
        positions_bar, strain_bar = self.descriptor.vjp(structure, weights)
        return energies, -positions_bar, strain_bar

    def session(self):
        """Its presence says that `compute` takes the number of threads."""


class NumpyCalculator(Calculator):
    """The same potential for ASE."""

    implemented_properties = ("energy", "free_energy", "energies", "forces", "stress")
    elements, cutoff = ELEMENTS, CUTOFF

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        if "stress" in properties and not atoms.pbc.all():
            raise PropertyNotImplementedError("stress")
        structure = (atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc)
        energies, forces, strain = NumpyEvaluator().compute(structure)
        energy = energies.sum()
        self.results = {"energy": energy, "free_energy": energy, "energies": energies, "forces": forces}
        if atoms.pbc.all():
            self.results["stress"] = full_3x3_to_voigt_6_stress(strain) / atoms.get_volume()


@pytest.mark.parametrize("kind", [NumpyEvaluator, NumpyCalculator])
def test_a_correct_potential_passes(kind: type) -> None:
    check_potential(kind())


class ScaledForces(NumpyEvaluator):
    def compute(self, structure, num_threads=None):
        energies, forces, strain = super().compute(structure)
        return energies, 1.00001 * forces, strain


class WrongStress(NumpyEvaluator):
    def compute(self, structure, num_threads=None):
        energies, forces, strain = super().compute(structure)
        return energies, forces, -strain


class NetForce(NumpyEvaluator):
    def compute(self, structure, num_threads=None):
        energies, forces, strain = super().compute(structure)
        return energies, forces + 1e-6 * (len(forces) > 1), strain


class Lagging(NumpyEvaluator):
    """Reuses the energies of the last structure while atoms move little."""

    last: tuple | None = None

    def compute(self, structure, num_threads=None):
        positions = structure[1]
        result = super().compute(structure)
        if self.last is not None and self.last[0].shape == positions.shape:
            moved = np.abs(self.last[0] - positions).max()
            if 1e-3 < moved < 0.15:
                return self.last[1], *result[1:]
        self.last = (positions.copy(), result[0])
        return result


class Truncated(NumpyEvaluator):
    """A radial function that is cut off without an envelope."""

    def __init__(self) -> None:
        super().__init__()
        self.descriptor.radial = lambda r: (np.ones((len(r), 3)), np.zeros((len(r), 3)))


class WithoutNeighbors(NumpyEvaluator):
    def compute(self, structure, num_threads=None):
        energies, forces, strain = super().compute(structure)
        return energies, forces + (len(forces) == 1) * (not structure[3].any()), strain


class ThreadDependent(NumpyEvaluator):
    def compute(self, structure, num_threads=None):
        energies, forces, strain = super().compute(structure)
        return energies * (1 + 1e-15 * (num_threads or 1)), forces, strain


class StressWithoutCell(NumpyCalculator):
    def get_property(self, name, atoms=None, allow_calculation=True):
        if name == "stress" and not atoms.pbc.all():
            return np.zeros(6)
        return super().get_property(name, atoms, allow_calculation)


class EnergyIsNoSum(NumpyCalculator):
    def get_property(self, name, atoms=None, allow_calculation=True):
        value = super().get_property(name, atoms, allow_calculation)
        return value + 1.0 if name == "free_energy" else value


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (ScaledForces, "forces against finite differences"),
        (WrongStress, "stress against finite differences"),
        (NetForce, "total force"),
        (Lagging, "neighbor list reuse"),
        (Truncated, "the value jumps at the cutoff"),
        (WithoutNeighbors, "a force without neighbors"),
        (ThreadDependent, "number of threads"),
        (StressWithoutCell, "without a full cell"),
        (EnergyIsNoSum, "free_energy against the sum"),
    ],
)
def test_a_broken_potential_is_caught(broken: type, message: str) -> None:
    with pytest.raises(CheckError, match=message):
        check_potential(broken())


def test_an_object_of_another_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="no evaluator, potential or ASE calculator"):
        check_potential(object())
    with pytest.raises(TypeError, match="elements and cutoff"):
        check_potential(LennardJones())
