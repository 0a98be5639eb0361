"""Draw error against cost from the rows of `benches/accuracy.py --json`.

    python benches/pareto.py accuracy.json -o benches/pareto.svg [--short]

One panel per data set and quantity: MAE of energies (meV/atom) and of force components (meV/Å) against µs per atom
and MD step on one thread, one line per model over its sizes. `--short` draws two rows of its own to a temporary file.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

RC = {"svg.fonttype": "none", "svg.hashsalt": "ferrip"}
QUANTITIES = {
    "energy, meV/atom": ("energy", "mae_meV_per_atom"),
    "forces, meV/Å": ("forces", "mae_meV_per_A"),
}


EXAMPLE = [
    {
        "set": "example",
        "model": "ace",
        "size": size,
        "test": "test",
        "us_per_atom_step": cost,
        "energy": {"mae_meV_per_atom": error},
        "forces": {"mae_meV_per_A": 20.0 * error},
    }
    for size, cost, error in (("small", 3.0, 4.0), ("large", 30.0, 2.0))
]


def draw(rows: list[dict], output: Path) -> None:
    """Write the figure; of several tests of one set the first counts."""
    sets = list(dict.fromkeys(row["set"] for row in rows))
    figure, axes = plt.subplots(
        len(QUANTITIES), len(sets), figsize=(2.2 * len(sets) + 0.6, 4.6), sharex=True, squeeze=False
    )
    for column, name in enumerate(sets):
        own = [row for row in rows if row["set"] == name]
        own = [row for row in own if row["test"] == own[0]["test"]]
        for axis, (label, (quantity, key)) in zip(axes[:, column], QUANTITIES.items(), strict=True):
            for model in dict.fromkeys(row["model"] for row in own):
                points = sorted(
                    (row["us_per_atom_step"], row[quantity][key], row["size"])
                    for row in own
                    if row["model"] == model
                )
                cost, error, sizes = zip(*points, strict=True)
                axis.plot(cost, error, marker="o", markersize=4, linewidth=1, label=model)
                for x, y, size in zip(cost, error, sizes, strict=True):
                    axis.annotate(
                        size[0].upper(), (x, y), xytext=(3, 3), textcoords="offset points", fontsize=7
                    )
            axis.set(xscale="log", yscale="log")
            axis.tick_params(labelsize=7, which="both")
            if column == 0:
                axis.set_ylabel(label, fontsize=8)
        axes[0, column].set_title(name, fontsize=8)
        axes[-1, column].set_xlabel("µs/atom/step", fontsize=8)
    axes[0, 0].legend(fontsize=7)
    figure.tight_layout()
    with plt.rc_context(RC):
        figure.savefig(output, metadata={"Date": None})


def main() -> None:
    """Read the rows and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=Path, nargs="?", default=Path("accuracy.json"))
    parser.add_argument("-o", "--output", type=Path, default=Path("benches/pareto.svg"))
    parser.add_argument("--short", action="store_true", help="two rows of its own, to a temporary file")
    arguments = parser.parse_args()
    if arguments.short:
        with tempfile.TemporaryDirectory() as scratch:
            draw(EXAMPLE, Path(scratch) / "pareto.svg")
        return
    draw(json.loads(arguments.rows.read_text()), arguments.output)


if __name__ == "__main__":
    main()
