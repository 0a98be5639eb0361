"""The contracted evaluator next to descriptors with full gradients, one thread, in one interleaved run.

    python benches/evaluator.py [--functions 300] [--cutoff 5.6] [--rounds 8] [--short]

Silicon crystal, 512 atoms, displaced by 0.1 Å; coefficients are random, which changes no cost. One round times every
entry once; medians are printed. The matrix product tells how fast the core is at the time (f64, one thread).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from ase.build import bulk
from threadpoolctl import threadpool_limits

from ferrip import _core
from ferrip.potential import as_structure

SILICON = 14


def descriptor_of(functions: int, cutoff: float) -> _core.Descriptor:
    """The largest order-4 basis of equal degree with at most `functions` functions."""
    chosen = None
    for degree in range(4, 30):
        candidate = _core.Descriptor.ace(
            elements=[SILICON],
            cutoff=cutoff,
            pair_cutoff=cutoff,
            n_pair=14,
            r0={(SILICON, SILICON): 2.35},
            degrees=[degree] * 3,
        )
        if chosen is not None and candidate.n_features > functions:
            break
        chosen = candidate
    assert chosen is not None
    return chosen


def seconds(run: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--functions", type=int, default=300)
    parser.add_argument("--cutoff", type=float, default=5.6)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--short", action="store_true", help="64 atoms, two rounds")
    arguments = parser.parse_args()
    atoms = bulk("Si", "diamond", a=5.468, cubic=True) * ((2, 2, 2) if arguments.short else (4, 4, 4))
    atoms.rattle(0.1, seed=1)
    structure, n = as_structure(atoms), len(atoms)
    descriptor = descriptor_of(arguments.functions, arguments.cutoff)
    coefficients = np.random.default_rng(2).normal(size=descriptor.n_features) * 1e-3
    runs: dict[str, Callable[[], object]] = {}
    for simd in _core.supported_simd():
        session = _core.Evaluator(descriptor, coefficients, [0.0], simd=simd).session(0.5, 1)
        runs[f"evaluator, {simd}"] = lambda session=session: session.compute(structure)
    neighbors = _core.Evaluator(descriptor, coefficients, [0.0]).session(0.5, 1)
    neighbors.compute(structure)
    runs["descriptor values"] = lambda: descriptor.values(structure, 1)
    matrix = np.random.default_rng(3).normal(size=(600, 600))
    rounds = 2 if arguments.short else arguments.rounds
    times: dict[str, list[float]] = {name: [] for name in [*runs, "design", "dgemm"]}
    cell = bulk("Si", "diamond", a=5.468, cubic=True) * (2, 2, 2)
    cell.rattle(0.1, seed=1)
    dense = as_structure(cell)
    with threadpool_limits(1):
        for _ in range(rounds + 1):
            for name, run in runs.items():
                times[name].append(seconds(run) / n)
            times["design"].append(seconds(lambda: descriptor.design([dense], 1)) / len(dense[0]))
            times["dgemm"].append(seconds(lambda: matrix @ matrix))
    print(
        f"{descriptor.n_features} functions, {neighbors.neighbors_per_atom:.1f} neighbors, one thread, {n} atoms"
    )
    for name in [*runs, "design"]:
        label = "descriptor values and full gradients" if name == "design" else name
        print(f"| {label} | {1e6 * median(times[name][1:]):.1f} µs/atom |")
    print(f"| dgemm | {2 * 600**3 / median(times['dgemm'][1:]) / 1e9:.0f} GFLOP/s |")


if __name__ == "__main__":
    main()
