"""The barostats sample what theory gives, and agree with each other under hydrostatic pressure."""

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from standins import MorsePotential

from ferrip.errors import DataError
from ferrip.md import MDSettings, run
from ferrip.md.barostat import deformation
from ferrip.md.integrate import Integrator, maxwell_boltzmann
from ferrip.md.state import Evaluation, State, System

TEMPERATURE, EDGE, STIFFNESS = 500.0, 12.0, 430.0
"""K, Å, eV: strains fluctuate by 1 %."""
STEPS = 6000


def logarithmic_strain(state):
    """log √B with B = F Fᵀ of the deformation F of the cubic cell."""
    deformed = state.cell.T / EDGE
    squares, axes = np.linalg.eigh(deformed @ deformed.T)
    return (axes * 0.5 * np.log(squares)) @ axes.T


def elastic(state):
    """A cell with the energy ½ K |log √B|² around atoms without forces."""
    strain = logarithmic_strain(state)
    return Evaluation(
        energy=0.5 * STIFFNESS * float(np.sum(strain**2)),
        forces=np.zeros((4, 3)),
        strain_gradient=STIFFNESS * strain,
    )


@pytest.mark.parametrize("barostat", ["anisotropic", "full"])
def test_strains_fluctuate_as_the_boltzmann_distribution_says(barostat):
    """⟨ε V (P − ⟨P⟩)⟩ = −k_B T on the diagonal and −k_B T / 2 off it, for any energy of the cell."""
    gas = Atoms("Ar4", positions=np.zeros((4, 3)), cell=[EDGE] * 3, pbc=True)
    system = System.from_atoms(gas)
    settings = MDSettings(
        ensemble="npt",
        barostat=barostat,
        temperature=TEMPERATURE,
        pressure=0.1,
        timestep=5.0,
        thermostat_time=20.0,
        barostat_time=100.0,
        compressibility=3.0 * EDGE**3 / STIFFNESS * units.GPa,
    )
    rng = np.random.default_rng(3)
    momenta = maxwell_boltzmann(system, TEMPERATURE, gas.positions, rng)
    state = State(positions=gas.get_positions(), momenta=momenta, cell=gas.cell.array.copy(), step=0, rng=rng)
    integrator = Integrator(settings=settings, system=system, compute=elastic)
    evaluation = elastic(state)
    strains, works = np.empty((STEPS, 3, 3)), np.empty((STEPS, 3, 3))
    for k in range(STEPS):
        evaluation = integrator.step(state, evaluation)
        strains[k] = logarithmic_strain(state)
        works[k] = state.volume() * state.pressure_tensor(system, evaluation)
    strains, works = strains[STEPS // 20 :], works[STEPS // 20 :]
    moments = ((strains - strains.mean(axis=0)) * (works - works.mean(axis=0))).mean(axis=0)
    moments /= units.kB * TEMPERATURE
    assert np.trace(moments) / 3 == pytest.approx(-1.0, abs=0.2)
    off_diagonal = moments[~np.eye(3, dtype=bool)].mean()
    assert off_diagonal == pytest.approx(-0.5 if barostat == "full" else 0.0, abs=0.1)


@pytest.mark.parametrize("barostat", ["isotropic", "anisotropic", "full"])
def test_one_step_keeps_the_phase_space_volume_and_the_symmetry(barostat):
    gas = Atoms("Ar4", positions=np.zeros((4, 3)), cell=[[9, 0, 0], [1, 8, 0], [2, 1, 7]], pbc=True)
    rng = np.random.default_rng(1)
    system = System.from_atoms(gas)
    state = State(
        positions=gas.get_positions(),
        momenta=rng.normal(size=(4, 3)),
        cell=gas.cell.array.copy(),
        step=0,
        rng=rng,
    )
    settings = MDSettings(ensemble="npt", barostat=barostat, pressure=1.0)
    lengths, inverse = deformation(settings, state, elastic(state), system, units.fs)
    np.testing.assert_allclose(lengths @ inverse, np.eye(3), atol=1e-14)
    np.testing.assert_allclose(lengths, lengths.T, atol=1e-15)
    assert np.any(lengths != np.eye(3))
    shears = np.any(lengths[~np.eye(3, dtype=bool)])
    assert shears == (barostat == "full")


@pytest.mark.parametrize("barostat", ["isotropic", "anisotropic", "full"])
def test_a_strained_crystal_finds_the_hydrostatic_cell(barostat):
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    if barostat != "isotropic":
        strain = np.diag([0.02, -0.01, 0.0])
        strain[0, 1] = strain[1, 0] = 0.02 if barostat == "full" else 0.0
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
    settings = MDSettings(
        ensemble="npt",
        barostat=barostat,
        temperature=50.0,
        pressure=2.0,
        timestep=4.0,
        steps=320,
        thermostat_time=40.0,
        barostat_time=40.0,
    )
    result = run(MorsePotential(), atoms, settings)
    lengths = result.statistics.lengths
    assert result.statistics.pressure == pytest.approx(2.0, abs=0.4)
    np.testing.assert_allclose(lengths, np.mean(lengths), rtol=4e-3)
    assert np.mean(lengths) == pytest.approx(7.126, rel=2e-3)
    np.testing.assert_allclose(result.atoms.cell.angles(), 90.0, atol=1.5)


def test_constant_pressure_needs_a_full_cell():
    slab = bulk("Cu", cubic=True)
    slab.pbc = (True, True, False)
    with pytest.raises(DataError, match="npt needs a cell with three periodic directions"):
        run(MorsePotential(), slab, MDSettings(ensemble="npt"))
