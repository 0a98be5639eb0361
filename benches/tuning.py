"""Cross-validate settings of the fit on training data alone; how the defaults are chosen.

    python benches/tuning.py --data ../shared/data [--sets mlearn_Si,mlearn_Ni] [--size large]
        [--model shape=wide max_order=3] [--fit smoothness=1,2,3 energy=7,15,30] [--short]

Folds are those of `ferrip.fitting.folds`: contiguous blocks of every config type, so that neighbors in time of an MD
run share a block. Each is held out once. The rows are streamed once; all combinations of the `--fit` settings are
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
from ferrip.data import read_frames
from ferrip.fitting.folds import N_FOLDS
from ferrip.fitting.problem import Problem, prepare
from ferrip.fitting.rows import factor_name, stream
from ferrip.fitting.settings import FitSettings, parse_settings
from ferrip.fitting.tsqr import RFactor, combine
from ferrip.models import family


def stream_folds(problem: Problem) -> dict[str, RFactor]:
    """Factors of every quantity and fold."""
    factors = problem.source.factors()
    stream(problem.source, problem.frames, factors, 0, lambda _: None)
    return factors


def held_out_errors(problem: Problem, factors: dict[str, RFactor]) -> tuple[float, float]:
    """RMSE of held-out energies (meV per √N) and forces (meV/Å); λ is chosen on the other folds alone."""
    squares, rows = {"energy": 0.0, "forces": 0.0}, {"energy": 0, "forces": 0}
    for fold in range(N_FOLDS):
        held = {name: factor for name, factor in factors.items() if name.endswith(f"/{fold}")}
        train = {name: factor for name, factor in factors.items() if name not in held}
        solution = problem.solve(train, use_stress=problem.stress_note is None)
        for quantity in squares:
            factor = held[factor_name(quantity, fold)]
            if factor.n_rows:
                test = combine([(factor, 1.0)])
                residual = test.r @ solution.coefficients - test.q
                squares[quantity] += float(residual @ residual) + test.rho2
                rows[quantity] += test.n_rows
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
    parser.add_argument("--model", nargs="*", default=[], metavar="NAME=VALUE", help="settings of the model")
    parser.add_argument(
        "--fit", nargs="*", default=[], metavar="NAME=V1,V2", help="settings of the fit to compare"
    )
    parser.add_argument("--short", action="store_true", help="the shipped silicon set at size small")
    arguments = parser.parse_args()
    files = {name: arguments.data / SETS[name].train for name in arguments.sets.split(",") if name in SETS}
    size = arguments.size
    if arguments.short:
        files = {"silicon": Path(ferrip.__file__).parent / "datasets" / "silicon" / "train.extxyz.gz"}
        size = "small"
    ace = family("ace")
    (model,) = parse_settings(grid(arguments.model)[0] if arguments.model else {}, ace.settings_class)
    scores: dict[str, list[float]] = {}
    print("| settings | set | functions | E meV/√N | F meV/Å |\n|---|---|---|---|---|")
    for name, path in files.items():
        frames = read_frames(str(path))
        factors: dict[str, RFactor] | None = None
        for values in grid(arguments.fit):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                problem = prepare(ace, size, fit_settings(dict(values)), model, frames, None)
            factors = factors or stream_folds(problem)
            energy, forces = held_out_errors(problem, factors)
            label = ", ".join(f"{k} {v}" for k, v in values.items()) or "defaults"
            count = problem.source.descriptor.n_features
            print(f"| {label} | {name} | {count} | {energy:.2f} | {forces:.1f} |", flush=True)
            scores.setdefault(label, []).append(0.5 * np.log(energy * forces))
    for label, logs in scores.items():
        print(f"| {label} | all: geometric mean of E and F | | {np.exp(np.mean(logs)):.2f} | |")


if __name__ == "__main__":
    main()
