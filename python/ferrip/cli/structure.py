"""Structures and potentials that commands take as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias, cast

import typer

from ferrip.errors import DataError, SettingsError, UnsupportedElementError

if TYPE_CHECKING:
    from ase import Atoms

    from ferrip.potential import Potential

RepeatOption: TypeAlias = Annotated[
    tuple[int, int, int], typer.Option("--repeat", help="Repeat the cell along its three vectors.")
]
"""The `--repeat x y z` option of every command that takes a structure."""


def read_structure(path: Path, repeat: tuple[int, int, int] = (1, 1, 1)) -> Atoms:
    """Return the last structure of a file in any format that ASE reads, repeated.

    Raises
    ------
    DataError
        The file is missing, unreadable or empty, or a position is not finite.
    SettingsError
        Those of `repeated`.
    """
    import ase.io
    import numpy as np

    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        atoms = cast("Atoms", ase.io.read(path, index=-1))
    except Exception as error:  # whatever a foreign parser raises on foreign bytes
        raise DataError(
            f"{path}: not a structure that ASE can read ({type(error).__name__}: {error})"
        ) from error
    if len(atoms) == 0:
        raise DataError(f"{path}: the structure has no atoms")
    finite = np.isfinite(atoms.positions).all(axis=1)
    if not finite.all():
        raise DataError(f"{path}: the position of atom {int(np.argmin(finite))} is not finite")
    return repeated(atoms, repeat, str(path))


def repeated(atoms: Atoms, repeat: tuple[int, int, int], name: str) -> Atoms:
    """Return a structure repeated along its lattice vectors; `name` is for messages.

    Raises
    ------
    SettingsError
        A repetition below one, or along a direction without a lattice vector.
    """
    if min(repeat) < 1:
        raise SettingsError(f"repeat: expected three positive integers, got {' '.join(map(str, repeat))}")
    for count, vector in zip(repeat, atoms.cell.array, strict=True):
        if count > 1 and not vector.any():
            raise SettingsError(f"repeat: {name} has no lattice vector in a direction to be repeated")
    return atoms.repeat(repeat)


def check_elements(potential: Potential, atoms: Atoms) -> None:
    """Check that the potential knows every element of a structure.

    Raises
    ------
    UnsupportedElementError
        It does not.
    """
    from ase.data import chemical_symbols

    unknown = sorted(set(atoms.numbers.tolist()) - set(potential.elements))
    if unknown:
        names, known = (
            ", ".join(chemical_symbols[z] for z in group) for group in (unknown, potential.elements)
        )
        raise UnsupportedElementError(f"the structure holds {names}; this potential was fitted for {known}")
