"""Energy-volume curves and their third-order Birch-Murnaghan fit.

F. Birch, Phys. Rev. 71, 809 (1947), doi 10.1103/PhysRev.71.809. In x = V^(−2/3) that equation is a cubic
polynomial, so the least-squares fit is linear and needs no starting values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms, units
from numpy.typing import NDArray

from ferrip.calculator import Calculator
from ferrip.errors import FerripError

if TYPE_CHECKING:
    from ferrip.potential import Potential

F64 = NDArray[np.float64]
Mask = Sequence[bool] | NDArray[np.bool_]
RATIOS = tuple(np.linspace(0.88, 1.12, 13))


@dataclass(frozen=True, kw_only=True, eq=False)
class EquationOfState:
    """An energy-volume curve and its fit, per atom.

    Attributes
    ----------
    volumes, energies
        The curve, Å³ and eV per atom, (n,).
    volume, energy
        Its minimum, Å³ and eV per atom.
    bulk_modulus
        At the minimum, GPa.
    derivative
        Pressure derivative of the bulk modulus.
    """

    volumes: F64
    energies: F64
    volume: float
    energy: float
    bulk_modulus: float
    derivative: float

    def lattice_constant(self, atoms_per_cube: int) -> float:
        """Return the edge in Å of a cubic cell with so many atoms at the minimum."""
        return float((atoms_per_cube * self.volume) ** (1.0 / 3.0))


def equation_of_state(
    potential: Potential,
    atoms: Atoms,
    volumes: Sequence[float] | F64 | None = None,
    *,
    fit: Mask | None = None,
    num_threads: int | None = None,
) -> EquationOfState:
    """Scale a structure uniformly, with its ions at their fractional positions, and fit the energies.

    Parameters
    ----------
    potential
        The potential.
    atoms
        A structure with a full cell, near its equilibrium volume.
    volumes
        Å³ per atom; by default 0.88 to 1.12 times the structure's own.
    fit
        Which of the volumes enter the fit; by default all.
    num_threads
        Threads of the evaluator.

    Returns
    -------
    EquationOfState
        The curve and its minimum.

    Raises
    ------
    FerripError
        The fitted curve has no minimum within the volumes.
    """
    if volumes is None:
        volumes = np.array(RATIOS) * atoms.get_volume() / len(atoms)
    per_atom = np.asarray(volumes, float)
    energies = energy_volume(potential, atoms, per_atom, num_threads=num_threads)
    return fit_birch_murnaghan(per_atom, energies, fit)


def energy_volume(potential: Potential, atoms: Atoms, volumes: F64, *, num_threads: int | None = None) -> F64:
    """Return the energies (eV per atom) of a structure scaled to volumes (Å³ per atom), ions following."""
    scaled, cell = atoms.copy(), atoms.cell.array
    scaled.calc = Calculator(potential, num_threads=num_threads)
    energies = []
    for volume in volumes:
        factor = (volume * len(atoms) / atoms.get_volume()) ** (1.0 / 3.0)
        scaled.set_cell(cell * factor, scale_atoms=True)
        energies.append(scaled.get_potential_energy() / len(atoms))
    return np.array(energies)


def fit_birch_murnaghan(volumes: F64, energies: F64, fit: Mask | None = None) -> EquationOfState:
    """Fit a curve.

    Parameters
    ----------
    volumes, energies
        Å³ and eV per atom, (n,), at least four points in the fit.
    fit
        Which points enter the fit; by default all.

    Raises
    ------
    FerripError
        Too few points, or no minimum between the smallest and the largest volume of the fit.
    """
    chosen = np.ones(len(volumes), bool) if fit is None else np.asarray(fit, bool)
    if chosen.sum() < 4:
        raise FerripError(f"equation of state: four volumes or more are needed, got {int(chosen.sum())}")
    x = volumes[chosen] ** (-2.0 / 3.0)
    curve = np.polynomial.Polynomial.fit(x, energies[chosen], 3)
    slope, bend, third = curve.deriv(1), curve.deriv(2), curve.deriv(3)
    roots = [r.real for r in slope.roots() if abs(r.imag) < 1e-12 and x.min() <= r.real <= x.max()]
    minima = [r for r in roots if bend(r) > 0.0]
    if len(minima) != 1:
        raise FerripError("equation of state: the energy has no single minimum between the given volumes")
    x0 = minima[0]
    volume = x0**-1.5
    dx, ddx = -2.0 / 3.0 * volume ** (-5.0 / 3.0), 10.0 / 9.0 * volume ** (-8.0 / 3.0)
    second = bend(x0) * dx**2
    return EquationOfState(
        volumes=volumes,
        energies=energies,
        volume=float(volume),
        energy=float(curve(x0)),
        bulk_modulus=float(volume * second / units.GPa),
        derivative=float(-1.0 - volume * (third(x0) * dx**3 + 3.0 * bend(x0) * dx * ddx) / second),
    )
