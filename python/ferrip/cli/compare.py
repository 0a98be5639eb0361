"""`ferrip compare`: several families and sizes on the same data, and which one to use."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ferrip.cli.assignments import by_model
from ferrip.cli.console import JsonFlag, ThreadsOption, note, print_json, show, table
from ferrip.cli.data_options import Reading, reads_data
from ferrip.cli.structure import read_structure

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ferrip.comparing import Candidate, FamilyComparison

COLUMNS = ("", "functions", "E MAE meV/atom", "F MAE meV/Å", "µs/atom/step", "neighbors", "fit s", "")


@reads_data
def compare(
    data: Annotated[
        list[str],
        typer.Argument(metavar="DATA...", help="Data: extended XYZ, MLIP .cfg or anything that ASE reads."),
    ],
    reading: Reading,
    test: Annotated[
        list[str] | None,
        typer.Option(help="Test data; else the last quarter of every config type is held out (repeatable)."),
    ] = None,
    models: Annotated[str | None, typer.Option(help="Families (default: uf3,mtp,ace).")] = None,
    sizes: Annotated[str | None, typer.Option(help="Sizes, e.g. small,medium.")] = None,
    need: Annotated[str, typer.Option(help="speed, balanced or accuracy.")] = "balanced",
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for the potentials and the picture.")
    ] = Path("ferrip-compare"),
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="A setting of one model, e.g. --set nn.features=soap, or of all (repeatable)."
        ),
    ] = None,
    structure: Annotated[
        Path | None, typer.Option(help="Structure to time (default: the largest test frame, repeated).")
    ] = None,
    threads: ThreadsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Fit several families and sizes to the same data and say which one to use."""
    from ferrip import comparing
    from ferrip.report.figures import pareto_figure

    comparing.check_need(need)
    chosen = list(comparing.MODELS) if models is None else _names(models)
    common, single = by_model(set_ or [], chosen)
    comparison = comparing.compare(
        data,
        test=test,
        models=chosen,
        sizes=comparing.SIZES if sizes is None else _names(sizes),
        folder=output,
        structure=None if structure is None else read_structure(structure),
        keys=reading.keys,
        elements=reading.elements,
        num_threads=threads,
        on_candidate=_announce,
        model_settings=single,
        **common,
    )
    best = comparison.recommended(need)
    (output / "pareto.svg").write_text(pareto_figure(comparison))
    show(_table(comparison, best))
    note(f"{need}: use {best.name}, in {output / best.name}.ferrip")
    given = common | single.get(best.model, {})
    flags = "".join(f" --set {shlex.quote(f'{name}={value}')}" for name, value in given.items())
    note(
        f"to fit it to all the data: ferrip fit {' '.join(data)} --model {best.model} --size {best.size}{flags}"
    )
    if as_json:
        print_json({"need": need, "use": best.name, **comparison.as_dict()})


def _announce(candidate: Candidate) -> None:
    """One line as each candidate is done."""
    if candidate.failure is not None:
        note(f"{candidate.name}: not fitted: {candidate.failure}")
    else:
        values = (
            _number(candidate.energy_mae),
            _number(candidate.forces_mae),
            _number(candidate.us_per_atom_step),
        )
        note("{}: {} meV/atom, {} meV/Å, {} µs/atom/step".format(candidate.name, *values))


def _table(comparison: FamilyComparison, best: Candidate) -> RenderableType:
    """Table of all candidates; the last column marks the Pareto front and the recommendation."""
    front = comparison.pareto()
    rows = []
    for one in comparison.candidates:
        mark = "use this" if one == best else "Pareto" if one in front else "failed" if one.failure else ""
        values = (
            one.energy_mae,
            one.forces_mae,
            one.us_per_atom_step,
            one.neighbors_per_atom,
            one.fit_seconds,
        )
        functions = "–" if one.n_functions is None else str(one.n_functions)
        rows.append((one.name, functions, *map(_number, values), mark))
    title = (
        f"{comparison.n_train} training and {comparison.n_test} test frames ({comparison.held_out}); "
        f"timed on {comparison.timed}"
    )
    return table(title, COLUMNS, rows)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _names(text: str) -> list[str]:
    """The names of a comma-separated list, each once."""
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
