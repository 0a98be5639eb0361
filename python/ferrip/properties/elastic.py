"""Elastic constants of cubic crystals from finite strains and stresses, ions clamped or relaxed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms, units

from ferrip.calculator import Calculator
from ferrip.relax import relax

if TYPE_CHECKING:
    from ferrip.potential import Potential

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


@dataclass(frozen=True, kw_only=True)
class ElasticProcedure:
    """How the constants are computed; those to be compared with must have been computed so too.

    Attributes
    ----------
    strain
        Amplitude ε of the tensor strains, r' = (1 + ε) r, both signs.
    relax_ions
        Relax the ions at each strain, with the cell fixed.
    fmax
        Largest force left after the relaxation of the ions, eV/Å.
    """

    strain: float = 0.005
    relax_ions: bool = True
    fmax: float = 1e-4


@dataclass(frozen=True, kw_only=True)
class CubicElastic:
    """Elastic constants of a cubic crystal, GPa.

    Attributes
    ----------
    c11, c12, c44
        Independent constants; c44 with relaxed ions where the procedure relaxes them.
    c44_clamped
        c44 with the ions at their fractional positions.
    """

    c11: float
    c12: float
    c44: float
    c44_clamped: float


def cubic_elastic(
    potential: Potential,
    atoms: Atoms,
    procedure: ElasticProcedure | None = None,
    *,
    num_threads: int | None = None,
) -> CubicElastic:
    """Compute C11, C12 and C44 by central differences of the stress.

    C11 = [σ_xx(+) − σ_xx(−)] / 2ε and C12 = [σ_yy(+) − σ_yy(−)] / 2ε for ε_xx = ±ε;
    C44 = [σ_yz(+) − σ_yz(−)] / 4ε for ε_yz = ε_zy = ±ε.

    Parameters
    ----------
    potential
        The potential.
    atoms
        A primitive or conventional cell at its equilibrium volume, cube axes along x, y, z.
    procedure
        Strain and relaxation.
    num_threads
        Threads of the evaluator.

    Returns
    -------
    CubicElastic
        GPa.
    """
    how = procedure or ElasticProcedure()

    def slope(component: int, *, relax_ions: bool) -> np.ndarray:
        ends = [
            _stress(potential, strained(atoms, component, sign * how.strain), how, relax_ions, num_threads)
            for sign in (1.0, -1.0)
        ]
        return (ends[0] - ends[1]) / (2.0 * how.strain)

    normal = slope(0, relax_ions=how.relax_ions)
    clamped = float(slope(3, relax_ions=False)[3]) / 2.0
    shear = float(slope(3, relax_ions=True)[3]) / 2.0 if how.relax_ions else clamped
    return CubicElastic(c11=float(normal[0]), c12=float(normal[1]), c44=shear, c44_clamped=clamped)


def strained(atoms: Atoms, component: int, strain: float) -> Atoms:
    """Return a copy under one tensor strain ε (Voigt component 0 to 5), r' = (1 + ε) r, ions following.

    Parameters
    ----------
    atoms
        The structure.
    component
        0 to 5 for xx yy zz yz xz xy; both off-diagonal entries are set to the strain.
    strain
        ε.
    """
    a, b = VOIGT[component]
    matrix = np.eye(3)
    matrix[a, b] += strain
    if a != b:
        matrix[b, a] += strain
    result = atoms.copy()
    result.set_cell(atoms.cell.array @ matrix, scale_atoms=True)
    return result


def _stress(
    potential: Potential, atoms: Atoms, how: ElasticProcedure, relax_ions: bool, num_threads: int | None
) -> np.ndarray:
    """Return the stress in GPa, Voigt (6,)."""
    if relax_ions:
        atoms = relax(potential, atoms, fmax=how.fmax, num_threads=num_threads).atoms
    else:
        atoms.calc = Calculator(potential, num_threads=num_threads)
    return atoms.get_stress() / units.GPa
