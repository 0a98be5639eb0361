"""Splitting extended XYZ text into frames in one pass, so that every error names its frame and line.

`ase.io.read` of a compressed file seeks back for every frame, which costs the square of the file length; the text is
read once here and ASE parses it frame by frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING, TextIO

from ferrip.errors import DataError

if TYPE_CHECKING:
    from ase import Atoms

MAX_CELL_VECTOR_LINES = 3
"""A frame may end with up to three VEC1 … VEC3 lines."""


def split_frames(stream: TextIO, source: str) -> Iterator[tuple[int, str]]:
    r"""Yields (line number of the count line, text) of every frame.

    Parameters
    ----------
    stream
        Text of the file.
    source
        Name of the file, for messages.

    Raises
    ------
    DataError
        A count line is not a number, or the file ends inside a frame. Memory stays below twice the file size
        whatever number of atoms a frame claims.

    Examples
    --------
    >>> text = "1\nenergy=-1.5\nSi 0 0 0\n"
    >>> [line for line, _ in split_frames(StringIO(text + text), "two.xyz")]
    [1, 4]
    """
    line_number = 1
    index = 0
    line = stream.readline()
    while line.strip():
        where = f"{source} frame {index} (line {line_number})"
        n_atoms = _count(line, where)
        lines = [line]
        for n_read in range(n_atoms + 1):
            line = stream.readline()
            if not line:
                raise DataError(f"{where}: the file ends after {max(n_read - 1, 0)} of {n_atoms} atoms")
            lines.append(line)
        line = stream.readline()
        while line.lstrip().startswith("VEC") and len(lines) < n_atoms + 2 + MAX_CELL_VECTOR_LINES:
            lines.append(line)
            line = stream.readline()
        yield line_number, "".join(lines)
        line_number += len(lines)
        index += 1
    rest = next((text for text in stream if text.strip()), None) if line else None
    if rest is not None:
        raise DataError(f"{source}: blank line {line_number} after frame {index - 1}, but more text follows")


def _count(line: str, where: str) -> int:
    try:
        n_atoms = int(line)
    except ValueError:
        raise DataError(f"{where}: expected the number of atoms, got '{line.strip()[:40]}'") from None
    if n_atoms < 0:
        raise DataError(f"{where}: expected the number of atoms, got {n_atoms}")
    return n_atoms


def parse_frame(text: str) -> Atoms:
    """`ase.Atoms` of the text of one frame; raises whatever ASE's parser raises."""
    from ase.io.extxyz import read_xyz

    return next(read_xyz(StringIO(text), 0))
