"""`ferrip convert`: from one potential file to another, by extension."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ferrip.cli.console import JsonFlag, print_json, show_facts, warn


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN", help="Potential file: .ferrip, .yace, .ace, .uf3, .json, .yaml, .mtp, .almtp."
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="File to write: .ferrip, .yace, .uf3, .json, .mtp or .almtp."),
    ],
    elements: Annotated[
        str | None, typer.Option("--elements", help="Keep these elements only, e.g. Si,O.")
    ] = None,
    species: Annotated[
        str | None,
        typer.Option("--species", help="Elements of the species of a .mtp or .almtp file, in their order."),
    ] = None,
    repulsion: Annotated[
        Literal["zbl"] | None,
        typer.Option("--repulsion", help="Add core repulsion to an imported potential."),
    ] = None,
    add: Annotated[
        list[Path] | None,
        typer.Option("--add", help="Potential file whose energies are added (repeatable)."),
    ] = None,
    untrained: Annotated[
        bool,
        typer.Option("--untrained", help="Leave out all coefficients (.mtp, .almtp), for MLIP to train."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Convert a potential file; the extensions say from what to what."""
    import ferrip
    from ferrip.conversion import with_elements, with_repulsion, write

    potential = ferrip.load(source, species=None if species is None else _symbols(species))
    for other in add or ():
        potential = potential + ferrip.load(other)
    if elements is not None:
        potential = with_elements(potential, _symbols(elements))
    if repulsion is not None:
        potential = with_repulsion(potential)
    files, notes = write(potential, target, untrained=untrained)
    for note in notes:
        warn(note)
    summary = {
        "source": str(source),
        "files": files,
        "elements": potential.symbols,
        "functions": potential.descriptor.n_features,
        "cutoff_A": potential.cutoff,
        "notes": notes,
    }
    show_facts({name: ", ".join(v) if isinstance(v, list) else v for name, v in summary.items() if v})
    if as_json:
        print_json(summary)


def _symbols(text: str) -> list[str]:
    return [symbol.strip() for symbol in text.split(",") if symbol.strip()]
