"""MTP next to `motep` (pip, its C engine), one thread, one interleaved run.

    python benches/mtp.py [POTENTIAL.mtp ...] [--rounds 8] [--output mtp.json] [--short]

Without files, random potentials of levels 8, 12, 16, 20 and 24, written here and read by both. fcc copper with about
43 neighbors per atom, displaced by 0.08 Å. ferrip: energies, forces and virial of a session through Python; motep: its
ASE calculator on the same cell, neighbor list kept. A round is as many calls of one program in a row as fill
`SECONDS`, as in MD, then of the other; its time is their mean. Medians over the rounds, and medians of the ratios
within a round.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk

import ferrip
from ferrip import _core
from ferrip.conversion import write
from ferrip.models.mtp import Mtp
from ferrip.potential import Potential, as_structure

LEVELS = (8, 12, 16, 20, 24)
LATTICE = 3.63
"""Lattice constant in Å."""
NEIGHBORS = 43
SKIN = 0.5
SECONDS = 0.02
"""Shortest time of one program in a round."""


def random_potential(level: int) -> Potential:
    """A potential of copper with eight polynomials and the cutoff 4.8 Å."""
    rng = np.random.default_rng(level)
    n_scalars, n_functions, *_ = _core.level_counts(level)
    settings = {
        "elements": [29],
        "scalars": {"level": level},
        "radial": {
            "polynomials": "chebyshev",
            "scaling": 0.05,
            "ranges": {"Cu-Cu": [1.9, 4.8, 0.0]},
            "coefficients": {"Cu-Cu": rng.normal(size=(n_functions, 8)).tolist()},
        },
    }
    coefficients = rng.normal(size=n_scalars) / 100
    descriptor = Mtp().descriptor(settings)
    return Potential(
        family="mtp", descriptor=descriptor, settings=settings, coefficients=coefficients, e0={29: -1.0}
    )


def crystal(cutoff: float, repeat: int) -> Atoms:
    """Fcc copper, scaled so that about `NEIGHBORS` atoms lie within the cutoff, and displaced."""
    volume = 4 / 3 * np.pi * cutoff**3 / NEIGHBORS
    atoms = bulk("Cu", "fcc", a=float((4 * volume) ** (1 / 3)), cubic=True).repeat(repeat)
    atoms.rattle(0.08, seed=1)
    return atoms


def motep_runner(path: Path, atoms: Atoms) -> Callable[[], Any]:
    """Energies and forces of motep's C engine."""
    from motep.calculator import MTP
    from motep.io.mlip.mtp import read_mtp

    logging.getLogger("motep").setLevel(logging.ERROR)
    data = read_mtp(path)
    data.species = sorted(set(atoms.numbers))
    calculator = MTP(data, engine="cext")
    copy = atoms.copy()

    def run() -> Any:
        calculator.calculate(copy)
        return calculator.results

    return run


def timed(run: Callable[[], Any]) -> float:
    """Mean seconds of calls in a row."""
    start, calls, elapsed = time.perf_counter(), 0, 0.0
    while elapsed < SECONDS:
        run()
        calls, elapsed = calls + 1, time.perf_counter() - start
    return elapsed / calls


def measure(name: str, potential: Potential, path: Path, repeat: int, rounds: int) -> dict[str, Any]:
    """Medians of both programs for one potential."""
    atoms = crystal(potential.cutoff, repeat)
    structure, n = as_structure(atoms), len(atoms)
    session = potential.evaluator().session(SKIN, 1)
    runs: dict[str, Callable[[], Any]] = {"ferrip": lambda: session.compute(structure)}
    energies, forces, _ = session.compute(structure)
    report: dict[str, Any] = {"potential": name, "atoms": n, "neighbors": session.neighbors_per_atom}
    try:
        runs["motep"] = motep_runner(path, atoms)
        results = runs["motep"]()
    except ImportError:
        pass
    else:
        report["energy_difference"] = abs(results["energy"] - float(energies.sum())) / n
        report["force_difference"] = float(np.abs(results["forces"] - forces).max())
    times: dict[str, list[float]] = {program: [] for program in runs}
    for _ in range(rounds):
        for program, run in runs.items():
            times[program].append(timed(run))
    for program, seconds in times.items():
        report[f"{program}_us_per_atom"] = median(seconds) / n * 1e6
        report[f"{program}_fastest"] = min(seconds) / n * 1e6
    if "motep" in times:
        report["ratio"] = median(b / a for a, b in zip(times["ferrip"], times["motep"], strict=True))
    return report


def main() -> None:
    """Print the medians, and write them where `--output` says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("potentials", type=Path, nargs="*", help="files of one species")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--output", type=Path, help="JSON file for the figures")
    parser.add_argument("--short", action="store_true", help="levels 8 and 16, 108 atoms, two rounds")
    arguments = parser.parse_args()
    repeat, rounds = (3, 2) if arguments.short else (5, arguments.rounds)
    reports = []
    with tempfile.TemporaryDirectory() as folder:
        cases = [(path.name, ferrip.load(path, species=["Cu"]), path) for path in arguments.potentials]
        for level in () if cases else (8, 16) if arguments.short else LEVELS:
            potential, path = random_potential(level), Path(folder) / f"level{level}.mtp"
            write(potential, path)
            cases.append((f"level {level}", potential, path))
        for name, potential, path in cases:
            report = measure(name, potential, path, repeat, rounds)
            reports.append(report)
            print(
                ", ".join(
                    f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
                    for key, value in report.items()
                )
            )
    if arguments.output:
        arguments.output.write_text(json.dumps(reports, indent=1))


if __name__ == "__main__":
    main()
