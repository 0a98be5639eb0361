"""Draw error against cost from the rows of `benches/accuracy.py --json`.

    python benches/pareto.py ace.json mtp.json uf3.json -o benches/pareto.svg [--sets mlearn_Ni,mlearn_Mo] [--short]

One panel per data set and quantity: MAE of energies (meV/atom) and of force components (meV/Å) against µs per atom
and MD step on one thread, one line per model over its sizes; the grey step joins the Pareto front of all models. Of
rows of the same fit the last one counts. `--short` draws rows of its own to a temporary file.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import LogLocator, NullFormatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RC = {"svg.fonttype": "none", "svg.hashsalt": "ferrip"}
QUANTITIES = {
    "energy, meV/atom": ("energy", "mae_meV_per_atom"),
    "forces, meV/Å": ("forces", "mae_meV_per_A"),
}


MODELS = ("uf3", "mtp", "ace")
"""Models with a colour of their own; others follow."""

EXAMPLE = [
    {
        "set": "example",
        "model": model,
        "size": size,
        "test": "test",
        "us_per_atom_step": cost * factor,
        "energy": {"mae_meV_per_atom": error},
        "forces": {"mae_meV_per_A": 20.0 * error},
    }
    for model, factor in (("uf3", 0.3), ("ace", 1.0))
    for size, cost, error in (("small", 3.0, 4.0), ("large", 30.0, 2.0))
]


def gathered(files: Sequence[Path]) -> list[dict[str, Any]]:
    """The rows of all files, the last one of every fit and test."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for file in files:
        for row in json.loads(file.read_text()):
            rows[tuple(row[key] for key in ("set", "model", "size", "test"))] = row
    return list(rows.values())


def front(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The (cost, error) to which no other is better in both, cheapest first."""
    kept: list[tuple[float, float]] = []
    for point in sorted(points):
        if not kept or point[1] < kept[-1][1]:
            kept.append(point)
    return kept


def panel(axis: Axes, rows: Sequence[dict[str, Any]], quantity: str, key: str) -> None:
    """Error against cost of one data set, one line per model."""
    models = [*MODELS, *(row["model"] for row in rows if row["model"] not in MODELS)]
    for number, model in enumerate(dict.fromkeys(models)):
        points = sorted(
            (row["us_per_atom_step"], row[quantity][key], row["size"])
            for row in rows
            if row["model"] == model
        )
        cost, error, sizes = zip(*points, strict=True) if points else ((), (), ())
        axis.plot(cost, error, marker="o", markersize=4, linewidth=1, color=f"C{number}", label=model)
        for x, y, size in zip(cost, error, sizes, strict=True):
            axis.annotate(size[0].upper(), (x, y), xytext=(3, 3), textcoords="offset points", fontsize=7)
    cost, error = zip(*front([(row["us_per_atom_step"], row[quantity][key]) for row in rows]), strict=True)
    axis.step(cost, error, where="post", color="0.75", linewidth=3, zorder=0)
    axis.set(xscale="log", yscale="log")
    for scale in (axis.xaxis, axis.yaxis):
        scale.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 5.0)))
        scale.set_major_formatter("{x:g}")
        scale.set_minor_formatter(NullFormatter())
    axis.tick_params(labelsize=7, which="both")


def draw(rows: Sequence[dict[str, Any]], output: Path) -> None:
    """Write the figure; of several tests of one set the first counts."""
    sets = list(dict.fromkeys(row["set"] for row in rows))
    figure, axes = plt.subplots(
        len(QUANTITIES), len(sets), figsize=(2.2 * len(sets) + 0.6, 4.6), sharex=True, squeeze=False
    )
    for column, name in enumerate(sets):
        own = [row for row in rows if row["set"] == name]
        own = [row for row in own if row["test"] == own[0]["test"]]
        for axis, (label, (quantity, key)) in zip(axes[:, column], QUANTITIES.items(), strict=True):
            panel(axis, own, quantity, key)
            if column == 0:
                axis.set_ylabel(label, fontsize=8)
        axes[0, column].set_title(name, fontsize=8)
        axes[-1, column].set_xlabel("µs/atom/step", fontsize=8)
    lines = {
        line.get_label(): line for line in axes[0, 0].lines if line.get_label() in {r["model"] for r in rows}
    }
    axes[0, 0].legend(lines.values(), lines.keys(), fontsize=7)
    figure.tight_layout()
    with plt.rc_context(RC):
        figure.savefig(output, metadata={"Date": None})


def main() -> None:
    """Read the rows and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=Path, nargs="*", default=[Path("accuracy.json")])
    parser.add_argument("-o", "--output", type=Path, default=Path("benches/pareto.svg"))
    parser.add_argument("--sets", help="data sets to draw, in this order (default: all)")
    parser.add_argument("--short", action="store_true", help="rows of its own, to a temporary file")
    arguments = parser.parse_args()
    if arguments.short:
        with tempfile.TemporaryDirectory() as scratch:
            draw(EXAMPLE, Path(scratch) / "pareto.svg")
        return
    rows = gathered(arguments.rows)
    if arguments.sets:
        rows = [row for name in arguments.sets.split(",") for row in rows if row["set"] == name]
    draw(rows, arguments.output)


if __name__ == "__main__":
    main()
