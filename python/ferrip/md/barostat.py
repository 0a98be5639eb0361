"""The barostat: stochastic cell rescaling, isotropic, anisotropic or of the full cell.

Isotropic: √V follows the stochastic cell rescaling equation (Bernetti, Bussi, J. Chem. Phys. 153, 114107 (2020),
doi 10.1063/5.0020514). Anisotropic (Del Tatto, Raiteri, Bernetti, Bussi, Appl. Sci. 12, 1139 (2022),
doi 10.3390/app12031139): with the internal pressure tensor P (kinetic part included), a step multiplies cell and
positions by exp(E) and momenta by exp(−E),

    E = β_T / (3 τ) (P − P₀ 1) Δt + √(2 D Δt) S,    D = β_T k_B T / (3 V τ),

where S is a symmetric matrix of independent normal deviates, of variance 1 on and 1/2 off the diagonal. The symmetric
E of the exponential form makes the cell's rotation vanish at every step; the drift of second order in S is the
k_B T / V of the equation in the paper. Its trace follows the isotropic equation of log V with the same β_T and τ.
"""

from __future__ import annotations

import math

import numpy as np
from ase import units

from ferrip.md.settings import MDSettings
from ferrip.md.state import F64, Evaluation, State, System

MAX_STRAIN = 0.01
"""Largest change of a length in one step: enough for any sane start, and a bad one stays computable."""


def deformation(
    settings: MDSettings, state: State, evaluation: Evaluation, system: System, dt: float
) -> tuple[F64, F64]:
    """Return the symmetric matrices that multiply lengths and momenta in one step, inverse to each other.

    Parameters
    ----------
    settings
        Barostat, temperature, pressure, time constant, compressibility.
    state, evaluation, system
        A full cell, and the potential there.
    dt
        Step in ASE's time unit.

    Returns
    -------
    tuple of numpy.ndarray
        (3, 3) each.
    """
    if settings.barostat == "isotropic":
        scale = _length_scale(settings, state, evaluation, system, dt)
        return np.diag([scale] * 3), np.diag([1.0 / scale] * 3)
    strain = np.clip(_strain(settings, state, evaluation, system, dt), -MAX_STRAIN, MAX_STRAIN)
    logarithms, axes = np.linalg.eigh(strain)
    return (axes * np.exp(logarithms)) @ axes.T, (axes * np.exp(-logarithms)) @ axes.T


def _rate(settings: MDSettings) -> float:
    """Return β_T / τ in ASE's units."""
    return settings.compressibility / units.GPa / (settings.barostat_time * units.fs)


def _length_scale(
    settings: MDSettings, state: State, evaluation: Evaluation, system: System, dt: float
) -> float:
    """Return the factor of all lengths: an Euler step of √V, eq. (9) of Bernetti and Bussi."""
    volume = state.volume()
    thermal = units.kB * settings.temperature
    rate = _rate(settings)
    internal = float(np.trace(state.pressure_tensor(system, evaluation))) / 3.0
    excess = internal + 0.5 * thermal / volume - settings.pressure * units.GPa
    root = math.sqrt(volume)
    noise = math.sqrt(0.5 * thermal * rate * dt) * state.rng.standard_normal()
    new_root = root + 0.5 * rate * root * excess * dt + noise
    return float(np.clip((new_root / root) ** (2.0 / 3.0), 1.0 - MAX_STRAIN, 1.0 + MAX_STRAIN))


def _strain(settings: MDSettings, state: State, evaluation: Evaluation, system: System, dt: float) -> F64:
    """Return E of the module's equation; its diagonal only where the axes do not shear."""
    excess = state.pressure_tensor(system, evaluation) - settings.pressure * units.GPa * np.eye(3)
    rate = _rate(settings) / 3.0
    deviates = state.rng.standard_normal((3, 3))
    noise = 0.5 * (deviates + deviates.T)
    noise[np.diag_indices(3)] = np.diag(deviates)
    diffusion = rate * units.kB * settings.temperature / state.volume()
    strain = rate * dt * excess + math.sqrt(2.0 * diffusion * dt) * noise
    return np.diag(np.diag(strain)) if settings.barostat == "anisotropic" else strain
