"""ML-PACE potentials next to other evaluators of the same file and to the floating-point peak, in one interleaved run.

    python benches/pace.py ../shared/golden/pace/*.yace [--rounds 8] [--atoms 500] [--json OUT.json] [--plot OUT.png]
    python benches/pace.py ../shared/golden/pace/*.yace --atoms 2000 --threads 2
    python benches/pace.py --short        # a linear ACE of silicon, fitted and exported in the working folder

Each file runs on a crystal of its first element (fcc, bcc or zincblende), displaced by 0.1 Å. In one round every
entry makes as many steps in a row as fill `SECONDS` on one thread (CPU time of the process): whole energy and force
calls on moved positions with a neighbor list that is reused, as in MD. Medians over the rounds are printed.
`peak_gflops` are median rates of chains of fused multiply-adds; that of an entry's own instructions (AVX2 where it has
none) is measured before and after it, and `at 49` are the medians of times scaled by it to a core of 49 GFLOP/s, by
which machines, and the clocks of one machine, compare; the peak of AVX-512 is twice that of AVX2. `python-ace` is timed
if it is installed. With `--threads N`, sessions of one and of N threads take turns instead, by wall time, and their
parallel efficiency is printed: of the medians, and the median over the rounds.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.io import read
from threadpoolctl import threadpool_limits

import ferrip
from ferrip.conversion import write
from ferrip.potential import as_structure

SECONDS = 0.05
"""Shortest time of one entry in a round."""
REFERENCE_GFLOPS = 49.0
"""Peak of the core that times are scaled to."""
ATOM_STEPS = 30_000
"""Atoms times steps of an entry in a round of `--threads`."""

STRUCTURES: dict[frozenset[str], Callable[[], Atoms]] = {
    frozenset({"Cu"}): lambda: bulk("Cu", "fcc", a=3.63, cubic=True),
    frozenset({"Fe"}): lambda: bulk("Fe", "bcc", a=2.83, cubic=True),
    frozenset({"Si"}): lambda: bulk("Si", "diamond", a=5.47, cubic=True),
    frozenset({"In", "P"}): lambda: bulk("InP", "zincblende", a=5.87, cubic=True),
}


def crystal(elements: frozenset[str], n_atoms: int) -> Atoms:
    """About `n_atoms` atoms, displaced from the lattice."""
    if elements not in STRUCTURES:
        raise SystemExit(f"no structure for {sorted(elements)}; known: {[sorted(e) for e in STRUCTURES]}")
    cell = STRUCTURES[elements]()
    repeat = max(2, round((n_atoms / len(cell)) ** (1 / 3)))
    atoms = cell * (repeat, repeat, repeat)
    atoms.rattle(0.1, seed=1)
    return atoms


def moved(atoms: Atoms, rounds: int) -> list[np.ndarray]:
    """Positions of successive MD-like steps, all within the skin."""
    rng = np.random.default_rng(0)
    return [atoms.positions + rng.normal(0, 0.005, atoms.positions.shape) for _ in range(rounds)]


def ferrip_step(
    path: Path, atoms: Atoms, simd: str | None, num_threads: int = 1
) -> Callable[[np.ndarray], object]:
    """Energy and forces by a session of this library."""
    session = ferrip.load(path).evaluator(simd).session(0.5, num_threads)
    numbers, _, cell, pbc = as_structure(atoms)
    return lambda positions: session.compute((numbers, positions, cell, pbc))


def pyace_step(path: Path, atoms: Atoms, recursive: bool) -> Callable[[np.ndarray], object] | None:
    """Energy and forces by python-ace; None where it is not installed."""
    try:
        module = importlib.import_module("pyace")
    except ImportError:
        return None
    calculator = module.PyACECalculator(str(path), recursive_evaluator=recursive)
    own = atoms.copy()

    def step(positions: np.ndarray) -> object:
        own.positions = positions
        calculator.calculate(own, ["energy", "forces"], ["positions"])
        return calculator.results["energy"]

    return step


def cpu_seconds(step: Callable[[np.ndarray], object], positions: list[np.ndarray]) -> float:
    """Mean CPU time of steps in a row."""
    start, calls, spent = time.process_time(), 0, 0.0
    while spent < SECONDS:
        step(positions[calls % len(positions)])
        calls, spent = calls + 1, time.process_time() - start
    return spent / calls


def peak(simd: str) -> float:
    """GFLOP/s of fused multiply-adds with the instructions of a path at this moment."""
    return 1e-9 * ferrip._core.peak_flops(simd)


def measure(path: Path, n_atoms: int, rounds: int) -> dict[str, float]:
    """Median µs/atom of every evaluator of one file, as they are and at 49 GFLOP/s, and the median peak."""
    potential = ferrip.load(path)
    atoms = crystal(frozenset(potential.symbols), n_atoms)
    known = ferrip._core.supported_simd()
    steps = {f"ferrip {simd}": ferrip_step(path, atoms, simd) for simd in [*known, "mixed"]}
    usual = "avx2" if "avx2" in known else known[0]
    instructions = {f"ferrip {simd}": simd for simd in known if simd != "generic"}
    peer = pyace_step(path, atoms, recursive=True)
    if peer is not None:
        steps["python-ace recursive"] = peer
    positions = moved(atoms, 8)
    times: dict[str, list[float]] = {name: [] for name in steps}
    scaled: dict[str, list[float]] = {name: [] for name in steps}
    peaks: dict[str, list[float]] = {simd: [] for simd in known}
    for warm in [False, *[True] * rounds]:
        for name, step in steps.items():
            simd = instructions.get(name, usual)
            before = peak(simd)
            spent = 1e6 * cpu_seconds(step, positions) / len(atoms)
            after = peak(simd)
            peaks[simd] += [before, after]
            if warm:
                times[name].append(spent)
                scaled[name].append(spent * (before + after) / (2 * REFERENCE_GFLOPS))
    result = {name: median(values) for name, values in times.items()}
    result |= {f"{name} at 49": median(values) for name, values in scaled.items()}
    result |= {f"{name} fastest": min(values) for name, values in times.items()}
    neighbors = ferrip._core.neighbor_list(*as_structure(atoms), potential.cutoff)[0]
    result["functions"] = float(potential.descriptor.n_features)
    result["neighbors"] = len(neighbors) / len(atoms)
    return result | {f"peak_gflops {simd}": median(rates) for simd, rates in peaks.items() if rates}


def efficiency(path: Path, n_atoms: int, rounds: int, num_threads: int) -> dict[str, float]:
    """µs/atom on one and on several threads (medians of wall time), and the parallel efficiency."""
    atoms = crystal(frozenset(ferrip.load(path).symbols), n_atoms)
    positions = moved(atoms, 8)
    steps = {n: ferrip_step(path, atoms, None, n) for n in (1, num_threads)}
    n_steps = max(1, ATOM_STEPS // len(atoms))
    times: dict[int, list[float]] = {n: [] for n in steps}
    for warm in [False, *[True] * rounds]:
        for n, step in steps.items():
            start = time.perf_counter()
            for k in range(n_steps):
                step(positions[k % len(positions)])
            spent = 1e6 * (time.perf_counter() - start) / (n_steps * len(atoms))
            if warm:
                times[n].append(spent)
    by_round = [one / (num_threads * many) for one, many in zip(times[1], times[num_threads], strict=True)]
    one, many = (median(times[n]) for n in (1, num_threads))
    return {
        "atoms": float(len(atoms)),
        "one thread": one,
        f"{num_threads} threads": many,
        "efficiency": one / (num_threads * many),
        "efficiency by round": median(by_round),
    }


def plot(results: dict[str, dict[str, float]], target: Path) -> None:
    """µs/atom against the number of products and of neighbors."""
    pyplot = importlib.import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 4), sharey=True)
    for axis, quantity in zip(axes, ("functions", "neighbors"), strict=True):
        for name in sorted({name for row in results.values() for name in row if name.endswith(" at 49")}):
            rows = [row for row in results.values() if name in row]
            axis.loglog([row[quantity] for row in rows], [row[name] for row in rows], "o", label=name)
        axis.set_xlabel(quantity)
    axes[0].set_ylabel("µs/atom, one thread of 49 GFLOP/s")
    axes[0].legend()
    figure.tight_layout()
    figure.savefig(target, dpi=150)


def silicon() -> Path:
    """A small linear ACE of the shipped silicon set, exported into the working folder."""
    frames = read(Path(ferrip.__file__).parent / "datasets" / "silicon" / "train.extxyz.gz", ":")
    settings = {"pair_cutoff": 5.5, "cutoff": 5.5, "stress": "force", "repulsion": "none"}
    path = Path("silicon.yace")
    write(ferrip.fit(frames, model="ace", size="small", progress=False, **settings), path)
    return path


def main() -> None:
    """Print the medians, and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--atoms", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1, help="parallel efficiency on so many threads")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument(
        "--short", action="store_true", help="64 atoms, two rounds; fits silicon without a file"
    )
    arguments = parser.parse_args()
    if not (arguments.files or arguments.short):
        parser.error("name .yace files, or --short")
    if arguments.threads < 1 or (arguments.threads > 1 and arguments.plot):
        parser.error("--threads takes a positive number, and --plot goes with one thread")
    files = arguments.files or [silicon()]
    n_atoms, rounds = (64, 2) if arguments.short else (arguments.atoms, arguments.rounds)
    with threadpool_limits(1):
        if arguments.threads > 1:
            results = {path.name: efficiency(path, n_atoms, rounds, arguments.threads) for path in files}
        else:
            results = {path.name: measure(path, n_atoms, rounds) for path in files}
    for name, row in results.items():
        print(f"{name}: " + ", ".join(f"{key} {value:.2f}" for key, value in row.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2))
    if arguments.plot:
        plot(results, arguments.plot)


if __name__ == "__main__":
    main()
