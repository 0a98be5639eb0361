"""The figures of a report, as SVG text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import chemical_symbols

from ferrip.report.parity import Parity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ferrip.comparing import FamilyComparison
    from ferrip.properties import DimerCurve, RadialDistribution
    from ferrip.properties.comparison import Comparison

COLORS = ("#9aa7b8", "#b5482a", "#2f6f8f", "#5a8f3c", "#8a5a9e")
RC: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#5b6675",
    "axes.labelcolor": "#1c2430",
    "svg.hashsalt": "ferrip",
    "svg.fonttype": "path",
    "figure.dpi": 100,
}


def parity_figure(sets: Sequence[Parity]) -> str:
    """Return energy, forces and stress, prediction against label, one colour per set."""
    panels = [
        ("energy", "energy, eV/atom", [part.energy for part in sets]),
        ("forces", "force components, eV/Å", [part.forces for part in sets]),
        ("stress", "stress components, GPa", [part.stress for part in sets]),
    ]
    with _style():
        figure = _figure(11.0, 3.8)
        for axes, (title, unit, values) in zip(figure.subplots(1, 3), panels, strict=True):
            for part, points, color in zip(sets, values, COLORS, strict=False):
                axes.plot(*points.T, ".", ms=3.5, color=color, label=part.name, rasterized=True)
            joined = np.concatenate([np.zeros((0, 2)), *values])
            if len(joined):
                ends = [joined.min(), joined.max()]
                axes.plot(ends, ends, color="#1c2430", lw=0.8)
            axes.set(title=title, xlabel=f"DFT {unit}", ylabel=f"potential {unit}")
        figure.axes[0].legend(frameon=False)
        return _svg(figure)


def energy_volume_figure(comparison: Comparison) -> str:
    """Return the energy-volume curve with the DFT points; each is drawn relative to its own minimum."""
    reference, (volumes, energies) = comparison.reference_curve, comparison.smooth
    with _style():
        figure = _figure(6.5, 4.0)
        axes = figure.subplots()
        points = reference.energies - reference.energy
        axes.plot(reference.volumes, points, "o", mfc="none", color="#1c2430", label="DFT")
        axes.plot(volumes, energies - comparison.curve.energy, color=COLORS[1], label="potential")
        axes.set(xlabel="volume, Å³/atom", ylabel="energy above minimum, eV/atom")
        axes.legend(frameon=False)
        return _svg(figure)


def rdf_figure(curve: RadialDistribution, title: str) -> str:
    """Return g(r)."""
    with _style():
        figure = _figure(6.5, 3.6)
        axes = figure.subplots()
        axes.plot(curve.distances, curve.values, color=COLORS[1])
        axes.axhline(1.0, color=COLORS[0], lw=0.8)
        axes.set(xlabel="distance, Å", ylabel="g(r)", title=title)
        return _svg(figure)


def dimer_figure(curves: Sequence[DimerCurve]) -> str:
    """Return the energy of two atoms against their distance, with the training minimum marked."""
    with _style():
        figure = _figure(6.5, 4.0)
        axes = figure.subplots()
        depth = min(float(curve.energies.min()) for curve in curves)
        for number, curve in enumerate(curves):
            color = COLORS[1 + number % (len(COLORS) - 1)]
            name = "-".join(chemical_symbols[z] for z in curve.pair)
            axes.plot(curve.distances, curve.energies, color=color, label=name)
            if curve.training_minimum is not None:
                axes.axvline(curve.training_minimum, color=color, lw=0.8, ls="--")
        axes.set_ylim(1.2 * min(depth, -0.5), max(-3.0 * depth, 8.0))
        axes.set(
            xlabel="distance, Å", ylabel="energy, eV", title="dashed: shortest distance in the training data"
        )
        axes.legend(frameon=False)
        return _svg(figure)


def temperature_figure(times_ps: np.ndarray, temperatures: np.ndarray, target: float) -> str:
    """Return the temperature along a trajectory with its target, K."""
    with _style():
        figure = _figure(6.5, 3.0)
        axes = figure.subplots()
        axes.plot(times_ps, temperatures, color=COLORS[1])
        axes.axhline(target, color=COLORS[0], lw=0.8)
        axes.set(xlabel="time, ps", ylabel="temperature, K")
        return _svg(figure)


def learning_figure(curves: Sequence[Mapping[str, Sequence[float | None]]]) -> str:
    """Return losses and, where frames were held out, their errors by epoch; a colour per network of a committee."""
    panels = [
        ("loss over that at the start", (("training", "--"), ("held_out", "-"))),
        ("held-out energy MAE, meV/atom", (("energy", "-"),)),
        ("held-out force MAE, meV/Å", (("forces", "-"),)),
    ]
    shown = [
        (title, names)
        for title, names in panels
        if any(value is not None for curve in curves for name, _ in names for value in curve.get(name, ()))
    ]
    with _style():
        figure = _figure(3.7 * len(shown), 3.3)
        for axes, (title, names) in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
            for number, curve in enumerate(curves):
                for name, line in names:
                    values = [math.nan if value is None else value for value in curve.get(name, ())]
                    color = COLORS[1 + number % (len(COLORS) - 1)]
                    label = name.replace("_", " ") if number == 0 and len(names) > 1 else None
                    if not all(map(math.isnan, values)):
                        axes.semilogy(range(1, len(values) + 1), values, line, color=color, label=label)
            axes.set(xlabel="epoch", ylabel=title)
            if len(names) > 1:
                axes.legend(frameon=False)
        return _svg(figure)


def pareto_figure(comparison: FamilyComparison) -> str:
    """Return energy and force errors against the cost of a step, a colour per family, with the Pareto front."""
    panels = [("energy MAE, meV/atom", "energy_mae"), ("force MAE, meV/Å", "forces_mae")]
    with _style():
        figure = _figure(9.0, 3.8)
        for axes, (title, name) in zip(figure.subplots(1, 2), panels, strict=True):
            shown = [one for one in comparison.fitted if getattr(one, name) is not None]
            for number, model in enumerate(dict.fromkeys(one.model for one in shown)):
                points = [one for one in shown if one.model == model]
                cost, error = ([getattr(one, key) for one in points] for key in ("us_per_atom_step", name))
                color = COLORS[1 + number % (len(COLORS) - 1)]
                axes.loglog(cost, error, "o", color=color, label=model)
                for one, x, y in zip(points, cost, error, strict=True):
                    axes.annotate(one.size, (x, y), textcoords="offset points", xytext=(5, 4), fontsize=8)
            front = [one for one in comparison.pareto() if one in shown]
            axes.plot(
                [one.us_per_atom_step for one in front],
                [getattr(one, name) for one in front],
                "--",
                color=COLORS[0],
            )
            axes.set(xlabel="µs/atom/step", ylabel=title)
            if shown:
                axes.legend(frameon=False)
        return _svg(figure)


def _style() -> Any:
    """Return the context in which all figures are drawn."""
    import matplotlib as mpl

    return mpl.rc_context(RC)


def _figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, without touching pyplot's state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _svg(figure: Figure) -> str:
    """Return the figure as SVG text that is the same for the same figure."""
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None}, dpi=150)
    return text.getvalue()
