"""Errors, training time and cost of every class of models on the same two data sets.

    python benches/classes.py --data ../shared/data [--sets mlearn_Si] [--models ace,mace] [--minutes 10]
        [--set epochs=9] [--json classes.json] [--work FOLDER] [--costs] [--short]

Each row is one `ferrip fit` on one thread in a process of its own, with the official splits: size and settings stand
in `CLASSES`, graph networks get `--minutes` of wall time, or (on a machine that is shared) epochs and anything else by
`--set`. A class that fails, for want of torch for example, is reported by name. Rows take the place of older ones of
the same set and class in the file of `--json`, so that they can be made one at a time; the table has all rows of the
file. The cost is processor time of a step between two neighbor list builds, which other jobs of the machine do not
stretch; `--costs` only measures it again for the potentials that `--work` keeps. `--short` fits three classes to the
shipped silicon set at size small.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import ase.io
from accuracy import SETS, DataSet, ferrip, usage

import ferrip as package
from ferrip.benchmark import crystal_of
from ferrip.potential import as_structure

SKIN = 0.7
"""Å"""
LEAST_STEPS, SECONDS = 3, 1.0
"""Steps that are timed at least, and processor time of all of them."""


@dataclass(frozen=True, kw_only=True)
class ModelClass:
    """How a class is fitted.

    Attributes
    ----------
    size
        Preset.
    settings
        Other settings, as for `--set`.
    by_set
        More of them by data set.
    timed
        Whether its training takes as long as it is given.
    """

    size: str = "medium"
    settings: Mapping[str, Any] = field(default_factory=dict)
    by_set: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    timed: bool = False


def network(size: str, rate: float) -> ModelClass:
    """A graph network; frames of silicon have seven times the edges of ethanol, so that batches are smaller there."""
    return ModelClass(
        size=size,
        settings={"learning_rate": rate, "ema": 0.99},
        by_set={"mlearn_Si": {"batch": 1}, "silicon": {"epochs": 2}},
        timed=True,
    )


CLASSES = {
    "uf3": ModelClass(),
    "mtp": ModelClass(),
    "ace": ModelClass(),
    "ace-fs": ModelClass(),
    "gap": ModelClass(),
    "nn": ModelClass(),
    "schnet": network("medium", 3e-3),
    "painn": network("medium", 3e-3),
    "nequip": network("small", 1e-2),
    "mace": network("small", 4e-3),
    "allegro": network("small", 5e-3),
}
"""Learning rates are those of "Graph networks on ethanol" and "Short trainings" in benches/RESULTS.md."""

SILICON = DataSet(train="train.extxyz.gz", tests={"test": "test.extxyz.gz"})
SHORT = "uf3,ace,schnet"
HEADER = (
    "| set | class | numbers | E MAE meV/atom | F MAE meV/Å | training, CPU s (wall s) | MB "
    "| µs/atom/step, CPU (neighbors) |"
)


def row(
    name: str, data: DataSet, model: str, chosen: ModelClass, given: list[str], root: Path, potential: Path
) -> dict:
    """The row of one fit, which writes `potential`.

    Raises
    ------
    SystemExit
        A command failed; the message is the command and what it printed.
    """
    settings = [f"{key}={value}" for key, value in {**chosen.settings, **chosen.by_set.get(name, {})}.items()]
    settings += given if chosen.timed else []
    sets = [part for one in settings for part in ("--set", one)]
    seconds, cpu, megabytes = usage(
        [
            *(sys.executable, "-m", "ferrip", "fit", str(root / data.train), "-o", str(potential)),
            *("--model", model, "--size", chosen.size, "--threads", "1", *sets, *data.flags),
        ]
    )
    (test,) = data.tests.values()
    errors = ferrip("eval", str(potential), str(root / test), "--threads", "1", *data.eval_flags)
    return {
        "set": name,
        "model": model,
        "size": chosen.size,
        "test": "test",
        "settings": settings,
        "functions": n_numbers(package.load(potential)),
        "seconds": seconds,
        "cpu_seconds": cpu,
        "megabytes": megabytes,
        **cost(potential, data, root),
        "energy": errors["energy"],
        "forces": errors["forces"],
    }


def n_numbers(potential: package.Potential) -> int:
    """Coefficients, and weights of networks beside them."""
    layers = [part for one in (potential.networks or {}).values() for layer in one.layers for part in layer]
    return potential.coefficients.size + sum(part.size for part in layers)


def cost(path: Path, data: DataSet, root: Path) -> dict[str, float]:
    """Processor time of a step on one thread, on a crystal or the first training frame, and the neighbors there."""
    potential = package.load(path)
    atoms = ase.io.read(root / data.train, 0) if data.molecule else crystal_of(potential.elements)
    session, structure = potential.evaluator().session(SKIN, 1), as_structure(atoms)
    session.compute(structure)
    taken: list[float] = []
    while len(taken) < LEAST_STEPS or sum(taken) < SECONDS:
        begun = time.process_time()
        session.compute(structure)
        taken.append(time.process_time() - begun)
    return {
        "us_per_atom_step": 1e6 * median(taken) / len(atoms),
        "neighbors_per_atom": float(session.neighbors_per_atom),
    }


def table_row(found: Mapping[str, Any]) -> str:
    """The row in Markdown."""
    return (
        f"| {found['set']} | {found['model']} {found['size']} | {found['functions']} "
        f"| {found['energy']['mae_meV_per_atom']:.2f} | {found['forces']['mae_meV_per_A']:.1f} "
        f"| {found['cpu_seconds']:.0f} ({found['seconds']:.0f}) | {found['megabytes']:.0f} "
        f"| {found['us_per_atom_step']:.1f} ({found['neighbors_per_atom']:.0f}) |"
    )


def named(text: str, known: Mapping[str, Any]) -> list[str]:
    """The names in a list with commas.

    Raises
    ------
    SystemExit
        One of them is not known.
    """
    names = text.split(",")
    for name in names:
        if name not in known:
            raise SystemExit(f"{name!r} is none of {', '.join(known)}")
    return names


def main() -> None:
    """Print the table and what failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--sets", default="mlearn_Si,rMD17_ethanol")
    parser.add_argument("--models", default=",".join(CLASSES))
    parser.add_argument(
        "--minutes", type=float, default=15.0, help="wall time of a training of a graph network"
    )
    parser.add_argument("--set", action="append", default=[], help="other settings of graph networks")
    parser.add_argument("--work", type=Path, help="folder that keeps the fitted potentials")
    parser.add_argument("--json", type=Path, help="file of rows, to which these are added")
    parser.add_argument("--costs", action="store_true", help="only time the potentials in --work again")
    parser.add_argument("--short", action="store_true", help="the shipped silicon set at size small")
    arguments = parser.parse_args()
    sets, root, classes = SETS, arguments.data, CLASSES
    if arguments.short:
        root, sets = Path(package.__file__).parent / "datasets" / "silicon", {"silicon": SILICON}
        arguments.sets, arguments.models = "silicon", SHORT
        classes = {
            name: ModelClass(size="small", by_set=one.by_set, timed=one.timed)
            for name, one in CLASSES.items()
        }
    given = [f"minutes={arguments.minutes:g}", *arguments.set]
    rows: dict[tuple[str, str], dict] = {}
    if arguments.json and arguments.json.exists():
        rows = {(old["set"], old["model"]): old for old in json.loads(arguments.json.read_text())}
    failed = []
    with tempfile.TemporaryDirectory() as scratch:
        work = arguments.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        for name in named(arguments.sets, sets):
            for model in named(arguments.models, classes):
                kept = work / f"{name}_{model}.ferrip"
                try:
                    if not arguments.costs:
                        rows[name, model] = row(name, sets[name], model, classes[model], given, root, kept)
                    elif (name, model) in rows and kept.exists():
                        rows[name, model] |= cost(kept, sets[name], root)
                    else:
                        continue
                except SystemExit as failure:
                    failed.append(f"{model} on {name}: {str(failure).strip().splitlines()[-1]}")
                    print(failed[-1], file=sys.stderr, flush=True)
                    continue
                print(table_row(rows[name, model]), file=sys.stderr, flush=True)
                if arguments.json:
                    arguments.json.write_text(json.dumps(list(rows.values()), indent=1) + "\n")
    print(HEADER)
    print("|---" * HEADER.count(" | ") + "|---|")
    order = [(name, model) for name in sets for model in CLASSES]
    for key in sorted(rows, key=order.index):
        print(table_row(rows[key]))
    for line in failed:
        print(f"failed: {line}")


if __name__ == "__main__":
    main()
