"""`ferrip check-data`: what a data set holds, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from ferrip.cli.console import JsonFlag, ThreadsOption, fail, note, print_json, show, table, warn
from ferrip.cli.data_options import DataFiles, Reading, reads_data
from ferrip.cli.group import BAD_INPUT

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ferrip.data import GroupSummary, LabelSummary, StressVerdict


@reads_data
def check_data(
    data: DataFiles,
    reading: Reading,
    threads: ThreadsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Print what data files hold and what is wrong with them; exit status 2 for errors."""
    from ferrip.data import (
        check_frames,
        measure_distances,
        overall_decision,
        stress_consistency,
        summarize,
    )

    frames = reading.frames(data, check_finite=False)
    distances = measure_distances(frames, threads)
    summary = summarize(frames, distances=distances)
    verdicts = stress_consistency(frames)
    problems = check_frames(frames, verdicts=verdicts, distances=distances)
    if as_json:
        document: dict[str, Any] = {
            "n_structures": len(frames),
            "n_atoms": sum(frame.n_atoms for frame in frames),
            "by_config_type": {name: group.to_dict() for name, group in summary.items()},
            "stress": {
                **overall_decision(verdicts).to_dict(),
                "by_config_type": {name: verdict.to_dict() for name, verdict in verdicts.items()},
            },
            "problems": [problem.to_dict() for problem in problems],
        }
        print_json(document)
    show(_contents_table(f"{len(frames)} frames in {', '.join(data)}", summary))
    show(_keys_table(summary))
    if verdicts:
        show(_stress_table(verdicts))
    errors = [problem for problem in problems if problem.severity == "error"]
    for problem in problems:
        (fail if problem.severity == "error" else warn)(problem.message)
    if errors:
        raise typer.Exit(BAD_INPUT)
    note("no errors found" if problems else "no problems found")


def _contents_table(title: str, summary: Mapping[str, GroupSummary]) -> RenderableType:
    columns = (
        "config type",
        "frames",
        "atoms",
        "elements",
        "E",
        "F",
        "S",
        "eV/atom",
        "max |F| eV/Å",
        "shortest Å",
    )
    return table(title, columns, [_contents_row(name, group) for name, group in summary.items()])


def _contents_row(name: str, group: GroupSummary) -> Sequence[str]:
    isolated = f" ({group.n_isolated_atoms} isolated)" if group.n_isolated_atoms else ""
    energies = group.energy_per_atom
    distances = sorted(group.shortest_distances.items(), key=lambda item: item[1])
    return (
        name,
        f"{group.n_frames}{isolated}",
        str(group.n_atoms),
        " ".join(group.elements),
        *(_share(group.labels[quantity], group.n_frames) for quantity in ("energy", "forces", "stress")),
        "-" if energies is None else f"{energies[0]:.3f} … {energies[1]:.3f}",
        "-" if group.max_force is None else f"{group.max_force:.2f}",
        ", ".join(f"{pair} {distance:.2f}" for pair, distance in distances[:2]) or "-",
    )


def _share(label: LabelSummary, n_frames: int) -> str:
    """How many frames have the label: "all", "-" or their number."""
    if label.n_frames == n_frames:
        return "all"
    return str(label.n_frames) if label.n_frames else "-"


def _keys_table(summary: Mapping[str, GroupSummary]) -> RenderableType:
    """Which key each quantity was read from, one row per different use."""
    rows: dict[tuple[str, str], int] = {}
    for group in summary.values():
        for quantity, label in group.labels.items():
            for key, count in label.keys.items():
                rows[quantity, key] = rows.get((quantity, key), 0) + count
    return table(
        "labels read from", ("quantity", "key", "frames"), [(*row, str(count)) for row, count in rows.items()]
    )


def _stress_table(verdicts: Mapping[str, StressVerdict]) -> RenderableType:
    rows = [
        (name, str(v.n_samples), "-" if v.slope is None else f"{v.slope:.3f}", v.decision, v.reason)
        for name, v in verdicts.items()
    ]
    return table("stress against dE/dε", ("config type", "pairs", "slope", "stress is", "because"), rows)
