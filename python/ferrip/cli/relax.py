"""`ferrip relax`: relaxation of a structure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ferrip.cli.console import JsonFlag, ThreadsOption, print_json, show_facts, warn
from ferrip.cli.structure import RepeatOption, check_elements, read_structure
from ferrip.errors import SettingsError
from ferrip.outputs import require_writable


def relax(
    potential: Annotated[Path, typer.Argument(help="Potential (.ferrip).")],
    structure: Annotated[Path, typer.Argument(help="Structure to start from, any format that ASE reads.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Relaxed structure, any format that ASE writes.")
    ],
    cell: Annotated[bool, typer.Option("--cell", help="Relax the cell as well.")] = False,
    pressure: Annotated[float, typer.Option(help="GPa, with --cell.")] = 0.0,
    fmax: Annotated[float, typer.Option(help="Largest force at the end, eV/Å.")] = 1e-3,
    steps: Annotated[int, typer.Option(help="Largest number of optimiser steps.")] = 1000,
    repeat: RepeatOption = (1, 1, 1),
    threads: ThreadsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Relax positions and, with --cell, the cell."""
    import ase.io

    import ferrip
    from ferrip import relax as relaxation

    _require_format(output)
    model = ferrip.load(potential)
    atoms = read_structure(structure, repeat)
    check_elements(model, atoms)
    result = relaxation.relax(
        model, atoms, cell=cell, pressure=pressure, fmax=fmax, steps=steps, num_threads=threads
    )
    try:
        ase.io.write(output, result.atoms)
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise SettingsError(f"output: {output}: ASE cannot write this ({error})") from error
    if not result.converged:
        warn(f"not converged after {result.steps} steps: the largest force is {result.max_force:.3g} eV/Å")
    energy = result.atoms.get_potential_energy()
    summary = {
        "converged": result.converged,
        "steps": result.steps,
        "n_atoms": len(atoms),
        "energy_eV": energy,
        "energy_eV_per_atom": energy / len(atoms),
        "max_force_eV_per_A": result.max_force,
        "pressure_GPa": result.pressure,
        "cell_lengths_A": result.atoms.cell.lengths(),
        "cell_angles_deg": result.atoms.cell.angles(),
        "output": str(output),
    }
    show_facts(summary)
    if as_json:
        print_json(summary)


def _require_format(output: Path) -> None:
    """Check, before anything is relaxed, that the output can be written in a format that ASE knows."""
    from ase.io.formats import UnknownFileTypeError, filetype, ioformats

    require_writable(output)
    try:
        known = filetype(output, read=False)
    except UnknownFileTypeError as error:
        raise SettingsError(f"output: {output}: ASE knows no format of this name ({error})") from None
    if known not in ioformats or not ioformats[known].can_write:
        raise SettingsError(f"output: {output}: ASE cannot write the format {known}")
