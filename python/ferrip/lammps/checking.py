"""Whether LAMMPS and ASE agree on a potential: energy, forces and virial of made-up structures."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from ferrip.lammps.data import write_data
from ferrip.lammps.running import run
from ferrip.lammps.structures import made_up
from ferrip.lammps.suited import require_suited
from ferrip.potential import Potential
from ferrip.potential_io import load

F64 = NDArray[np.float64]

TOLERANCE = 1e-10
"""Largest deviation: relative for energies and virials, over the largest force for forces."""

SCRIPT = """
units metal
atom_style atomic
boundary {boundary}
box tilt large
read_data atoms.data
pair_style ferrip
pair_coeff * * potential.ferrip {symbols}
compute energies all pe/atom
compute stresses all stress/atom NULL
compute virial all pressure NULL virial
compute energy all reduce sum c_energies
compute stress all reduce sum c_stresses[1] c_stresses[2] c_stresses[3] c_stresses[4] c_stresses[5] c_stresses[6]
thermo_style custom step pe c_energy c_virial[1] c_virial[2] c_virial[3] c_virial[4] c_virial[5] c_virial[6] &
  c_stress[1] c_stress[2] c_stress[3] c_stress[4] c_stress[5] c_stress[6] vol
dump 1 all custom 1 forces id fx fy fz
dump_modify 1 format float %.17g sort id
run 0 post no
print "$(pe:%.17g) $(c_energy:%.17g)" file energy
print "$(vol:%.17g) $(c_virial[1]:%.17g) $(c_virial[2]:%.17g) $(c_virial[3]:%.17g) &
$(c_virial[4]:%.17g) $(c_virial[5]:%.17g) $(c_virial[6]:%.17g)" file virial
print "$(c_stress[1]:%.17g) $(c_stress[2]:%.17g) $(c_stress[3]:%.17g) &
$(c_stress[4]:%.17g) $(c_stress[5]:%.17g) $(c_stress[6]:%.17g)" file stress
"""

BAR_A3 = 1.6021765e6
"""eV/Å³ in bar, the number that LAMMPS has in units metal."""


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """How far LAMMPS is from ASE for one structure, relative to the size of each quantity.

    Attributes
    ----------
    structure
        Its name.
    atoms
        Number of atoms.
    ranks
        Number of ranks of LAMMPS.
    energy, forces, virial
        Deviations; those of the sums over energies and virials of atoms count, too.
    """

    structure: str
    atoms: int
    ranks: int
    energy: float
    forces: float
    virial: float

    @property
    def passed(self) -> bool:
        """Whether all deviations are within the tolerance."""
        return max(self.energy, self.forces, self.virial) <= TOLERANCE


def check(path: Path, ranks: Iterable[int] = (1, 2)) -> Iterator[Deviation]:
    """Compare LAMMPS with ASE for the potential in a `.ferrip` file, structure by structure.

    Raises
    ------
    ModelFileError
        The file is no potential.
    SettingsError
        LAMMPS fails or is not installed, or cannot compute such potentials.
    """
    potential = load(path)
    require_suited(potential)
    for name, atoms in made_up(potential).items():
        for count in ranks:
            with tempfile.TemporaryDirectory() as folder:
                shutil.copyfile(path, Path(folder) / "potential.ferrip")
                yield _compare(potential, name, atoms, count, Path(folder))


def _compare(potential: Potential, name: str, atoms: Atoms, ranks: int, folder: Path) -> Deviation:
    write_data(folder / "atoms.data", atoms, potential.elements)
    boundary = " ".join("p" if periodic else "f" for periodic in atoms.pbc)
    script = folder / "in.lammps"
    script.write_text(SCRIPT.format(boundary=boundary, symbols=" ".join(potential.symbols)), encoding="utf-8")
    run(script, ranks)
    energies, forces, strain = potential.evaluator().compute(
        (atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc)
    )
    virial = -strain[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
    volume, *pressures = np.loadtxt(folder / "virial")
    of_atoms = -np.loadtxt(folder / "stress") / BAR_A3
    return Deviation(
        structure=name,
        atoms=len(atoms),
        ranks=ranks,
        energy=_relative(np.loadtxt(folder / "energy"), energies.sum()),
        forces=_relative(np.loadtxt(folder / "forces", skiprows=9)[:, 1:], forces),
        virial=max(
            _relative(np.array(pressures) * volume / BAR_A3, virial),
            _relative(of_atoms, virial),
        ),
    )


def _relative(found: F64, expected: F64 | float) -> float:
    """Largest deviation over the largest number."""
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), np.finfo(float).tiny))
