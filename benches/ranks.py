"""Time per step and memory per atom on many MPI ranks: a model with numbers measured on one rank.

    python benches/ranks.py [--potential FILE] [--atoms 1e9] [--latency 2] [--bandwidth 1] [--output FILE] [--short]

A rank with n atoms of density ρ in a cube has g = ρ ((L + 2r)³ − L³) ghosts, L³ = n / ρ, r the cutoff with the skin.
Silicon in LAMMPS (`pair_style ferrip`) with crystals of several sizes, all ghosts of which are its own, gives

    step   = n t_atom + g t_ghost        (loop time; communication is copying here)
    memory = m₀ + n m_atom + g m_ghost   (largest resident set)

by least squares (times without a negative part). On a network every step sends positions to six neighbors and forces
back: 12 messages of `--latency` (µs) and 48 bytes per ghost at `--bandwidth` (GB/s per rank) come on top, nothing is
overlapped. The model leaves out imbalance, rebuilt lists beyond those measured, and output.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pair_style import SCRIPT, SKIN, STEPS, crystal, made_up
from scipy.optimize import nnls

import ferrip
from ferrip.lammps.data import write_data
from ferrip.lammps.running import run

BYTES = 48
"""Per ghost and step: a position there, a force back."""
MESSAGES = 12
RANKS = (1, 10, 100, 1000, 10_000, 100_000)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One crystal on one rank.

    Attributes
    ----------
    atoms, ghosts
        Their numbers.
    step
        µs.
    megabytes
        Largest resident set.
    """

    atoms: int
    ghosts: int
    step: float
    megabytes: float


def measured(path: Path, repeat: int) -> Measured:
    """LAMMPS on a crystal."""
    atoms = crystal((repeat, repeat, repeat))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "potential.ferrip").write_bytes(path.read_bytes())
        write_data(folder / "atoms.data", atoms, [14])
        (folder / "in.lammps").write_text(SCRIPT + "info memory out append log.lammps\n")
        run(folder / "in.lammps", 1)
        log = (folder / "log.lammps").read_text()
    return Measured(
        atoms=len(atoms),
        ghosts=round(float(re.findall(r"Nghost:\s+(\S+) ave", log)[-1])),
        step=1e6 * float(re.findall(r"Loop time of (\S+) on", log)[-1]) / STEPS,
        megabytes=float(re.findall(r"Maximum resident set size:\s+(\S+) Mbyte", log)[-1]),
    )


def main() -> None:
    """Print what was measured, the constants, and the model for a fixed number of atoms."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--potential", type=Path, help="potential of silicon (.ferrip)")
    parser.add_argument("--atoms", type=float, default=1e9)
    parser.add_argument("--latency", type=float, default=2.0, help="µs per message")
    parser.add_argument("--bandwidth", type=float, default=1.0, help="GB/s per rank")
    parser.add_argument("--output", type=Path, help="JSON file for the figures")
    parser.add_argument("--short", action="store_true", help="small crystals, size small")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.potential or Path(folder) / "made-up.ferrip"
        if arguments.potential is None:
            made_up("small" if arguments.short else "medium").save(path)
        reach = ferrip.load(path).cutoff + SKIN
        found = [measured(path, repeat) for repeat in ((2, 3, 4) if arguments.short else (4, 6, 10, 16, 22))]
    for one in found:
        print(
            f"{one.atoms} atoms, {one.ghosts} ghosts: {one.step / one.atoms:.2f} µs/atom, {one.megabytes:.0f} MB"
        )
    sizes = np.array([[one.atoms, one.ghosts] for one in found], float)
    # relative errors count: every size tells as much
    steps = np.array([one.step for one in found])
    t_atom, t_ghost = nnls(sizes / steps[:, None], np.ones(len(found)))[0]
    memory = np.hstack([sizes, np.ones((len(found), 1))])
    m_atom, m_ghost, m_fixed = np.linalg.lstsq(memory, [1e6 * one.megabytes for one in found])[0]
    print(f"step: {t_atom:.2f} µs per atom, {t_ghost:.3f} µs per ghost")
    print(f"memory: {m_atom:.0f} bytes per atom, {m_ghost:.0f} per ghost, {m_fixed / 1e6:.0f} MB per rank")
    density = 8 / 5.43**3
    print(
        "| ranks | atoms per rank | ghosts per rank | MB sent per step | ms per step | of ideal | bytes per atom |"
    )
    print("|---|---|---|---|---|---|---|")
    rows = []
    for ranks in RANKS:
        n = arguments.atoms / ranks
        length = (n / density) ** (1 / 3)
        ghosts = density * ((length + 2 * reach) ** 3 - length**3)
        sent = BYTES * ghosts
        step = (
            n * t_atom + ghosts * t_ghost + MESSAGES * arguments.latency + sent / (1e3 * arguments.bandwidth)
        )
        per_atom = m_atom + (ghosts * m_ghost + m_fixed) / n
        rows.append({"ranks": ranks, "ghosts": ghosts, "ms": step / 1e3, "efficiency": n * t_atom / step})
        print(
            f"| {ranks} | {n:.3g} | {ghosts:.3g} | {sent / 1e6:.3g} | {step / 1e3:.4g} | {n * t_atom / step:.3f} "
            f"| {per_atom:.0f} |"
        )
    if arguments.output:
        constants = {"us_per_atom": t_atom, "us_per_ghost": t_ghost, "bytes_per_atom": m_atom}
        arguments.output.write_text(json.dumps({"constants": constants, "model": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
