"""Neighbor lists (full: i, j, S, D) next to `vesin` and `matscipy-neighbours`, one thread, one interleaved run.

    python benches/neighbors.py [--rounds 8] [--output neighbors.json] [--short]

fcc copper displaced by 0.05 Å, 78 neighbors per atom, 4,000 and 108,000 atoms. One round times every library once;
medians over the rounds and the medians of the ratios within a round are printed. Peers that are not installed are
left out. `vesin` is asked for unsorted lists, which is its faster way; ferrip's lists are sorted.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from ase import Atoms
from ase.build import bulk

from ferrip import neighbor_list

CUTOFF = 6.1
"""Å"""


def runners(atoms: Atoms) -> dict[str, Callable[[], Any]]:
    """Every installed library on `atoms`."""
    runs: dict[str, Callable[[], Any]] = {"ferrip": lambda: neighbor_list(atoms, CUTOFF, num_threads=1)}
    try:
        vesin = importlib.import_module("vesin")
        build = vesin.NeighborList(cutoff=CUTOFF, full_list=True, sorted=False)
        cell = atoms.cell.array
        runs["vesin"] = lambda: build.compute(
            points=atoms.positions, box=cell, periodic=True, quantities="ijSD"
        )
    except ImportError:
        pass
    try:
        matscipy = importlib.import_module("matscipy_neighbours")
        runs["matscipy-neighbours"] = lambda: matscipy.neighbour_list("ijSD", atoms, CUTOFF)
    except ImportError:
        pass
    return runs


def measure(repeat: int, rounds: int) -> dict[str, Any]:
    """Medians in µs/atom, and ratios to ferrip, for `4 repeat³` atoms."""
    atoms = bulk("Cu", "fcc", a=3.63, cubic=True) * (repeat, repeat, repeat)
    atoms.rattle(0.05, seed=1)
    runs = runners(atoms)
    times: dict[str, list[float]] = {name: [] for name in runs}
    edges = 0
    for _ in range(rounds + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            result = run()
            times[name].append(1e6 * (time.perf_counter() - start) / len(atoms))
            edges = len(result[0])
            del result
    own = times["ferrip"][1:]
    return {
        "atoms": len(atoms),
        "neighbors": edges / len(atoms),
        "microseconds_per_atom": {name: median(values[1:]) for name, values in times.items()},
        "fastest_round": {name: min(values[1:]) for name, values in times.items()},
        "ratio_to_ferrip": {
            name: median(t / o for t, o in zip(values[1:], own, strict=True))
            for name, values in times.items()
        },
    }


def main() -> None:
    """Print the medians, and write them where `--output` says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--output", type=Path, help="JSON file for the figures")
    parser.add_argument("--short", action="store_true", help="500 atoms, two rounds")
    arguments = parser.parse_args()
    sizes, rounds = ((5,), 2) if arguments.short else ((10, 30), arguments.rounds)
    results = [measure(repeat, rounds) for repeat in sizes]
    for result in results:
        print(f"{result['atoms']} atoms, {result['neighbors']:.1f} neighbors")
        for name, value in result["microseconds_per_atom"].items():
            fastest, ratio = result["fastest_round"][name], result["ratio_to_ferrip"][name]
            print(f"| {name} | {value:.2f} µs/atom | fastest round {fastest:.2f} | {ratio:.1f} × ferrip |")
    if arguments.output:
        arguments.output.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
