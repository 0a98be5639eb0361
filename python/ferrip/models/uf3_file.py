"""Files of LAMMPS's `pair_style uf3`: reading and writing.

A `.uf3` file is a sequence of blocks, each begun by a line with `#UF3 POT`:

    2B A B LEAD TRAIL nk|uk             3B A B C LEAD TRAIL nk|uk
    cutoff, number of knots             cutoffs r_jk r_ik r_ij, numbers of knots in the same order
    knots                               knots of r_jk, of r_ik, of r_ij (one line each)
    number of coefficients              numbers of coefficients along r_ij, r_ik, r_jk
    coefficients                        coefficients: one line along r_jk per pair of (r_ij, r_ik)

LAMMPS adds the energy of a pair once per direction, so that its coefficients are half of ours. The format holds
neither energies of free atoms nor core repulsion.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from ferrip.errors import ModelFileError, SettingsError
from ferrip.modelfile import replace_file
from ferrip.models.reading import reading
from ferrip.models.uf3 import Uf3, Uf3Settings, penalties

if TYPE_CHECKING:
    from ferrip.potential import Potential

F64 = NDArray[np.float64]

EXTENSION = ".uf3"

MAX_FUNCTIONS = 4096
"""Most coefficients along one axis that are read."""
MAX_COEFFICIENTS = 1 << 24
"""Most coefficients of one block that are read."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One pair or triplet.

    Attributes
    ----------
    elements
        Two or three atomic numbers, the centre of a triplet first.
    knots
        Along r, or along r_ij, r_ik and r_jk, Å.
    coefficients
        (K,) or (L, M, N), eV; those of a pair for the energy of the pair, counted once.
    """

    elements: tuple[int, ...]
    knots: tuple[F64, ...]
    coefficients: F64


def load(path: str | os.PathLike[str]) -> Potential:
    """The potential in a `.uf3` file, exactly; energies of free atoms are 0.

    Raises
    ------
    ModelFileError
        If the file cannot be read or is not such a file (the message names file and line).
    """
    name = os.fspath(path)
    with reading(name):
        return potential_of(parse(Path(name).read_bytes().decode("utf-8")), name)


def potential_of(blocks: Sequence[Block], source: str) -> Potential:
    """The potential of these splines, with free atoms at 0 eV.

    Raises
    ------
    FerripError
        If the splines contradict one another.
    """
    from ferrip.potential import Potential

    settings = _settings(blocks)
    descriptor = Uf3().descriptor(settings)
    tensors = {block.elements: block.coefficients for block in blocks}
    return Potential(
        family=Uf3.name,
        descriptor=descriptor,
        settings=settings,
        coefficients=np.array([_coefficient(tensors, row) for row in descriptor.feature_table()]),
        e0=dict.fromkeys(settings["elements"], 0.0),
        metadata={"citations": list(Uf3.citations), "source": source},
    )


def save(potential: Potential, path: str | os.PathLike[str]) -> list[str]:
    """Write a potential of the family `uf3` as a `.uf3` file.

    Returns
    -------
    list of str
        What the file leaves out, one line each; empty if it is complete.

    Raises
    ------
    SettingsError
        If the potential is of another family.
    """
    lines: list[str] = []
    for block in blocks_of(potential, path):
        lines += _written(block)
    replace_file(Path(path), ("\n".join(lines) + "\n").encode())
    return left_out(potential)


def left_out(potential: Potential) -> list[str]:
    """What a `.uf3` file of a potential does not hold, one line each."""
    notes = []
    if any(potential.e0.values()):
        notes.append("energies of free atoms: total energies in LAMMPS are relative to free atoms")
    if potential.pairs:
        notes.append("core repulsion (ZBL): add `pair_style zbl` with `hybrid/overlay` where atoms collide")
    if any(entry["knots"][3] > 0 for entry in potential.settings["pairs"]):
        notes.append("the linear continuation of pair energies below their first knot")
    return notes


def parse(text: str) -> list[Block]:
    """The blocks of a file.

    Raises
    ------
    ModelFileError
        If the text is not such a file (the message names the line).
    """
    lines = _Lines(text.splitlines())
    blocks: list[Block] = []
    for words in lines.blocks():
        block = _pair(lines, words) if words[0] == "2B" else _triplet(lines, words)
        if any(block.elements == other.elements for other in blocks):
            raise lines.error(f"{' '.join(words[:-3])} is given twice")
        blocks.append(block)
    if not blocks:
        raise ModelFileError("no block begins with '#UF3 POT'")
    return blocks


@dataclass
class _Lines:
    """Lines with the number of the one read last."""

    lines: Sequence[str]
    number: int = field(default=0)

    def error(self, reason: str) -> ModelFileError:
        return ModelFileError(f"line {self.number}: {reason}")

    def blocks(self) -> Iterator[list[str]]:
        """The first lines of all blocks; the reader of a block takes the others."""
        while self.number < len(self.lines):
            line = self.lines[self.number]
            self.number += 1
            if not line.strip() or line.strip() == "#":
                continue
            if not line.startswith("#UF3 POT"):
                raise self.error(f"expected '#UF3 POT …', got {line[:40]!r}")
            words = self.words()
            if words[:1] not in (["2B"], ["3B"]):
                raise self.error(f"expected 2B or 3B, got {' '.join(words)[:40]!r}")
            yield words

    def words(self) -> list[str]:
        if self.number >= len(self.lines):
            raise ModelFileError(f"line {self.number + 1}: the file ends in the middle of a block")
        self.number += 1
        return self.lines[self.number - 1].split()

    def integers(self, words: Sequence[str], low: int, high: int) -> list[int]:
        try:
            values = [int(word) for word in words]
        except ValueError:
            raise self.error(f"expected whole numbers, got {' '.join(words)[:60]!r}") from None
        for value in values:
            if not low <= value <= high:
                raise self.error(f"expected a number from {low} to {high}, got {value}")
        return values

    def numbers(self, count: int, words: Sequence[str] | None = None) -> F64:
        words = self.words() if words is None else words
        if len(words) != count:
            raise self.error(f"expected {count} numbers, got {len(words)}")
        try:
            values = np.array([float(word) for word in words])
        except ValueError:
            raise self.error("expected numbers") from None
        if not np.isfinite(values).all():
            raise self.error("a number is not finite")
        return values

    def elements(self, symbols: Sequence[str]) -> tuple[int, ...]:
        for symbol in symbols:
            if symbol not in atomic_numbers or atomic_numbers[symbol] == 0:
                raise self.error(f"{symbol[:10]!r} is no chemical symbol")
        return tuple(atomic_numbers[symbol] for symbol in symbols)

    def header(self, words: Sequence[str], n_elements: int) -> tuple[int, ...]:
        if len(words) != n_elements + 4:
            raise self.error(f"expected {n_elements + 4} words, got {len(words)}")
        self.integers(words[-3:-1], 0, MAX_FUNCTIONS)
        if words[-1] not in ("nk", "uk"):
            raise self.error(f"expected knot spacing nk or uk, got {words[-1][:10]!r}")
        return self.elements(words[1:-3])


def _pair(lines: _Lines, words: Sequence[str]) -> Block:
    elements = lines.header(words, 2)
    cutoff, count = _split(lines, lines.words(), 1)
    knots = _knots(lines, cutoff[0], count[0])
    (size,) = lines.integers(lines.words(), count[0] - 4, count[0] - 4)
    return Block(elements=elements, knots=(knots,), coefficients=2.0 * lines.numbers(size))


def _triplet(lines: _Lines, words: Sequence[str]) -> Block:
    elements = lines.header(words, 3)
    cutoffs, counts = _split(lines, lines.words(), 3)
    across, second, first = [_knots(lines, *one) for one in zip(cutoffs, counts, strict=True)]
    wanted = [count - 4 for count in reversed(counts)]
    shape = lines.integers(lines.words(), 1, MAX_FUNCTIONS)
    if shape != wanted:
        raise lines.error(f"expected {wanted} coefficients for these knots, got {shape}")
    if np.prod(shape) > MAX_COEFFICIENTS:
        raise lines.error(f"more than {MAX_COEFFICIENTS} coefficients")
    rows = [lines.numbers(shape[2]) for _ in range(shape[0] * shape[1])]
    tensor = np.array(rows).reshape(shape)
    knots = (first, second, across)
    if elements[1] > elements[2]:
        elements, knots = (elements[0], elements[2], elements[1]), (second, first, across)
        tensor = tensor.transpose(1, 0, 2)
    if elements[1] == elements[2] and not (
        np.array_equal(first, second) and np.array_equal(tensor, tensor.transpose(1, 0, 2))
    ):
        raise lines.error("neighbors of one element need coefficients that are symmetric in r_ij and r_ik")
    return Block(elements=elements, knots=knots, coefficients=tensor)


def _split(lines: _Lines, words: Sequence[str], n: int) -> tuple[F64, list[int]]:
    """Cutoffs and numbers of knots."""
    if len(words) != 2 * n:
        raise lines.error(f"expected {n} cutoffs and {n} numbers of knots, got {len(words)} words")
    return lines.numbers(n, words[:n]), lines.integers(words[n:], 8, MAX_FUNCTIONS + 4)


def _knots(lines: _Lines, cutoff: float, count: int) -> F64:
    knots = lines.numbers(count)
    if abs(knots[-4] - cutoff) > 1e-9 * max(cutoff, 1.0):
        raise lines.error(f"the knots end at {knots[-4]} Å, not at the cutoff {cutoff} Å")
    return knots


def _settings(blocks: Sequence[Block]) -> dict[str, Any]:
    """The blocks as complete settings of the family, nothing trimmed."""
    kinds: dict[int, list[dict[str, Any]]] = {2: [], 3: []}
    for block in blocks:
        knots = [axis.tolist() for axis in block.knots]
        entry = {"elements": list(block.elements), "knots": knots[0] if len(knots) == 1 else knots}
        kinds[len(block.elements)].append(entry | {"trims": [0, 0]})
    elements = sorted({z for block in blocks for z in block.elements})
    return {
        "elements": elements,
        "pairs": kinds[2],
        "triplets": kinds[3],
        "penalties": penalties(Uf3Settings()),
    }


def _coefficient(tensors: dict[tuple[int, ...], F64], row: tuple[int, list[tuple[int, int, int]]]) -> float:
    center, factors = row
    others = [z for z, _, _ in factors if z != 0]
    key = (center, *others)
    tensor = tensors[key] if key in tensors else tensors[key[::-1]]
    return float(tensor[tuple(index for _, index, _ in factors)])


def blocks_of(potential: Potential, path: str | os.PathLike[str]) -> list[Block]:
    """The splines of a potential that is to be written to a path.

    Raises
    ------
    SettingsError
        If the potential is of another family, or has functions of densities.
    """
    if potential.family != Uf3.name:
        raise SettingsError(f"{path}: holds potentials of the family 'uf3', not {potential.family!r}")
    if potential.settings.get("densities"):
        raise SettingsError(
            f"{path}: functions of densities are not expressible in this format; fit without them (density=[])"
        )
    tensors: dict[tuple[int, ...], F64] = {}
    knots: dict[tuple[int, ...], tuple[F64, ...]] = {}
    for kind in ("pairs", "triplets"):
        for entry in potential.settings[kind]:
            axes = [entry["knots"]] if kind == "pairs" else entry["knots"]
            elements = tuple(entry["elements"])
            knots[elements] = tuple(np.asarray(axis, dtype=float) for axis in axes)
            tensors[elements] = np.zeros([len(axis) - 4 for axis in axes])
    for (center, factors), value in zip(
        potential.descriptor.feature_table(), potential.coefficients, strict=True
    ):
        others = [z for z, _, _ in factors if z != 0]
        index = tuple(i for _, i, _ in factors)
        tensor = tensors[(center, *others)]
        tensor[index] = value
        if len(others) == 2 and others[0] == others[1]:
            tensor[index[1], index[0], index[2]] = value
    return [Block(elements=key, knots=knots[key], coefficients=tensors[key]) for key in tensors]


def _written(block: Block) -> list[str]:
    symbols = " ".join(chemical_symbols[z] for z in block.elements)

    def row(values: F64) -> str:
        return " ".join(repr(float(value)) for value in values)

    start = "#UF3 POT UNITS: metal DATE: - AUTHOR: ferrip CITATION: 10.1038/s41524-023-01092-7"
    knots = block.knots[::-1]
    lines = [start, f"{len(block.elements)}B {symbols} 0 0 nk"]
    lines.append(
        f"{row(np.array([axis[-4] for axis in knots]))} {' '.join(str(len(axis)) for axis in knots)}"
    )
    lines += [row(axis) for axis in knots]
    lines.append(" ".join(str(n) for n in block.coefficients.shape))
    if len(block.elements) == 2:
        lines.append(row(0.5 * block.coefficients))
    else:
        lines += [row(values) for values in block.coefficients.reshape(-1, block.coefficients.shape[2])]
    return [*lines, "#"]
