"""`ferrip quickstart`: fit, check and run silicon, with a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ferrip.cli.console import JsonFlag, ThreadsOption, note, print_json, show, table


def quickstart(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write.")] = Path(
        "ferrip-quickstart"
    ),
    size: Annotated[str, typer.Option(help="Size of the fit: small, medium or large.")] = "medium",
    steps: Annotated[int, typer.Option(help="Steps of molecular dynamics, 1 fs each.")] = 1000,
    temperature: Annotated[float, typer.Option(help="K.")] = 300.0,
    threads: ThreadsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Fit a linear ACE to the shipped silicon DFT set, check it, run MD and write a report."""
    from ferrip import quickstart as job
    from ferrip.cli.progress import progress_bar

    with progress_bar("molecular dynamics", steps) as advance:
        result = job.quickstart(
            output,
            size=size,
            steps=steps,
            temperature=temperature,
            num_threads=threads,
            progress=True,
            on_stage=_show_stage,
            on_step=lambda step, kelvin: advance(step, f"{kelvin:.0f} K"),
        )
    show(table("Timing", ("stage", "s"), [(name, f"{s:.1f}") for name, s in result.timings.items()]))
    note(f"open {result.folder / result.files['report']}")
    if as_json:
        print_json(result.as_dict())


def _show_stage(what: str, result: Any) -> None:
    """Print what a stage found."""
    from ferrip.cli.evaluate import errors_table
    from ferrip.properties.comparison import HEADINGS

    if what == "data":
        note(f"silicon, DFT: {len(result.train)} training and {len(result.test)} test frames")
    elif what == "metrics":
        for name, metrics in result.items():
            show(errors_table(f"errors on the {name} set", metrics))
    elif what == "properties":
        show(table("crystal properties", HEADINGS, result.rows()))
    elif what == "md":
        mean = result.statistics.temperature
        note(
            f"molecular dynamics: {len(result.atoms)} atoms, {result.steps} steps, "
            f"mean temperature {'–' if mean is None else f'{mean:.0f} K'}, {result.us_per_atom_step:.1f} µs/atom/step"
        )
