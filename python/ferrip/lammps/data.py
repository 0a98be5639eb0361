"""LAMMPS data files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data import atomic_masses, chemical_symbols

from ferrip.errors import SettingsError


def write_data(path: Path, atoms: Atoms, elements: Sequence[int]) -> None:
    """Write a data file of atom style `atomic`, units metal, with every digit.

    Parameters
    ----------
    path
        The file.
    atoms
        Structure whose cell is a lower triangular matrix with lengths in all directions.
    elements
        Atomic numbers of the atom types 1, 2, ….

    Raises
    ------
    SettingsError
        The cell is of another form, or an element has no type.
    """
    cell = atoms.cell.array
    if np.triu(cell, 1).any() or not (np.diag(cell) > 0).all():
        raise SettingsError("a LAMMPS data file needs a cell that is a lower triangular matrix")
    types = {z: k for k, z in enumerate(elements, 1)}
    if not set(atoms.numbers) <= set(types):
        raise SettingsError("a LAMMPS data file needs a type for every element")
    lines = ["atoms of ferrip", "", f"{len(atoms)} atoms", f"{len(types)} atom types"]
    lines += [f"0 {float(cell[k, k])!r} {axis}lo {axis}hi" for k, axis in enumerate("xyz")]
    tilts = [float(cell[1, 0]), float(cell[2, 0]), float(cell[2, 1])]
    if any(tilts):
        lines.append(" ".join(map(repr, tilts)) + " xy xz yz")
    lines += ["", "Masses", ""]
    lines += [f"{k} {float(atomic_masses[z])!r} # {chemical_symbols[z]}" for z, k in types.items()]
    lines += ["", "Atoms # atomic", ""]
    for k, (z, position) in enumerate(zip(atoms.numbers, atoms.positions.tolist(), strict=True), 1):
        lines.append(f"{k} {types[z]} " + " ".join(map(repr, position)))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
