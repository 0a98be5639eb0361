"""The formation energy of a vacancy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ase import Atoms

from ferrip.calculator import Calculator
from ferrip.relax import relax

if TYPE_CHECKING:
    from ferrip.potential import Potential


def vacancy_energy(
    potential: Potential,
    atoms: Atoms,
    *,
    index: int = 0,
    relax_ions: bool = False,
    num_threads: int | None = None,
) -> float:
    """Return E(N−1) − (N−1)/N E(N) of an elemental crystal, eV.

    Parameters
    ----------
    potential
        The potential.
    atoms
        The perfect supercell of N atoms of one element.
    index
        The atom to remove.
    relax_ions
        Relax the ions around the vacancy in the fixed cell.
    num_threads
        Threads of the evaluator.
    """
    perfect = atoms.copy()
    perfect.calc = Calculator(potential, num_threads=num_threads)
    defect = atoms.copy()
    del defect[index]
    if relax_ions:
        defect = relax(potential, defect, num_threads=num_threads).atoms
    else:
        defect.calc = Calculator(potential, num_threads=num_threads)
    share = len(defect) / len(perfect)
    return defect.get_potential_energy() - share * perfect.get_potential_energy()
