"""`ferrip bench`: the cost of an MD step."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ferrip.cli.console import JsonFlag, PrecisionOption, ThreadsOption, print_json, show_facts
from ferrip.cli.structure import RepeatOption, check_elements, read_structure, repeated


def bench(
    potential: Annotated[Path, typer.Argument(help="Potential (.ferrip).")],
    structure: Annotated[
        Path | None, typer.Option(help="Structure, used as given (default: a crystal of 1000 atoms or more).")
    ] = None,
    repeat: RepeatOption = (1, 1, 1),
    skin: Annotated[float, typer.Option(help="Verlet skin, Å.")] = 0.7,
    seconds: Annotated[float, typer.Option(min=0.0, help="Time to spend, s.")] = 3.0,
    threads: ThreadsOption = None,
    precision: PrecisionOption = "double",
    as_json: JsonFlag = False,
) -> None:
    """Time energy, forces and virial per atom and step, neighbor list rebuilds amortised."""
    import ferrip
    from ferrip.benchmark import benchmark, crystal_of

    model = ferrip.load(potential)
    if structure is None:
        atoms = repeated(crystal_of(model.elements), repeat, "the crystal")
    else:
        atoms = read_structure(structure, repeat)
    check_elements(model, atoms)
    result = asdict(
        benchmark(model, atoms, num_threads=threads, skin=skin, seconds=seconds, precision=precision)
    )
    show_facts(result)
    if as_json:
        print_json(result)
