"""`ferrip pair`: a potential of pair functions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ferrip.cli.console import JsonFlag, print_json, show_facts
from ferrip.cli.group import nearest
from ferrip.errors import SettingsError
from ferrip.outputs import require_writable

if TYPE_CHECKING:
    from ferrip.pair import PairFunction


def pair(
    functions: Annotated[
        list[str],
        typer.Argument(
            metavar="PAIR=FORM[:NAME=VALUE,...]...",
            help="Functions by pair, e.g. Ar-Ar=lennard-jones:epsilon=0.0104,sigma=3.4, "
            "O-O=buckingham:amplitude=22764,length=0.149,dispersion=27.9, "
            "Cu-Cu=morse:depth=0.34,stiffness=1.36,distance=2.87, W-W=zbl or W-W=table:W.txt (columns r, E); "
            "several of one pair add up.",
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Potential file to write.")],
    cutoff: Annotated[
        float | None, typer.Option(help="Å; a table ends at its last point by default, zbl has its own.")
    ] = None,
    end: Annotated[
        Literal["switch", "shift", "shift-force"],
        typer.Option(help="At the cutoff: a smooth switch, or less the energy (and force) there."),
    ] = "switch",
    width: Annotated[float, typer.Option(help="Width of the switch, Å.")] = 1.0,
    as_json: JsonFlag = False,
) -> None:
    """Write a potential of pair functions, to be used alone, added to another one or as reference of a fit."""
    from ferrip.models.pair_terms import described
    from ferrip.pair import potential

    require_writable(output)
    by_pair: dict[str, list[PairFunction]] = {}
    for text in functions:
        name, separator, function = text.partition("=")
        if not separator:
            raise SettingsError(f"pair: expected PAIR=FORM, got {text!r}")
        by_pair.setdefault(name, []).append(_function(function))
    built = potential(by_pair, cutoff=cutoff, end=end, width=width)
    built.save(output)
    summary = {
        "output": str(output),
        "elements": built.symbols,
        "cutoff_A": built.cutoff,
        "functions": [described(term) for term in built.pairs],
    }
    show_facts({name: "; ".join(v) if isinstance(v, list) else v for name, v in summary.items()})
    if as_json:
        print_json(summary)


def _function(text: str) -> PairFunction:
    """`lennard-jones:epsilon=0.01,sigma=3.4` as a function."""
    from ferrip.pair import FORMS, Table

    form, _, rest = text.partition(":")
    if form == Table.form:
        return Table.read(rest)
    if form not in FORMS:
        raise SettingsError(f"pair: unknown form {form!r}{nearest(form, [*FORMS, Table.form])}")
    values: dict[str, Any] = {}
    for assignment in rest.split(",") if rest else ():
        name, _, value = assignment.partition("=")
        try:
            values[name.strip()] = float(value)
        except ValueError:
            raise SettingsError(f"pair: expected NAME=NUMBER in {text!r}, got {assignment!r}") from None
    known = list(FORMS[form].__dataclass_fields__)
    unknown = [name for name in values if name not in known]
    if unknown:
        raise SettingsError(f"pair: unknown parameter {unknown[0]!r} of {form}{nearest(unknown[0], known)}")
    try:
        return FORMS[form](**values)
    except TypeError:
        missing = ", ".join(name for name in known if name not in values)
        raise SettingsError(f"pair: {form} needs {missing}") from None
