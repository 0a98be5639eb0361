"""Reading labelled frames from files, `ase.Atoms` or frames."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeAlias, cast

import numpy as np

from ferrip.data import extxyz, mlip_cfg
from ferrip.data.frame import Frame
from ferrip.data.labels import LabelKeys, frame_from_atoms
from ferrip.errors import DataError

if TYPE_CHECKING:
    from ase import Atoms

    FrameSource: TypeAlias = "str | os.PathLike[str] | Atoms | Frame"

_Chunk: TypeAlias = "tuple[int, tuple[int, str]]"
"""Frame number, and line number and text of the frame."""

EXTXYZ_SUFFIXES = (".xyz", ".extxyz")
MLIP_SUFFIX = ".cfg"
DATABASE_SUFFIX = ".db"
COMPRESSION_SUFFIXES = (".gz", ".bz2", ".xz")


def read_frames(
    source: FrameSource | Iterable[FrameSource],
    keys: LabelKeys | None = None,
    *,
    elements: Sequence[str] | None = None,
    check_finite: bool = True,
) -> list[Frame]:
    """Labelled frames of files, of `ase.Atoms`, or of frames (which pass as they are), in order.

    Parameters
    ----------
    source
        One path or a sequence of paths (extended XYZ or MLIP's `.cfg`, also compressed, or anything that ASE reads,
        VASP's outputs for one; a part of a file as in ASE: "train.xyz@0:10"), or `ase.Atoms` or `Frame` objects.
    keys
        Names of the labels where they are not to be found automatically (`ferrip.data.labels` gives the order).
    elements
        Chemical symbols of the atom types 0, 1, … of formats that number them (MLIP's `.cfg`).
    check_finite
        Refuse NaN and infinities at once; `check_frames` lists all of them instead.

    Returns
    -------
    list of Frame
        Energies in eV, forces in eV/Å, stress in eV/Å³ (ASE sign, Voigt).

    Raises
    ------
    DataError
        A file is missing, unreadable or empty, a frame is malformed, elements are needed and not given, or a number
        is NaN or infinite; the message names file and frame.

    Examples
    --------
    >>> from ase.build import bulk
    >>> [frame.label for frame in read_frames([bulk("Si"), bulk("Ge")])]
    ['memory frame 0', 'memory frame 1']
    """
    frames: list[Frame] = []
    types = [_atomic_number(symbol) for symbol in elements or ()]
    for item in _items(source):
        if isinstance(item, Frame):
            frames.append(item)
        elif isinstance(item, str | os.PathLike):
            frames.extend(_read_file(os.fspath(item), keys, types))
        else:
            frames.append(_from_object(item, keys, len(frames)))
    if check_finite:
        for frame in frames:
            require_finite(frame)
    return frames


def require_finite(frame: Frame) -> None:
    """Raises DataError where a position, cell or label is NaN or infinite."""
    quantities = non_finite_quantities(frame)
    if quantities:
        raise DataError(f"{frame.label}: NaN or infinity in {', '.join(quantities)}")


def non_finite_quantities(frame: Frame) -> list[str]:
    """Names of the arrays and labels of a frame that hold NaN or infinities."""
    names = ("positions", "cell", "energy", "forces", "stress")
    values = ((name, getattr(frame, name)) for name in names)
    return [name for name, value in values if value is not None and not np.isfinite(value).all()]


def _items(source: FrameSource | Iterable[FrameSource]) -> Sequence[FrameSource]:
    from ase import Atoms

    if isinstance(source, str | os.PathLike | Frame | Atoms):
        return [source]
    return list(source)


def _from_object(item: object, keys: LabelKeys | None, index: int) -> Frame:
    from ase import Atoms

    if not isinstance(item, Atoms):
        raise DataError(f"item {index}: expected a path, ase.Atoms or Frame, got {type(item).__name__}")
    return frame_from_atoms(item, keys=keys, index=index)


def _atomic_number(symbol: str) -> int:
    from ase.data import atomic_numbers

    number = atomic_numbers.get(symbol, 0)
    if number == 0:
        raise DataError(f"elements: '{symbol}' is not a chemical symbol")
    return number


def _read_file(source: str, keys: LabelKeys | None, types: Sequence[int]) -> list[Frame]:
    """Frames of one file; whatever goes wrong inside a reader becomes a DataError that names the file."""
    path, selection = _split_selection(source)
    if not path.is_file():
        reason = "is a directory" if path.is_dir() else "no such file"
        raise DataError(f"{source}: {reason}")
    frames = [
        frame_from_atoms(atoms, keys=keys, source=str(path), index=index, is_fresh=True)
        for index, atoms in _images(path, selection, types)
    ]
    if not frames:
        raise DataError(f"{source}: holds no frames")
    return frames


def _images(path: Path, selection: slice, types: Sequence[int]) -> Iterator[tuple[int, Atoms]]:
    """(Frame number, atoms) of the chosen frames of a file."""
    suffix = _format_suffix(path)
    if suffix in EXTXYZ_SUFFIXES:
        return _text_images(path, selection, extxyz.split_frames, extxyz.parse_frame, "extended XYZ")
    if suffix == MLIP_SUFFIX and _is_mlip_cfg(path):
        if not types:
            raise DataError(
                f"{path}: numbers its elements; name them in the order of their types (elements=Si,O)"
            )
        parse = partial(mlip_cfg.parse_frame, elements=types)
        return _text_images(path, selection, mlip_cfg.split_frames, parse, "MLIP cfg")
    return iter(_ase_images(path, selection))


def _is_mlip_cfg(path: Path) -> bool:
    from ase.io.formats import open_with_compression

    try:
        with open_with_compression(str(path), "r") as stream:
            return mlip_cfg.is_mlip_cfg(cast("TextIO", stream))
    except Exception as error:
        raise DataError(f"{path}: cannot be read ({_reason(error)})") from error


def _split_selection(source: str) -> tuple[Path, slice]:
    """Path and part of the file of "train.xyz@0:10", as ASE writes it."""
    path, separator, text = source.rpartition("@")
    if not separator or Path(source).exists():
        return Path(source), slice(None)
    try:
        numbers = [int(part) if part else None for part in text.split(":")]
        selection = slice(numbers[0], _after(numbers[0])) if len(numbers) == 1 else slice(*numbers)
    except (TypeError, ValueError):
        raise DataError(f"{source}: '@{text}' is not a part of a file; write @12, @0:100 or @::10") from None
    if selection.step == 0:
        raise DataError(f"{source}: the step of '@{text}' is zero")
    return Path(path), selection


def _after(number: int | None) -> int | None:
    """End of the slice that holds only this frame number."""
    return None if number in (None, -1) else number + 1


def _format_suffix(path: Path) -> str:
    """The suffix that names the format, in lower case, compression left out."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSION_SUFFIXES:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _text_images(
    path: Path,
    selection: slice,
    split: Callable[[TextIO, str], Iterator[tuple[int, str]]],
    parse: Callable[[str], Atoms],
    format_name: str,
) -> Iterator[tuple[int, Atoms]]:
    """(Frame number, atoms) of a text file, one frame at a time; frames that are not chosen are not parsed."""
    from ase.io.formats import open_with_compression

    try:
        with open_with_compression(str(path), "r") as stream:
            chunks = enumerate(split(cast("TextIO", stream), str(path)))
            for index, (line_number, text) in _chosen(chunks, selection):
                yield index, _parsed(parse, text, f"{path} frame {index}", line_number, format_name)
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{path}: cannot be read ({_reason(error)})") from error


def _parsed(
    parse: Callable[[str], Atoms], text: str, where: str, line_number: int, format_name: str
) -> Atoms:
    """Atoms of the text of one frame; errors name the line where the parser does, else the first of the frame."""
    try:
        return parse(text)
    except mlip_cfg.MalformedLineError as error:
        raise DataError(f"{where} (line {line_number + error.offset}): {error}") from error
    except Exception as error:
        raise DataError(f"{where} (line {line_number}): not {format_name} ({_reason(error)})") from error


def _chosen(chunks: Iterator[_Chunk], selection: slice) -> Iterator[_Chunk]:
    """The chosen part of an iterator; only a part that counts from the end needs all of it at once."""
    bounds = (selection.start or 0, selection.stop or 0, selection.step or 1)
    if min(bounds) < 0:
        return iter(list(chunks)[selection])
    return islice(chunks, selection.start, selection.stop, selection.step)


def _ase_images(path: Path, selection: slice) -> list[tuple[int, Atoms]]:
    """(Frame number, atoms) of a file in any other format that ASE knows."""
    import ase.io
    from ase import Atoms

    try:
        if _format_suffix(path) == DATABASE_SUFFIX:
            images = _database_images(path)
        else:
            images = ase.io.read(path, index=":", do_not_split_by_at_sign=True)
    except Exception as error:
        raise DataError(f"{path}: cannot be read ({_reason(error)})") from error
    return [(index, atoms) for index, atoms in enumerate(images) if isinstance(atoms, Atoms)][selection]


def _database_images(path: Path) -> list[Atoms]:
    """Atoms of an ASE database with the key-value pairs of each row in `info`, which `ase.io.read` leaves out."""
    from ase.db import connect

    images = []
    for row in connect(path, use_lock_file=False).select():
        atoms = row.toatoms()
        atoms.info.update(row.key_value_pairs)
        images.append(atoms)
    return images


def _reason(error: Exception) -> str:
    """One short line of an exception from another library."""
    lines = str(error).strip().splitlines()
    text = lines[0].strip() if lines else ""
    return f"{type(error).__name__}: {text[:120]}" if text else type(error).__name__
