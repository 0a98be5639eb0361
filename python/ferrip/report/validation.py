"""The report on a fitted potential."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ase.data import chemical_symbols

from ferrip import _core
from ferrip.properties.comparison import HEADINGS
from ferrip.report.figures import (
    dimer_figure,
    energy_volume_figure,
    learning_figure,
    parity_figure,
    rdf_figure,
    temperature_figure,
)
from ferrip.report.page import Page, Section, Table
from ferrip.report.parity import Parity

if TYPE_CHECKING:
    import numpy as np

    from ferrip.properties import DimerCurve, RadialDistribution
    from ferrip.properties.comparison import Comparison


@dataclass(frozen=True, kw_only=True, eq=False)
class Validation:
    """Everything that the report shows; optional parts are left out where they are None or empty.

    Attributes
    ----------
    title, subtitle
        Heading of the page.
    metrics
        Set name → the document of `ferrip.evaluation.error_metrics`.
    parity
        Labels and predictions per set.
    worst
        Set name → the document of `ferrip.evaluation.worst_frames`.
    minimum_distances
        Å per pair of atomic numbers in the training data.
    comparison
        Crystal properties and energy-volume curve next to DFT.
    dimers
        Curves of every pair.
    rdf, rdf_title
        Radial distribution of the trajectory and what it is of.
    temperatures, times_ps, target_temperature
        Temperature along the trajectory, K and ps.
    md_lines
        What was run.
    timings
        Stage → seconds.
    us_per_atom_step
        Cost of an MD step, µs per atom.
    learning_curves
        Of every trained network: losses and held-out errors by epoch, as `metadata["fit"]["training"]` has them.
    """

    title: str
    subtitle: str
    metrics: Mapping[str, Mapping[str, Any]]
    parity: Sequence[Parity]
    worst: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]
    minimum_distances: Mapping[tuple[int, int], float]
    dimers: Sequence[DimerCurve]
    comparison: Comparison | None = None
    rdf: RadialDistribution | None = None
    rdf_title: str = ""
    times_ps: np.ndarray | None = None
    temperatures: np.ndarray | None = None
    target_temperature: float = 0.0
    md_lines: Sequence[str] = ()
    timings: Mapping[str, float]
    us_per_atom_step: float | None = None
    learning_curves: Sequence[Mapping[str, Sequence[float | None]]] = ()


def write_report(validation: Validation, path: str | os.PathLike[str]) -> None:
    """Write the report as one self-contained HTML file.

    Parameters
    ----------
    validation
        What to show.
    path
        The file.
    """
    sections = [
        _errors(validation),
        *_training(validation),
        *_bulk(validation),
        *_dynamics(validation),
        _pairs(validation),
    ]
    sections += [_worst(validation), _timing(validation)]
    Page(
        title=validation.title,
        subtitle=validation.subtitle,
        sections=sections,
        footer=f"ferrip {_core.__version__}",
    ).write(path)


def error_table(metrics: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return errors per set and, below each, per config type."""
    columns = ("set", "frames", "E MAE meV/atom", "E RMSE", "F MAE meV/Å", "F RMSE", "σ MAE GPa")
    rows = []
    for name, document in metrics.items():
        rows.append((name, *_error_cells(document)))
        rows += [
            (f"  {name}: {kind}", *_error_cells(part)) for kind, part in document["by_config_type"].items()
        ]
    return Table(columns=columns, rows=rows)


def _error_cells(document: Mapping[str, Any]) -> tuple[str, ...]:
    energy, forces, stress = document["energy"], document["forces"], document["stress"]
    return (
        str(document["n_structures"]),
        _number(energy["mae_meV_per_atom"], 2),
        _number(energy["rmse_meV_per_atom"], 2),
        _number(forces["mae_meV_per_A"], 1),
        _number(forces["rmse_meV_per_A"], 1),
        _number(stress["mae_GPa"], 3),
    )


def _errors(validation: Validation) -> Section:
    return Section(
        title="Errors",
        text="Mean absolute and root-mean-square errors against DFT. Test frames took no part in the fit.",
        figures=[(parity_figure(validation.parity), "Predicted against DFT energies, forces and stresses")],
        tables=[error_table(validation.metrics)],
    )


def _training(validation: Validation) -> list[Section]:
    if not validation.learning_curves:
        return []
    return [
        Section(
            title="Training",
            text="Loss of the training and of the held-out frames over that at the start, and errors of the held-out "
            "frames, after every epoch or step; without held-out frames, the loss of the training alone.",
            figures=[(learning_figure(validation.learning_curves), "Learning curves")],
        )
    ]


def learning_curves(metadata: Mapping[str, Any]) -> list[Mapping[str, Sequence[float | None]]]:
    """The learning curves in the metadata of a potential: of its network, and of further ones."""
    fit = metadata.get("fit", {})
    trainings = [fit.get("training", {}), *fit.get("committee", []), *fit.get("averaged", [])]
    return [one["learning_curve"] for one in trainings if one.get("learning_curve", {}).get("training")]


def _bulk(validation: Validation) -> list[Section]:
    comparison = validation.comparison
    if comparison is None:
        return []
    return [
        Section(
            title="Crystal properties",
            text="Computed by the same procedure as the DFT values: same volumes and fit, same strains, relaxed ions.",
            figures=[(energy_volume_figure(comparison), "Energy-volume curve of potential and DFT")],
            tables=[Table(columns=HEADINGS, rows=comparison.rows())],
        )
    ]


def _dynamics(validation: Validation) -> list[Section]:
    if validation.rdf is None:
        return []
    figures = [(rdf_figure(validation.rdf, validation.rdf_title), "Radial distribution function")]
    if validation.times_ps is not None and validation.temperatures is not None:
        figure = temperature_figure(
            validation.times_ps, validation.temperatures, validation.target_temperature
        )
        figures.append((figure, "Temperature along the trajectory"))
    return [Section(title="Molecular dynamics", text="; ".join(validation.md_lines), figures=figures)]


def _pairs(validation: Validation) -> Section:
    rows = [
        ("-".join(chemical_symbols[z] for z in pair), f"{distance:.3f}")
        for pair, distance in sorted(validation.minimum_distances.items())
    ]
    return Section(
        title="Pairs of atoms",
        text="Two atoms in vacuum, and the shortest distances that the training data hold. Below them the potential "
        "extrapolates.",
        figures=[(dimer_figure(validation.dimers), "Dimer energy curves")],
        tables=[Table(columns=("pair", "minimum distance in training data, Å"), rows=rows)],
    )


def _worst(validation: Validation) -> Section:
    tables = []
    for name, document in validation.worst.items():
        for quantity, key, unit in (
            ("energy", "error_meV_per_atom", "error, meV/atom"),
            ("forces", "rmse_meV_per_A", "RMSE, meV/Å"),
        ):
            rows = [(str(row["index"]), row["config_type"], f"{row[key]:.1f}") for row in document[quantity]]
            tables.append(
                Table(columns=("frame", "config type", unit), rows=rows, caption=f"{name}, {quantity}")
            )
    return Section(title="Worst frames", text="Frames are numbered from 0 in their file.", tables=tables)


def _timing(validation: Validation) -> Section:
    rows = [(stage, f"{seconds:.1f}") for stage, seconds in validation.timings.items()]
    cost = validation.us_per_atom_step
    text = (
        "" if cost is None else f"Molecular dynamics costs {cost:.2f} µs per atom and step on this machine."
    )
    return Section(title="Timing", text=text, tables=[Table(columns=("stage", "seconds"), rows=rows)])


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
