"""Cross-validate settings of the fit on training data alone; how the defaults are chosen.

    python benches/tuning.py --data ../shared/data [--sets mlearn_Si,mlearn_Ni] [--size large] [--folds 4]
        [--model shape=wide max_order=3] [--fit smoothness=1,2,3 energy=7,15,30] [--short]

Every config type is cut into `--folds` contiguous blocks, so that neighbors in time of an MD run share a block, and
each block is held out once. The rows are streamed once per block; all combinations of the `--fit` settings are
solved from the factors. Errors are RMSE over all held-out rows: energies per √N (meV), forces (meV/Å). The criterion
is the geometric mean of both, over the sets. `--short` cross-validates the shipped silicon set at size small.
"""

from __future__ import annotations

import argparse
import itertools
import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from accuracy import SETS

import ferrip
from ferrip.data import Frame, read_frames
from ferrip.fitting.problem import Problem, prepare
from ferrip.fitting.rows import stream
from ferrip.fitting.settings import FitSettings, parse_settings
from ferrip.fitting.tsqr import RFactor, combine
from ferrip.models import family

Factors = dict[str, RFactor]


def blocks(frames: Sequence[Frame], folds: int) -> list[list[Frame]]:
    """One list of frames per fold: the k-th contiguous part of every config type."""
    types: dict[str, list[Frame]] = {}
    for frame in frames:
        types.setdefault(frame.config_type or "", []).append(frame)
    parts = [np.array_split(np.arange(len(group)), folds) for group in types.values()]
    return [
        [group[i] for group, part in zip(types.values(), parts, strict=True) for i in part[fold]]
        for fold in range(folds)
    ]


def stream_folds(problem: Problem, folds: int) -> list[Factors]:
    """Factors of every fold."""
    out = []
    for part in blocks(problem.frames, folds):
        factors = problem.source.factors()
        stream(problem.source, part, factors, 0, lambda _: None)
        out.append(factors)
    return out


def merged(parts: Sequence[Factors], quantity: str) -> RFactor:
    """One factor of a quantity from several folds."""
    total = RFactor(parts[0][quantity].n_columns)
    for part in parts:
        factor = np.triu(part[quantity].factor())
        total.append(factor[:, :-1], factor[:, -1], 1.0)
    total.n_rows = sum(part[quantity].n_rows for part in parts)
    return total


def held_out_errors(problem: Problem, folds: list[Factors]) -> tuple[float, float]:
    """RMSE of held-out energies (meV per √N) and forces (meV/Å)."""
    squares, rows = {"energy": 0.0, "forces": 0.0}, {"energy": 0, "forces": 0}
    for k, test in enumerate(folds):
        rest = folds[:k] + folds[k + 1 :]
        train = {quantity: merged(rest, quantity) for quantity in test}
        solution = problem.solve(train, use_stress=problem.stress_note is None)
        for quantity in squares:
            if test[quantity].n_rows:
                held_out = combine([(test[quantity], 1.0)])
                residual = held_out.r @ solution.coefficients - held_out.q
                squares[quantity] += float(residual @ residual) + held_out.rho2
                rows[quantity] += held_out.n_rows
    energy, forces = (1e3 * (squares[q] / max(rows[q], 1)) ** 0.5 for q in ("energy", "forces"))
    return energy, forces


def fit_settings(values: dict[str, Any]) -> FitSettings:
    """Settings of the fit; `energy`, `forces` and `virial` are weights."""
    weights = {name: values.pop(name) for name in ("energy", "forces", "virial") if name in values}
    return FitSettings(**values, **({"weights": weights} if weights else {}))


def value_of(text: str) -> Any:
    """A JSON value, or the text itself."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def grid(options: Sequence[str]) -> list[dict[str, Any]]:
    """All combinations of options NAME=VALUE,VALUE."""
    names = [option.split("=", 1)[0] for option in options]
    values = [[value_of(v) for v in option.split("=", 1)[1].split(",")] for option in options]
    return [dict(zip(names, choice, strict=True)) for choice in itertools.product(*values)]


def main() -> None:
    """Print one row per combination and set, and the criterion over the sets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--sets", default="mlearn_Si,mlearn_Ni,mlearn_Mo")
    parser.add_argument("--size", default="medium")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--model", nargs="*", default=[], metavar="NAME=VALUE", help="settings of the model")
    parser.add_argument("--fit", nargs="*", default=[], metavar="NAME=V1,V2", help="settings of the fit to compare")
    parser.add_argument("--short", action="store_true", help="the shipped silicon set at size small")
    arguments = parser.parse_args()
    files = {name: arguments.data / SETS[name].train for name in arguments.sets.split(",") if name in SETS}
    size, folds = arguments.size, arguments.folds
    if arguments.short:
        files = {"silicon": Path(ferrip.__file__).parent / "datasets" / "silicon" / "train.extxyz.gz"}
        size, folds = "small", 2
    ace = family("ace")
    (model,) = parse_settings(grid(arguments.model)[0] if arguments.model else {}, ace.settings_class)
    scores: dict[str, list[float]] = {}
    print("| settings | set | functions | E meV/√N | F meV/Å |\n|---|---|---|---|---|")
    for name, path in files.items():
        frames = read_frames(str(path))
        held: list[Factors] | None = None
        for values in grid(arguments.fit):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                problem = prepare(ace, size, fit_settings(dict(values)), model, frames, None)
            held = held or stream_folds(problem, folds)
            energy, forces = held_out_errors(problem, held)
            label = ", ".join(f"{k} {v}" for k, v in values.items()) or "defaults"
            count = problem.source.descriptor.n_features
            print(f"| {label} | {name} | {count} | {energy:.2f} | {forces:.1f} |", flush=True)
            scores.setdefault(label, []).append(0.5 * np.log(energy * forces))
    for label, logs in scores.items():
        print(f"| {label} | all: geometric mean of E and F | | {np.exp(np.mean(logs)):.2f} | |")


if __name__ == "__main__":
    main()
