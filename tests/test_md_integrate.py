"""Thermostat and barostat sample the ensembles that theory gives for the ideal gas."""

import numpy as np
import pytest
from ase import Atoms, units

from ferrip.md import MDSettings
from ferrip.md.integrate import Integrator, maxwell_boltzmann, remove_rotation
from ferrip.md.state import Evaluation, State, System

N_ATOMS, TEMPERATURE, STEPS = 32, 500.0, 15000


@pytest.fixture
def gas():
    edge = 20.0
    positions = np.random.default_rng(0).uniform(0.0, edge, (N_ATOMS, 3))
    return Atoms(f"Ar{N_ATOMS}", positions=positions, cell=[edge] * 3, pbc=True)


def sample(gas, settings):
    """Temperatures (K) and volumes (Å³) along a trajectory without forces, after a tenth of it."""
    system = System.from_atoms(gas)
    free = Evaluation(energy=0.0, forces=np.zeros((N_ATOMS, 3)), strain_gradient=np.zeros((3, 3)))
    rng = np.random.default_rng(settings.seed)
    state = State(
        positions=gas.get_positions(),
        momenta=maxwell_boltzmann(system, 2.0 * TEMPERATURE, gas.positions, rng),
        cell=gas.cell.array.copy(),
        step=0,
        rng=rng,
    )
    integrator = Integrator(settings=settings, system=system, compute=lambda _: free)
    rows = []
    for _ in range(STEPS):
        integrator.step(state, free)
        rows.append((state.temperature(system), state.volume()))
    return np.array(rows)[STEPS // 10 :].T


def test_the_thermostat_gives_canonical_kinetic_energies(gas):
    settings = MDSettings(ensemble="nvt", temperature=TEMPERATURE, thermostat_time=20.0)
    temperatures, volumes = sample(gas, settings)
    assert temperatures.mean() == pytest.approx(TEMPERATURE, rel=0.03)
    assert temperatures.std() == pytest.approx(TEMPERATURE * np.sqrt(2.0 / (3 * N_ATOMS - 3)), rel=0.15)
    assert np.ptp(volumes) == 0.0


def test_the_barostat_gives_the_volumes_of_the_ideal_gas(gas):
    pressure = 0.05
    settings = MDSettings(
        ensemble="npt",
        temperature=TEMPERATURE,
        pressure=pressure,
        timestep=5.0,
        thermostat_time=50.0,
        barostat_time=200.0,
        compressibility=1.0 / pressure,
    )
    temperatures, volumes = sample(gas, settings)
    unit = units.kB * TEMPERATURE / (pressure * units.GPa)
    assert temperatures.mean() == pytest.approx(TEMPERATURE, rel=0.03)
    assert volumes.mean() == pytest.approx(N_ATOMS * unit, rel=0.05)
    assert volumes.std() == pytest.approx(np.sqrt(N_ATOMS) * unit, rel=0.25)


def test_drawn_velocities_carry_no_momentum_and_no_rotation():
    cluster = Atoms("CuAu2", positions=[[0, 0, 0], [2.5, 0, 0], [0.4, 2.6, 0.3]])
    system = System.from_atoms(cluster)
    assert system.n_dof == 3
    momenta = maxwell_boltzmann(system, 300.0, cluster.positions, np.random.default_rng(1))
    np.testing.assert_allclose(momenta.sum(axis=0), 0.0, atol=1e-12)
    arms = cluster.positions - cluster.get_center_of_mass()
    np.testing.assert_allclose(np.cross(arms, momenta).sum(axis=0), 0.0, atol=1e-12)
    line = Atoms("Cu2", positions=[[0, 0, 0], [2.5, 0, 0]])
    spin = np.array([[0.0, 1.0, 0.0], [0.0, -1.0, 0.0]])
    np.testing.assert_allclose(
        remove_rotation(spin, line.positions, System.from_atoms(line)), 0.0, atol=1e-12
    )
