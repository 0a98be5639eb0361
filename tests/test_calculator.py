"""The ASE calculator: properties, caching, errors, and ASE's drivers on top of it."""

import subprocess
import sys

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule
from ase.calculators.calculator import PropertyNotImplementedError, get_calculator_class
from ase.filters import FrechetCellFilter
from ase.md.verlet import VelocityVerlet
from ase.optimize import FIRE
from standins import MorsePotential

import ferrip.calculator
from ferrip.blas import blas_threads
from ferrip.calculator import Calculator
from ferrip.errors import SettingsError


@pytest.fixture
def atoms():
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    atoms.rattle(0.05, seed=3)
    atoms.calc = Calculator(MorsePotential())
    return atoms


def test_energy_is_the_sum_of_the_atomic_energies_and_the_free_energy(atoms):
    assert atoms.get_potential_energies().sum() == pytest.approx(atoms.get_potential_energy(), abs=1e-12)
    assert atoms.get_potential_energy(force_consistent=True) == atoms.get_potential_energy()


def test_forces_are_the_negative_gradient(atoms):
    step = 1e-4
    force = atoms.get_forces()[5, 1]
    energies = []
    for sign in (1, -1):
        atoms.positions[5, 1] += sign * step
        energies.append(atoms.get_potential_energy())
        atoms.positions[5, 1] -= sign * step
    assert force == pytest.approx(-(energies[0] - energies[1]) / (2 * step), abs=1e-6)


def test_stress_is_the_strain_derivative(atoms):
    step, stress, cell = 1e-5, atoms.get_stress(voigt=False), atoms.cell.array.copy()
    for a, b in ((0, 0), (1, 2), (0, 1)):
        energies = []
        for sign in (1, -1):
            strain = np.eye(3)
            strain[a, b] += sign * step / 2
            strain[b, a] += sign * step / 2
            atoms.set_cell(cell @ strain.T, scale_atoms=True)
            energies.append(atoms.get_potential_energy())
            atoms.set_cell(cell, scale_atoms=True)
        slope = (energies[0] - energies[1]) / (2 * step) / atoms.get_volume()
        assert stress[a, b] == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize("pbc", [(False, False, False), (True, True, False)])
def test_stress_without_a_full_cell_is_not_implemented(pbc):
    atoms = molecule("H2O", vacuum=4.0, pbc=pbc)
    atoms.numbers[:] = 29
    atoms.calc = Calculator(MorsePotential())
    assert np.isfinite(atoms.get_potential_energy())
    with pytest.raises(PropertyNotImplementedError):
        atoms.get_stress()


def test_uncertainties_come_only_when_asked_for(atoms):
    atoms.get_forces()
    assert "energy_uncertainty" not in atoms.calc.results
    builds = atoms.calc.session.rebuilds
    assert atoms.calc.get_property("energy_uncertainty", atoms) > 0
    assert atoms.calc.get_property("energies_uncertainty", atoms).shape == (len(atoms),)
    assert atoms.calc.get_property("forces_uncertainty", atoms).shape == (len(atoms), 3)
    assert atoms.calc.session.rebuilds == builds


def test_a_potential_without_posterior_has_no_uncertainty(atoms):
    atoms.calc = Calculator(MorsePotential(has_uncertainty=False))
    with pytest.raises(PropertyNotImplementedError, match="uncertainties"):
        atoms.calc.get_property("energy_uncertainty", atoms)


def test_results_do_not_alias(atoms):
    forces = atoms.get_forces()
    kept = forces.copy()
    forces[:] = 7.0
    np.testing.assert_array_equal(atoms.get_forces(), kept)
    first = atoms.calc.results["forces"]
    atoms.rattle(0.05, seed=4)
    atoms.get_forces()
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("change", ["positions", "numbers", "cell", "pbc", "length"])
def test_every_change_of_the_structure_is_seen(atoms, change):
    atoms.get_potential_energy()
    calc, changed = atoms.calc, atoms
    if change == "positions":
        changed.positions[0] += 0.1
    elif change == "numbers":
        changed.numbers[0] = 47
    elif change == "cell":
        changed.set_cell(changed.cell * 1.02, scale_atoms=True)
    elif change == "pbc":
        changed.pbc = False
    else:
        changed = changed[:-1]
    changed.calc = calc
    fresh = changed.copy()
    fresh.calc = Calculator(MorsePotential())
    assert changed.get_potential_energy() == pytest.approx(fresh.get_potential_energy(), abs=1e-10)
    np.testing.assert_allclose(changed.get_forces(), fresh.get_forces(), atol=1e-10)


def test_charges_do_not_trigger_a_new_evaluation(atoms):
    atoms.get_potential_energy()
    builds = atoms.calc.session.rebuilds
    atoms.set_initial_charges(np.ones(len(atoms)))
    atoms.get_potential_energy()
    assert atoms.calc.session.rebuilds == builds


def test_ase_finds_the_calculator_by_name():
    assert get_calculator_class("ferrip") is ferrip.calculator.Calculator


def test_ase_finds_the_calculator_after_a_bare_import():
    code = (
        "import ferrip; from ase.calculators.calculator import get_calculator_class; "
        "print(get_calculator_class('ferrip').__module__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "ferrip.calculator"


def test_fire_and_cell_filter_reach_zero_force_and_stress():
    atoms = bulk("Cu", a=3.8, cubic=True)
    atoms.calc = Calculator(MorsePotential())
    with blas_threads(3, 1), FIRE(FrechetCellFilter(atoms), logfile=None) as optimizer:
        assert optimizer.run(fmax=0.01, steps=200)
    assert np.abs(atoms.get_stress()).max() < 1e-3


def test_velocity_verlet_of_ase_conserves_the_energy(atoms):
    rng = np.random.default_rng(0)
    atoms.set_momenta(rng.normal(size=(len(atoms), 3)))
    start = atoms.get_total_energy()
    with VelocityVerlet(atoms, 1.0 * units.fs) as dynamics:
        dynamics.run(50)
    assert atoms.get_total_energy() == pytest.approx(start, abs=2e-4 * len(atoms))


def test_empty_structure_has_zero_energy():
    atoms = Atoms()
    atoms.calc = Calculator(MorsePotential())
    assert atoms.get_potential_energy() == 0.0


@pytest.mark.parametrize("skin", [-0.1, float("nan")])
def test_a_bad_skin_is_refused(skin):
    with pytest.raises(SettingsError, match="skin"):
        Calculator(MorsePotential(), skin=skin)
