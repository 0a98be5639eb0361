"""`ferrip eval`: errors of a potential on labelled data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ferrip.cli.console import JsonFlag, ThreadsOption, print_json, show, table
from ferrip.cli.data_options import DataFiles, Reading, reads_data

if TYPE_CHECKING:
    from rich.console import RenderableType

N_WORST_SHOWN = 5


@reads_data
def evaluate(
    potential: Annotated[str, typer.Argument(metavar="POT", help="Potential file (.ferrip).")],
    data: DataFiles,
    reading: Reading,
    align_energies: Annotated[
        bool,
        typer.Option("--align-energies", help="Take a least-squares energy offset per element out first."),
    ] = False,
    threads: ThreadsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Print the errors of a potential on labelled data, overall and per config type."""
    import ferrip
    from ferrip.errors import DataError
    from ferrip.evaluation import error_metrics, worst_frames

    loaded = ferrip.load(potential)
    frames = reading.frames(data)
    if all(frame.energy is None and frame.forces is None and frame.stress is None for frame in frames):
        raise DataError(f"{', '.join(data)}: no energy, forces or stress labels to compare with")
    predictions = loaded.evaluate(frames, num_threads=threads)
    metrics = error_metrics(frames, predictions, align_energies=align_energies)
    worst = worst_frames(frames, predictions, align_energies=align_energies)
    if as_json:
        print_json({**metrics, "worst_frames": worst})
    show(errors_table(f"{potential} on {', '.join(data)}", metrics))
    if len(frames) > 1:
        show(_worst_table(worst))


def errors_table(title: str, metrics: Mapping[str, Any]) -> RenderableType:
    """Table of `error_metrics`, one row per config type and one for all."""
    columns = (
        "config type",
        "frames",
        "E MAE meV/atom",
        "E RMSE meV/atom",
        "F MAE meV/Å",
        "F RMSE meV/Å",
        "S MAE GPa",
    )
    groups = metrics["by_config_type"]
    rows = [_errors_row(name, group) for name, group in groups.items()] if len(groups) > 1 else []
    return table(title, columns, [*rows, _errors_row("all", metrics)])


def _errors_row(name: str, metrics: Mapping[str, Any]) -> Sequence[str]:
    values = (
        metrics["energy"]["mae_meV_per_atom"],
        metrics["energy"]["rmse_meV_per_atom"],
        metrics["forces"]["mae_meV_per_A"],
        metrics["forces"]["rmse_meV_per_A"],
        metrics["stress"]["mae_GPa"],
    )
    return name, str(metrics["n_structures"]), *("-" if value is None else f"{value:.3f}" for value in values)


def _worst_table(worst: Mapping[str, Sequence[Mapping[str, Any]]]) -> RenderableType:
    units = {"energy": ("error_meV_per_atom", "meV/atom"), "forces": ("rmse_meV_per_A", "meV/Å RMSE")}
    rows = [
        (
            f"{entry['source']} frame {entry['index']}",
            entry["config_type"],
            quantity,
            f"{entry[name]:.2f} {unit}",
        )
        for quantity, (name, unit) in units.items()
        for entry in worst[quantity][:N_WORST_SHOWN]
    ]
    return table("worst frames", ("frame", "config type", "quantity", "error"), rows)
