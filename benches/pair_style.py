"""Steps of MD in LAMMPS (`pair_style ferrip`) on one rank and two, next to ferrip's own evaluator.

    python benches/pair_style.py [--potential FILE] [--repeat 8] [--rounds 8] [--output FILE] [--short]

Silicon, displaced by 0.05 Å, in interleaved rounds: 20 steps of each, the list (skin 1 Å) built before. The time
of LAMMPS is that of its loop, the whole step. Without a file: ACE of size medium with random coefficients. Weak scaling
compares two ranks on two copies of the crystal with one rank on one.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from ase import Atoms
from ase.build import bulk

import ferrip
from ferrip.fitting.distances import PairDistances
from ferrip.lammps.data import write_data
from ferrip.lammps.running import run
from ferrip.models import family
from ferrip.potential import Potential, as_structure

SKIN = 1.0
"""Å"""
STEPS = 20
SCRIPT = f"""
units metal
atom_style atomic
read_data atoms.data
pair_style ferrip
pair_coeff * * potential.ferrip Si
neighbor {SKIN} bin
timestep 1e-7
fix 1 all nve
run 2 post no
run {STEPS}
"""


def made_up(size: str) -> Potential:
    """ACE for silicon with random coefficients."""
    own = family("ace")
    distances = PairDistances(minimum={}, nearest={(14, 14): 2.35}, neighbors=16.0)
    settings = own.resolve(own.settings_class(), size, [14], distances)
    descriptor = own.descriptor(settings)
    return Potential(
        family="ace",
        descriptor=descriptor,
        settings=settings,
        coefficients=1e-3 * np.random.default_rng(5).normal(size=descriptor.n_features),
        e0={14: 0.0},
    )


def crystal(repeat: tuple[int, int, int]) -> Atoms:
    """Displaced silicon."""
    atoms = bulk("Si", "diamond", a=5.43, cubic=True).repeat(repeat)
    atoms.rattle(0.05, seed=3)
    return atoms


def in_lammps(path: Path, atoms: Atoms, ranks: int) -> float:
    """µs of one step."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "potential.ferrip").write_bytes(path.read_bytes())
        write_data(folder / "atoms.data", atoms, [14])
        (folder / "in.lammps").write_text(SCRIPT)
        run(folder / "in.lammps", ranks)
        loops = re.findall(r"Loop time of (\S+) on", (folder / "log.lammps").read_text())
    return 1e6 * float(loops[-1]) / STEPS


def in_python(potential: Potential, atoms: Atoms, threads: int) -> Callable[[], float]:
    """What measures µs of one call of a session."""
    session, structure = potential.evaluator().session(SKIN, threads), as_structure(atoms)
    session.compute(structure)

    def measure() -> float:
        start = time.perf_counter()
        for _ in range(STEPS):
            session.compute(structure)
        return 1e6 * (time.perf_counter() - start) / STEPS

    return measure


def main() -> None:
    """Print the medians, and write them where `--output` says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--potential", type=Path, help="potential of silicon (.ferrip)")
    parser.add_argument("--repeat", type=int, default=8, help="cells of 8 atoms along each axis")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--output", type=Path, help="JSON file for the figures")
    parser.add_argument("--short", action="store_true", help="64 atoms, one round, size small")
    arguments = parser.parse_args()
    repeat, rounds = (2, 1) if arguments.short else (arguments.repeat, arguments.rounds)
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.potential or Path(folder) / "made-up.ferrip"
        if arguments.potential is None:
            made_up("small" if arguments.short else "medium").save(path)
        potential = ferrip.load(path)
        one, two = crystal((repeat, repeat, repeat)), crystal((2 * repeat, repeat, repeat))
        measures: dict[str, Callable[[], float]] = {
            "ferrip, 1 thread": in_python(potential, one, 1),
            "ferrip, 2 threads": in_python(potential, one, 2),
            "LAMMPS, 1 rank": lambda: in_lammps(path, one, 1),
            "LAMMPS, 2 ranks": lambda: in_lammps(path, one, 2),
            "LAMMPS, 2 ranks, twice the atoms": lambda: in_lammps(path, two, 2),
        }
        steps: dict[str, list[float]] = {name: [] for name in measures}
        for _ in range(rounds):
            for name, measure in measures.items():
                steps[name].append(measure())
    print(f"{len(one)} atoms, {potential.descriptor.n_features} functions, cutoff {potential.cutoff} Å")
    for name, values in steps.items():
        spread = f"{min(values) / len(one):.2f} to {max(values) / len(one):.2f}"
        print(f"| {name} | {median(values) / len(one):.2f} µs per atom of one crystal and step | {spread} |")
    ratios = {
        "plugin over evaluator": ("LAMMPS, 1 rank", "ferrip, 1 thread", 1.0),
        "strong scaling": ("LAMMPS, 1 rank", "LAMMPS, 2 ranks", 0.5),
        "weak scaling": ("LAMMPS, 1 rank", "LAMMPS, 2 ranks, twice the atoms", 1.0),
        "threads of ferrip": ("ferrip, 1 thread", "ferrip, 2 threads", 0.5),
    }
    found = {}
    for name, (above, below, factor) in ratios.items():
        values = [factor * a / b for a, b in zip(steps[above], steps[below], strict=True)]
        found[name] = median(values)
        print(f"{name}: {median(values):.3f} ({min(values):.3f} to {max(values):.3f})")
    if arguments.output:
        figures = {"atoms": len(one), "microseconds_per_step": steps, "ratios": found}
        arguments.output.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
