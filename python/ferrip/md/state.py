"""What moves during molecular dynamics, and what is measured on it. Units of ASE: Å, eV, amu."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms, units
from ase.constraints import FixAtoms
from numpy.typing import NDArray

from ferrip.errors import DataError

F64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class System:
    """What does not change: species, masses and which atoms move.

    Attributes
    ----------
    numbers
        Atomic numbers, (N,).
    masses
        amu, (N, 1).
    pbc
        Periodic directions, (3,).
    mobile
        Whether each atom moves, (N, 1).
    n_dof
        Degrees of freedom that carry kinetic energy: three per mobile atom, less the conserved total momentum
        (no atom fixed) and angular momentum (no atom fixed, no periodic direction).
    """

    numbers: NDArray[np.int64]
    masses: F64
    pbc: NDArray[np.bool_]
    mobile: NDArray[np.bool_]
    n_dof: int

    @classmethod
    def from_atoms(cls, atoms: Atoms) -> System:
        """Return the system of a structure.

        Raises
        ------
        DataError
            There is a constraint other than FixAtoms, or nothing that could move thermally.
        """
        mobile = np.ones((len(atoms), 1), bool)
        for constraint in atoms.constraints:
            if not isinstance(constraint, FixAtoms):
                raise DataError(f"md handles FixAtoms only, the structure has {type(constraint).__name__}")
            mobile[constraint.index] = False
        n_mobile = int(mobile.sum())
        n_dof = 3 * n_mobile
        if n_mobile == len(atoms):
            n_dof -= 3
            if not atoms.pbc.any():
                n_dof -= 2 if len(atoms) == 2 else 3
        if n_dof <= 0:
            raise DataError(
                f"{len(atoms)} atoms with {n_mobile} mobile have no thermal motion; repeat the cell"
            )
        return cls(
            numbers=atoms.numbers.astype(np.int64),
            masses=atoms.get_masses()[:, None],
            pbc=atoms.pbc.copy(),
            mobile=mobile,
            n_dof=n_dof,
        )

    @property
    def free(self) -> bool:
        """Whether no atom is held, so that the total momentum is conserved."""
        return bool(self.mobile.all())


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The potential at one configuration.

    Attributes
    ----------
    energy
        eV.
    forces
        eV/Å, (N, 3); zero on held atoms.
    strain_gradient
        dE/dε in eV, (3, 3).
    """

    energy: float
    forces: F64
    strain_gradient: F64

    def is_finite(self) -> bool:
        """Return whether energy and all forces are finite."""
        return bool(np.isfinite(self.energy) and np.isfinite(self.forces).all())


@dataclass(kw_only=True)
class State:
    """What a step changes.

    Attributes
    ----------
    positions
        Å, (N, 3); never wrapped into the cell.
    momenta
        amu Å per ASE time unit, (N, 3).
    cell
        Lattice vectors as rows, Å.
    step
        Number of steps done.
    rng
        Source of thermostat and barostat noise.
    """

    positions: F64
    momenta: F64
    cell: F64
    step: int
    rng: np.random.Generator

    def copy(self) -> State:
        """Return a copy that shares only the random generator."""
        return replace(
            self, positions=self.positions.copy(), momenta=self.momenta.copy(), cell=self.cell.copy()
        )

    def kinetic_energy(self, system: System) -> float:
        """Return the kinetic energy, eV."""
        return float(0.5 * np.sum(self.momenta**2 / system.masses))

    def temperature(self, system: System) -> float:
        """Return the instantaneous temperature, K."""
        return 2.0 * self.kinetic_energy(system) / (system.n_dof * units.kB)

    def volume(self) -> float:
        """Return the volume of the cell, Å³ (0 without a full cell)."""
        return abs(float(np.linalg.det(self.cell)))

    def pressure(self, system: System, evaluation: Evaluation) -> float | None:
        """Return the instantaneous pressure (2K − tr dE/dε) / 3V in eV/Å³, None without a full cell."""
        if not system.pbc.all():
            return None
        return float(np.trace(self.pressure_tensor(system, evaluation))) / 3.0

    def pressure_tensor(self, system: System, evaluation: Evaluation) -> F64:
        """Return (Σ p pᵀ / m − dE/dε) / V in eV/Å³, (3, 3) and symmetric, of a full cell."""
        gradient = 0.5 * (evaluation.strain_gradient + evaluation.strain_gradient.T)
        return ((self.momenta / system.masses).T @ self.momenta - gradient) / self.volume()
