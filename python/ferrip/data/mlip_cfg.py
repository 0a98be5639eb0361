"""MLIP's `.cfg` data files (MLIP-2 and MLIP-3): text blocks from BEGIN_CFG to END_CFG, one per structure.

A block holds `Size`, `Supercell` (none to three lattice vectors in rows, Å), `AtomData:` (one row per atom, the
columns named), `Energy` (eV) and `PlusStress:` (eV; −V σ with σ in ASE's sign, so it is the virial; components
named). `Virial:` is read as the same quantity, `Stress:` as its negative. Elements are numbered from 0; which they are
is not in the file. Format: Novikov et al., Mach. Learn.: Sci. Technol. 2, 025002 (2021), doi 10.1088/2632-2153/abc9fe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

import numpy as np

from ferrip.errors import DataError

if TYPE_CHECKING:
    from ase import Atoms

BEGIN, END = "BEGIN_CFG", "END_CFG"
CARTESIAN = ("cartes_x", "cartes_y", "cartes_z")
FRACTIONAL = ("direct_x", "direct_y", "direct_z")
FORCES = ("fx", "fy", "fz")
VOIGT = ("xx", "yy", "zz", "yz", "xz", "xy")
NUMERIC = ("type", *CARTESIAN, *FRACTIONAL, *FORCES)
"""Columns that are read; others (id, site_en, nbh_grades, ghost, …) may hold anything."""
STRESS_SIGNS = {"PlusStress:": 1.0, "Virial:": 1.0, "Stress:": -1.0}
"""Keyword → factor that makes the virial −V σ of it."""


class MalformedLineError(ValueError):
    """A line that is not what the format has there; `offset` counts from the first line of the block."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset


def is_mlip_cfg(stream: TextIO) -> bool:
    """Whether the first line with text begins a block (AtomEye's files have the same suffix)."""
    return next((line.strip() for line in stream if line.strip()), "") == BEGIN


def split_frames(stream: TextIO, source: str) -> Iterator[tuple[int, str]]:
    r"""Yields (line number of BEGIN_CFG, text) of every block.

    Parameters
    ----------
    stream
        Text of the file.
    source
        Name of the file, for messages.

    Raises
    ------
    DataError
        There is text outside blocks, or the file ends inside a block.

    Examples
    --------
    >>> from io import StringIO
    >>> text = "BEGIN_CFG\n Size\n 1\nEND_CFG\n\n"
    >>> [line for line, _ in split_frames(StringIO(text + text), "two.cfg")]
    [1, 6]
    """
    lines: list[str] = []
    begin = 0
    for line_number, line in enumerate(stream, start=1):
        word = line.strip()
        if word == BEGIN:
            if lines:
                raise DataError(f"{source} line {line_number}: {BEGIN} before the {END} of line {begin}")
            begin = line_number
        elif not lines:
            if word:
                raise DataError(f"{source} line {line_number}: expected {BEGIN}, got '{word[:40]}'")
            continue
        lines.append(line)
        if word == END:
            yield begin, "".join(lines)
            lines = []
    if lines:
        raise DataError(f"{source}: the file ends inside the block that begins in line {begin}")


def parse_frame(text: str, elements: Sequence[int]) -> Atoms:
    """`ase.Atoms` of one block, energy, forces and virial in `info` and `arrays` under ASE's usual names.

    Parameters
    ----------
    text
        Lines from BEGIN_CFG to END_CFG.
    elements
        Atomic number of each type.

    Raises
    ------
    MalformedLineError
        A line is not what the format has there, or an atom has a type without an element.
    """
    block = _Block(lines=text.splitlines(), elements=elements)
    while (words := block.next_words()) != [END]:
        keyword = words[0]
        if keyword == "Size":
            block.size = _integer(block, (words[1:] or block.next_words())[0])
        elif keyword in ("Supercell", "SuperCell"):
            block.cell = block.numbers_below(3)
        elif keyword == "AtomData:":
            block.columns = words[1:]
            block.rows = block.table()
        elif keyword == "Energy":
            block.energy = block.numbers(words[1:] or block.next_words(), 1)[0]
        elif keyword in STRESS_SIGNS:
            values = block.numbers(block.next_words(), len(words) - 1)
            block.virial = _virial(block, words[1:], STRESS_SIGNS[keyword] * values)
        elif keyword == "Feature" and len(words) > 1:
            block.features[words[1]] = " ".join(words[2:])
        elif keyword == "Features:":
            block.features.update(zip(words[1:], block.next_words(), strict=False))
        else:
            raise block.malformed(f"unknown keyword '{keyword[:40]}'")
    return _atoms(block)


@dataclass(kw_only=True)
class _Block:
    """One block while it is read."""

    lines: list[str]
    elements: Sequence[int]
    line: int = 0
    size: int | None = None
    cell: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    columns: list[str] = field(default_factory=list)
    rows: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    energy: float | None = None
    virial: np.ndarray | None = None
    features: dict[str, str] = field(default_factory=dict)

    def malformed(self, reason: str) -> MalformedLineError:
        """The error for the line read last."""
        return MalformedLineError(self.line, reason)

    def next_words(self) -> list[str]:
        """Words of the next line that has any."""
        while self.line + 1 < len(self.lines):
            self.line += 1
            words = self.lines[self.line].split()
            if words:
                return words
        raise self.malformed(f"the block ends without {END}")

    def numbers(self, words: Sequence[str], count: int) -> np.ndarray:
        """`count` numbers of a line."""
        if len(words) != count:
            raise self.malformed(f"expected {count} numbers, got {len(words)}")
        try:
            return np.array([float(word) for word in words])
        except ValueError:
            raise self.malformed(f"not all numbers: '{' '.join(words)[:40]}'") from None

    def numbers_below(self, count: int) -> np.ndarray:
        """The following lines as long as they begin with a number, `count` numbers each."""
        rows = []
        while self.line + 1 < len(self.lines) and _is_number(self.lines[self.line + 1]):
            rows.append(self.numbers(self.next_words(), count))
        return np.array(rows).reshape(-1, count)

    def table(self) -> np.ndarray:
        """(size, columns) numbers below AtomData; NaN for what is not a number in a column that is not read."""
        if self.size is None:
            raise self.malformed("AtomData before Size")
        rows = []
        for n_read in range(self.size):
            words = self.next_words()
            if len(words) != len(self.columns):
                raise self.malformed(
                    f"atom {n_read + 1} of {self.size}: expected {len(self.columns)} columns, got {len(words)}"
                )
            rows.append(self._row(words))
        return np.array(rows).reshape(self.size, len(self.columns))

    def _row(self, words: Sequence[str]) -> list[float]:
        row = []
        for name, word in zip(self.columns, words, strict=True):
            try:
                row.append(float(word))
            except ValueError:
                if name in NUMERIC:
                    raise self.malformed(f"{name} should be a number, got '{word[:40]}'") from None
                row.append(np.nan)
            if name == "type" and row[-1] not in range(len(self.elements)):
                given = f"{len(self.elements)} elements are given, for types from 0"
                raise self.malformed(f"no element for atom type {word[:40]}: {given}")
        return row

    def column(self, name: str) -> np.ndarray:
        """(size,) numbers of a column."""
        if name not in self.columns:
            raise self.malformed(f"AtomData has no column '{name}'")
        return self.rows[:, self.columns.index(name)]

    def vectors(self, names: Sequence[str]) -> np.ndarray | None:
        """(size, 3) numbers of three columns, or None where the first is missing."""
        return np.stack([self.column(name) for name in names], axis=1) if names[0] in self.columns else None


def _atoms(block: _Block) -> Atoms:
    from ase import Atoms

    n_vectors = len(block.cell)
    if n_vectors > 3:
        raise block.malformed(f"Supercell has {n_vectors} vectors")
    cell = np.zeros((3, 3))
    cell[:n_vectors] = block.cell
    positions = block.vectors(CARTESIAN)
    fractional = block.vectors(FRACTIONAL)
    if positions is None and fractional is not None:
        if n_vectors < 3:
            raise block.malformed("fractional positions without three lattice vectors")
        positions = fractional @ cell
    if positions is None:
        raise block.malformed("AtomData has no positions (cartes_x or direct_x …)")
    types = block.column("type") if "type" in block.columns else np.zeros(len(positions))
    atoms = Atoms(
        numbers=[block.elements[int(index)] for index in types],
        positions=positions,
        cell=cell,
        pbc=[k < n_vectors for k in range(3)],
    )
    atoms.info.update(block.features)
    forces = block.vectors(FORCES)
    if forces is not None:
        atoms.arrays["forces"] = forces
    if block.energy is not None:
        atoms.info["energy"] = float(block.energy)
    if block.virial is not None:
        atoms.info["virial"] = block.virial
    if "EFS_by" in block.features:
        atoms.info["dft_code"] = block.features["EFS_by"]
    return atoms


def _virial(block: _Block, names: Sequence[str], values: np.ndarray) -> np.ndarray:
    """(6,) in Voigt order from named components."""
    if sorted(names) != sorted(VOIGT):
        raise block.malformed(f"expected the components {' '.join(VOIGT)}, got {' '.join(names)[:40]}")
    return np.array([values[names.index(name)] for name in VOIGT])


def _integer(block: _Block, word: str) -> int:
    try:
        value = int(word)
    except ValueError:
        value = -1
    if value < 0:
        raise block.malformed(f"expected a number of atoms, got '{word[:40]}'")
    return value


def _is_number(text: str) -> bool:
    """Whether the first word is a number."""
    words = text.split(maxsplit=1)
    try:
        float(words[0])
    except (IndexError, ValueError):
        return False
    return True
