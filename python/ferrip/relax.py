"""Relaxation of positions and, if asked for, of the cell."""

from __future__ import annotations

import math
import os
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from ase import Atoms, units
from ase.filters import FrechetCellFilter
from ase.optimize import LBFGS

from ferrip.blas import blas_threads
from ferrip.calculator import Calculator
from ferrip.errors import FerripError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ferrip.potential import Potential


SMALLEST_VOLUME = 0.1
"""Fraction of the first volume at which a cell has collapsed; its number of neighbors grows without bound then."""


@dataclass(frozen=True, kw_only=True)
class Relaxation:
    """How a relaxation ended.

    Attributes
    ----------
    atoms
        The relaxed structure with its calculator.
    converged
        Whether the largest force is below `fmax`; with a relaxed cell, all derivatives in ASE's `FrechetCellFilter`.
    steps
        Number of optimiser steps.
    max_force
        Largest force, eV/Å.
    pressure
        −tr(stress)/3 in GPa; None without a full cell, and for direct forces.
    """

    atoms: Atoms
    converged: bool
    steps: int
    max_force: float
    pressure: float | None


def relax(
    potential: Potential,
    atoms: Atoms,
    *,
    cell: bool = False,
    pressure: float = 0.0,
    fmax: float = 1e-3,
    steps: int = 1000,
    num_threads: int | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> Relaxation:
    """Minimise the energy, or the enthalpy at a pressure where the cell relaxes too (L-BFGS).

    Parameters
    ----------
    potential
        The potential.
    atoms
        The structure to start from; it is not changed. Its constraints hold.
    cell
        Relax the cell as well.
    pressure
        GPa, with `cell` only.
    fmax
        Largest force at which it ends, eV/Å.
    steps
        Largest number of optimiser steps.
    num_threads
        Threads of the evaluator.
    progress
        Called after every step with its number and the largest force (eV/Å).

    Returns
    -------
    Relaxation
        The structure and how far it got.

    Raises
    ------
    SettingsError
        `fmax` or `steps` is not positive, the pressure is not finite, or the cell is to be relaxed and is
        not full or has no stress.
    FerripError
        The relaxation ran away to a structure that cannot be evaluated.

    Examples
    --------
    >>> relax(potential, atoms, cell=True).atoms.cell.lengths()  # doctest: +SKIP
    """
    if not (math.isfinite(fmax) and fmax > 0.0):
        raise SettingsError(f"fmax: expected a positive number of eV/Å, got {fmax}")
    if steps < 1:
        raise SettingsError(f"steps: expected a positive integer, got {steps}")
    if not math.isfinite(pressure):
        raise SettingsError(f"pressure: expected a finite number of GPa, got {pressure}")
    if cell and not atoms.pbc.all():
        raise SettingsError("cell: only a cell with three periodic directions can be relaxed")
    if cell and not potential.conservative:
        raise SettingsError(
            "cell: this potential has direct forces and no stress, so that no cell can be relaxed"
        )
    relaxed = atoms.copy()
    relaxed.calc = Calculator(potential, num_threads=num_threads)
    target = FrechetCellFilter(relaxed, scalar_pressure=pressure * units.GPa) if cell else relaxed
    with LBFGS(cast("Atoms", target), logfile=os.devnull, maxstep=0.1) as optimizer:
        if cell:
            optimizer.attach(lambda: _check_volume(relaxed, SMALLEST_VOLUME * atoms.get_volume()))
        if progress is not None:
            optimizer.attach(lambda: progress(optimizer.nsteps, _max_force(relaxed)))
        try:
            # the cell filter's matrices are 3 × 3; its logarithm of a far deformation is good enough for a search
            with blas_threads(3, num_threads), warnings.catch_warnings():
                warnings.filterwarnings("ignore", "logm result may be inaccurate", RuntimeWarning)
                converged = bool(optimizer.run(fmax=fmax, steps=steps))
        except (np.linalg.LinAlgError, FloatingPointError) as error:
            raise FerripError(f"the relaxation ran away after {optimizer.nsteps} steps ({error})") from error
        taken = optimizer.nsteps
    full = relaxed.pbc.all() and potential.conservative
    return Relaxation(
        atoms=relaxed,
        converged=converged,
        steps=taken,
        max_force=_max_force(relaxed),
        pressure=-float(relaxed.get_stress()[:3].mean()) / units.GPa if full else None,
    )


def _max_force(atoms: Atoms) -> float:
    """Return the largest force, eV/Å."""
    return float(np.linalg.norm(atoms.get_forces(), axis=1).max())


def _check_volume(atoms: Atoms, smallest: float) -> None:
    """Raise FerripError for a cell that has collapsed."""
    if atoms.get_volume() < smallest:
        raise FerripError("the relaxation ran away: the cell collapsed to a tenth of its volume")
