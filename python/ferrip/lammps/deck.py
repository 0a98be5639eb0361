"""Input for LAMMPS: a script for molecular dynamics and its data file."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.cell import Cell

from ferrip.errors import SettingsError
from ferrip.lammps.data import write_data
from ferrip.lammps.suited import require_suited
from ferrip.md import MDSettings
from ferrip.potential import Potential

BAR = 1e4
"""bar per GPa."""
PS = 1e-3
"""ps per fs."""
COUPLINGS = {"isotropic": "iso", "anisotropic": "aniso", "full": "tri"}
"""What the barostat of `fix npt` changes."""
PADDING = 5.0
"""Å around atoms in directions that are not periodic."""

SCRIPT = """\
# {title}
units           metal
atom_style      atomic
boundary        {boundary}
box             tilt large
read_data       atoms.data

pair_style      ferrip{options}
pair_coeff      * * {potential} {symbols}
neighbor        {skin:g} bin
neigh_modify    every 1 delay 0 check yes
timestep        {timestep:g}

velocity        all create {temperature:g} {seed} mom yes rot {rotation} dist gaussian
fix             dynamics all {dynamics}

# stop with an error where the temperature explodes, as after leaving what the potential was fitted to
variable        kelvin equal temp
fix             limit all halt {check_every} v_kelvin > {limit:g} error hard

thermo          {every}
thermo_style    custom step time temp pe etotal press vol
dump            trajectory all custom {every} trajectory.dump id type element xu yu zu vx vy vz
dump_modify     trajectory element {symbols} sort id
restart         {restart_every} restart.1 restart.2

run             {steps}
write_data      final.data
"""


def write_input(
    potential: Potential, file: Path, atoms: Atoms, settings: MDSettings, folder: Path
) -> list[Path]:
    """Write `in.lammps`, `atoms.data` and a copy of the potential into a folder, which is made.

    Parameters
    ----------
    potential, file
        The potential, and the `.ferrip` file that it is in.
    atoms
        Where the run starts; velocities are drawn anew.
    settings
        Of the run; the barostat of `fix npt` has no compressibility, and its thermostat is Nosé's and Hoover's.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    SettingsError
        The cell is left-handed, the file is none of ferrip's, or LAMMPS cannot compute such potentials.
    """
    require_suited(potential)
    if file.suffix != ".ferrip":
        raise SettingsError(f"{file}: LAMMPS reads .ferrip files; see ferrip convert")
    if settings.keep_velocities:
        raise SettingsError("keep_velocities: the velocities of a LAMMPS run are drawn anew")
    folder.mkdir(parents=True, exist_ok=True)
    copy, data, script = folder / file.name, folder / "atoms.data", folder / "in.lammps"
    if not (copy.exists() and copy.samefile(file)):
        shutil.copyfile(file, copy)
    write_data(data, in_box(atoms), potential.elements)
    script.write_text(_script(potential, file, atoms, settings), encoding="utf-8")
    return [script, data, copy]


def _script(potential: Potential, file: Path, atoms: Atoms, settings: MDSettings) -> str:
    warmest = max(settings.temperature, atoms.get_temperature())
    return SCRIPT.format(
        title=f"{atoms.get_chemical_formula()}, {settings.ensemble.upper()}; written by ferrip lammps input",
        boundary=" ".join("p" if periodic else "s" for periodic in atoms.pbc),
        options=" precision mixed" if settings.precision == "mixed" else "",
        potential=file.name,
        symbols=" ".join(potential.symbols),
        skin=settings.skin,
        timestep=settings.timestep * PS,
        temperature=settings.temperature,
        seed=settings.seed + 1,
        rotation="no" if any(atoms.pbc) else "yes",
        dynamics=_dynamics(settings),
        check_every=settings.check_every,
        limit=settings.max_temperature or 3.0 * warmest + 1000.0,
        every=settings.every,
        restart_every=settings.restart_every,
        steps=settings.steps,
    )


def _dynamics(settings: MDSettings) -> str:
    """The fix that integrates, with its thermostat and barostat."""
    if settings.ensemble == "nve":
        return "nve"
    kelvin = f"temp {settings.temperature:g} {settings.temperature:g} {settings.thermostat_time * PS:g}"
    if settings.ensemble == "nvt":
        return f"nvt {kelvin}"
    bar = settings.pressure * BAR
    return f"npt {kelvin} {COUPLINGS[settings.barostat]} {bar:g} {bar:g} {settings.barostat_time * PS:g}"


def in_box(atoms: Atoms) -> Atoms:
    """The structure, turned so that its cell is a lower triangular matrix; a box around it where it is not periodic.

    Examples
    --------
    >>> from ase.build import bulk
    >>> np.triu(in_box(bulk("Cu")).cell.array, 1).any()
    np.False_
    """
    box = atoms.copy()
    cell = Cell(np.where(atoms.pbc[:, None], atoms.cell.array, 0.0)).complete().array
    for axis in np.flatnonzero(~atoms.pbc):
        # the completed vector is normal to the others
        normal = cell[axis] / np.linalg.norm(cell[axis])
        heights = box.positions @ normal
        box.positions -= (heights.min() - PADDING) * normal
        cell[axis] = (np.ptp(heights) + 2 * PADDING) * normal
    if np.linalg.det(cell) < 0:
        raise SettingsError("LAMMPS needs a right-handed cell: exchange two lattice vectors")
    triangular, rotation = Cell(cell).standard_form()
    box.positions = box.positions @ rotation.T
    box.set_cell(np.tril(triangular.array))
    return box
