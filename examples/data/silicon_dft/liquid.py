"""Disordered cells from molecular dynamics with ASE's Tersoff calculator.

The Tersoff potential only makes the structures; every label is DFT.  Each trajectory starts
from a cell of its own, and whole trajectories belong to one side of the split.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms, units
from ase.calculators.tersoff import Tersoff, TersoffParameters
from ase.io import read, write
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution

from .frame import Frame, Split, cubic, shortest_distance

# J. Tersoff, Phys. Rev. B 38, 9902 (1988), doi:10.1103/PhysRevB.38.9902 (the "T3" set).
TERSOFF_SILICON = TersoffParameters(
    m=3.0,
    gamma=1.0,
    lambda3=0.0,
    c=1.0039e5,
    d=16.217,
    h=-0.59825,
    n=0.78734,
    beta=1.1e-6,
    lambda2=1.73222,
    B=471.18,
    R=2.85,
    D=0.15,
    lambda1=2.4799,
    A=1830.8,
)

LIQUID_VOLUME = 28.0855 / 6.02214076e23 / 2.57 * 1e24
"""Volume per atom at 2.57 g/cm³, Å³."""
DIAMOND_VOLUME = 5.469**3 / 8
"""Volume per atom of diamond, Å³."""
TIMESTEP = 2.0 * units.fs
SHORTEST = 1.85


@dataclass(frozen=True)
class Trajectory:
    """One run: melt at `hot`, then sample at `temperature`.

    Attributes
    ----------
    label, config_type, split
        Passed on to its frames.
    n_atoms, cell, volume
        Atoms, edge lengths of the box relative to each other, volume per atom (Å³).
    hot, temperature
        Temperatures, K; without melting `hot` equals `temperature`.
    n_frames, interval
        Snapshots and steps between them.
    seed
        Seed of starting structure, velocities and thermostat.
    """

    label: str
    config_type: str
    split: Split
    n_atoms: int
    cell: tuple[float, float, float]
    volume: float
    hot: float
    temperature: float
    n_frames: int
    interval: int
    seed: int
    priority: float


TRAJECTORIES = (
    Trajectory("hot8_a", "hot_crystal", "train", 8, (1, 1, 1), DIAMOND_VOLUME * 1.01,
               1300, 1300, 5, 120, 6000, 3.0),
    Trajectory("hot8_b", "hot_crystal", "test", 8, (1, 1, 1), DIAMOND_VOLUME * 1.02,
               900, 900, 2, 120, 96000, 3.07),
    Trajectory("liquid8_a", "liquid", "train", 8, (1, 1, 1), LIQUID_VOLUME,
               6000, 2800, 5, 120, 7000, 3.0),
    Trajectory("liquid8_b", "liquid", "train", 8, (1, 1, 1), DIAMOND_VOLUME,
               6000, 3200, 4, 120, 7001, 3.1),
    Trajectory("liquid11_a", "liquid", "train", 11, (6.3, 6.3, 5.04), LIQUID_VOLUME,
               6000, 2500, 4, 120, 7002, 3.2),
    Trajectory("liquid8_c", "liquid", "test", 8, (1, 1, 1), LIQUID_VOLUME * 1.02,
               6000, 3000, 3, 120, 97000, 3.05),
    Trajectory("liquid10_a", "liquid", "test", 10, (6.3, 6.3, 5.04), DIAMOND_VOLUME,
               6000, 2700, 2, 120, 97001, 3.6),
)  # fmt: skip


def start(run: Trajectory, rng: np.random.Generator) -> Atoms:
    """Return the starting structure: diamond where it fits, else random points."""
    edges = np.array(run.cell, float)
    edges *= (run.n_atoms * run.volume / edges.prod()) ** (1 / 3)
    if run.n_atoms == 8:
        atoms = cubic()
        atoms.set_cell(np.diag(edges), scale_atoms=True)
        return atoms
    points: list[np.ndarray] = []
    while len(points) < run.n_atoms:
        trial = rng.uniform(size=3)
        offsets = np.array(points).reshape(-1, 3) - trial
        offsets = (offsets - np.round(offsets)) * edges
        if not len(points) or np.linalg.norm(offsets, axis=1).min() > 2.0:
            points.append(trial)
    return Atoms(f"Si{run.n_atoms}", scaled_positions=points, cell=edges, pbc=True)


def snapshots(run: Trajectory) -> list[Atoms]:
    """Run the dynamics of one trajectory and return its snapshots."""
    rng = np.random.default_rng(run.seed)
    atoms = start(run, rng)
    atoms.calc = Tersoff({("Si", "Si", "Si"): TERSOFF_SILICON})
    MaxwellBoltzmannDistribution(atoms, temperature_K=run.hot, rng=rng)
    dynamics = Langevin(atoms, TIMESTEP, temperature_K=run.hot, friction=0.02 / units.fs, rng=rng)
    dynamics.run(250)
    dynamics.set_temperature(temperature_K=run.temperature)
    dynamics.run(150)
    out: list[Atoms] = []
    while len(out) < run.n_frames:
        dynamics.run(run.interval)
        while shortest_distance(atoms) < SHORTEST:
            dynamics.run(20)
        out.append(Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True))
    return out


def stored_snapshots(run: Trajectory, folder: Path) -> list[Atoms]:
    """Return the snapshots of one trajectory, from `folder` where they are there already."""
    path = folder / f"{run.label}.traj"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        write(partial, snapshots(run), format="traj")
        partial.rename(path)
    return read(path, index=":", format="traj")


def molecular_dynamics_frames(folder: Path) -> Iterator[Frame]:
    """Yield the snapshots of all trajectories, which are kept in `folder`."""
    for run in TRAJECTORIES:
        for n, atoms in enumerate(stored_snapshots(run, folder)):
            rank = run.priority + n / run.n_frames
            yield Frame(f"{run.label}_{n:02d}", run.config_type, run.split, rank, atoms)
