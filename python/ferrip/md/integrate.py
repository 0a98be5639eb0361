"""One time step: velocity Verlet with a stochastic thermostat and barostat.

The thermostat scales all momenta so that the kinetic energy follows its canonical stochastic equation (Bussi,
Donadio, Parrinello, J. Chem. Phys. 126, 014101 (2007), doi 10.1063/1.2408420). The barostat (`ferrip.md.barostat`)
deforms the cell; positions follow it and momenta go against it, in the middle of the drift, so that every force
evaluation belongs to the configuration that the next half kick acts on. Neither has variables beside positions,
momenta, cell and random generator.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from ase import units

from ferrip.md.barostat import deformation
from ferrip.md.settings import MDSettings
from ferrip.md.state import Evaluation, State, System

Compute = Callable[[State], Evaluation]


@dataclass(frozen=True, kw_only=True)
class Integrator:
    """Advances a state by one time step.

    Attributes
    ----------
    settings
        Ensemble, time step and time constants.
    system
        Species, masses, mobile atoms.
    compute
        Evaluates the potential at a state.
    """

    settings: MDSettings
    system: System
    compute: Compute

    def step(self, state: State, evaluation: Evaluation) -> Evaluation:
        """Advance `state` in place and return the potential at its new configuration."""
        dt = self.settings.timestep * units.fs
        masses = self.system.masses
        state.momenta += 0.5 * dt * evaluation.forces
        if self.settings.ensemble == "npt":
            lengths, inverse = deformation(self.settings, state, evaluation, self.system, dt)
            state.positions += 0.5 * dt * state.momenta / masses
            state.positions = state.positions @ lengths
            state.cell = state.cell @ lengths
            state.momenta = state.momenta @ inverse
            state.positions += 0.5 * dt * state.momenta / masses
        else:
            state.positions += dt * state.momenta / masses
        evaluation = self.compute(state)
        state.momenta += 0.5 * dt * evaluation.forces
        if self.settings.ensemble != "nve":
            state.momenta *= self._momentum_scale(state, dt)
        state.step += 1
        return evaluation

    def _momentum_scale(self, state: State, dt: float) -> float:
        """Return the factor of all momenta, eq. (A7) of Bussi et al."""
        n_dof = self.system.n_dof
        kinetic = state.kinetic_energy(self.system)
        target = 0.5 * n_dof * units.kB * self.settings.temperature
        keep = math.exp(-dt / (self.settings.thermostat_time * units.fs))
        first = state.rng.standard_normal()
        others = 2.0 * state.rng.standard_gamma(0.5 * (n_dof - 1)) if n_dof > 1 else 0.0
        if kinetic == 0.0:
            return 1.0
        share = (1.0 - keep) * target / (n_dof * kinetic)
        squared = keep + share * (first**2 + others) + 2.0 * first * math.sqrt(keep * share)
        return math.copysign(math.sqrt(max(squared, 0.0)), first + math.sqrt(keep / share))


def maxwell_boltzmann(
    system: System, temperature: float, positions: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return momenta of exactly the given temperature, without total (angular) momentum.

    Parameters
    ----------
    system
        Species, masses, mobile atoms.
    temperature
        K.
    positions
        Å, (N, 3).
    rng
        Source of the normal deviates.

    Returns
    -------
    numpy.ndarray
        amu Å per ASE time unit, (N, 3).
    """
    momenta = np.sqrt(system.masses) * rng.standard_normal((len(system.numbers), 3)) * system.mobile
    momenta = remove_drift(momenta, system)
    if system.free and not system.pbc.any():
        momenta = remove_rotation(momenta, positions, system)
    kinetic = 0.5 * float(np.sum(momenta**2 / system.masses))
    return momenta * math.sqrt(0.5 * system.n_dof * units.kB * temperature / kinetic)


def remove_drift(momenta: np.ndarray, system: System) -> np.ndarray:
    """Return momenta without centre-of-mass motion; unchanged where atoms are held."""
    if not system.free:
        return momenta
    return momenta - system.masses * (momenta.sum(axis=0) / system.masses.sum())


def remove_rotation(momenta: np.ndarray, positions: np.ndarray, system: System) -> np.ndarray:
    """Return momenta without rigid rotation about the centre of mass."""
    centre = (system.masses * positions).sum(axis=0) / system.masses.sum()
    arms = positions - centre
    angular = np.cross(arms, momenta).sum(axis=0)
    inertia = np.eye(3) * np.sum(system.masses * arms**2) - (system.masses * arms).T @ arms
    omega = np.linalg.pinv(inertia, rcond=1e-10) @ angular
    return momenta - system.masses * np.cross(omega, arms)
