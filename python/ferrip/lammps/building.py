"""Compiling the plugin, once per exact LAMMPS, compiler input and ferrip library; released wheels bring it.

The compiler is the one of `CXX`, else `mpicxx` where LAMMPS's headers need a real `mpi.h`, else `c++` or `g++`;
`CXXFLAGS` are added. Plugins are kept in `$FERRIP_CACHE_DIR`, else in `~/.cache/ferrip`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ferrip.capi import LIBRARY, include_dir, library_path
from ferrip.errors import SettingsError
from ferrip.lammps.installation import Lammps

GLUE = Path(__file__).parent / "glue"
"""Folder of the sources of the plugin."""
SOURCE = GLUE / "pair_ferrip.cpp"
NAME = "ferripplugin.so"
"""LAMMPS loads what ends with `plugin.so`."""
PREBUILT = Path(__file__).parent / "prebuilt"
"""Folder of the plugins that came with the wheel, each in a folder with the name of its LAMMPS."""
LIBRARY_FROM_PREBUILT = f"../../../capi/lib/{LIBRARY}"
"""Path of the library of ferrip from there."""


def build(lammps: Lammps, *, anew: bool = False) -> Path:
    """The compiled plugin for a LAMMPS; compiled only if there is none yet, or `anew`.

    One that was compiled here goes before one of the wheel.

    Returns
    -------
    Path
        The plugin, alone in its folder.

    Raises
    ------
    SettingsError
        There is no compiler, or it fails (the message has its first error).
    FileNotFoundError
        The library of ferrip is not there (a source tree without an installation).
    """
    flags = _flags(lammps, str(library_path()))
    target = _cache() / f"{lammps.name}-{_digest(flags)}" / NAME
    for there in (target, PREBUILT / lammps.name / NAME):
        if there.is_file() and not anew:
            return there
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target.parent / "lock"):
            # another process may have been first
            if anew or not target.is_file():
                _compile([*_compiler(lammps), *flags], target)
    except OSError as error:
        raise SettingsError(f"{target.parent}: {error.strerror or error}; set FERRIP_CACHE_DIR") from None
    return target


def prebuild(lammps: Lammps, folder: Path) -> Path:
    """Compile the plugin that a wheel ships as `ferrip/lammps/prebuilt`, whose copy `folder` is.

    Raises
    ------
    SettingsError
        As for `build`.
    """
    target = folder / lammps.name / NAME
    target.parent.mkdir(parents=True, exist_ok=True)
    _compile([*_compiler(lammps), *_flags(lammps, LIBRARY_FROM_PREBUILT)], target)
    return target


def _flags(lammps: Lammps, library: str) -> list[str]:
    stub = [] if lammps.mpi is None else ["-isystem", str(lammps.mpi)]
    return [
        *("-std=c++17", "-O2", "-fPIC", "-shared"),
        *(f"-D{definition}" for definition in lammps.definitions),
        f"-DFERRIP_LAMMPS_NUMBER={lammps.number}",
        f'-DFERRIP_LAMMPS_SOURCE="{lammps.source}"',
        f'-DFERRIP_LIBRARY="{library}"',
        *(f"-I{GLUE}", f"-I{include_dir()}", *stub, "-isystem", str(lammps.include)),
        *shlex.split(os.environ.get("CXXFLAGS", "")),
    ]


def _digest(flags: list[str]) -> str:
    """Digest of everything that is compiled."""
    digest = hashlib.sha256("\0".join(flags).encode())
    for path in (*sorted(GLUE.rglob("*.h")), SOURCE, include_dir() / "ferrip.h"):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _cache() -> Path:
    own = os.environ.get("FERRIP_CACHE_DIR")
    if own:
        return Path(own).absolute() / "lammps"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ferrip" / "lammps"


def _compiler(lammps: Lammps) -> list[str]:
    given = shlex.split(os.environ.get("CXX", ""))
    names = ["mpicxx", "mpic++"] if lammps.mpi is None else ["c++", "g++", "clang++"]
    for command in (given, *([name] for name in names)):
        if command and shutil.which(command[0]):
            return command
    raise SettingsError(
        f"the plugin for LAMMPS needs a C++ compiler ({', '.join(names)}), or its name in CXX"
    )


def _compile(command: list[str], target: Path) -> None:
    """Compile into a file beside `target` and rename it."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        compiled = Path(folder) / NAME
        run = subprocess.run(
            [*command, str(SOURCE), "-o", str(compiled), "-ldl"], capture_output=True, text=True, check=False
        )
        if run.returncode != 0:
            errors = [line for line in run.stderr.splitlines() if "error" in line]
            reason = (errors or run.stderr.splitlines() or ["no message"])[0]
            raise SettingsError(f"the plugin for LAMMPS does not compile: {reason}")
        os.replace(compiled, target)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait for other processes that compile the same."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
