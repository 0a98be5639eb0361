"""What one MD step of a potential costs per atom.

A step is energy, forces and virial with Verlet-skin reuse on positions that move as in MD: every atom vibrates
about its given position with the amplitude of a harmonic oscillator at 300 K and 8 THz, in steps of 1 fs, with
random phases. So the structure stays the one given, while the neighbor list is rebuilt about as often as in a
solid. Steps are timed in blocks; a block's mean holds its share of rebuilds and the median of the blocks counts.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms, units
from ase.build import bulk
from ase.data import atomic_masses, chemical_symbols, covalent_radii, reference_states

from ferrip._core import resolve_threads
from ferrip.errors import SettingsError
from ferrip.potential import as_structure
from ferrip.precision import simd_of

if TYPE_CHECKING:
    from ferrip.potential import Potential

TEMPERATURE = 300.0
FREQUENCY = 8.0e-3
"""Vibrations per fs (8 THz)."""
STEPS_PER_BLOCK = 20
LEAST_BLOCKS = 5
LEAST_ATOMS = 1000


@dataclass(frozen=True, kw_only=True)
class BenchmarkResult:
    """Cost of a step.

    Attributes
    ----------
    us_per_atom_step
        Median wall time in µs per atom and step.
    proc_s_per_atom_step
        The same in seconds times threads.
    n_atoms
        Number of atoms.
    neighbors_per_atom
        Mean number of neighbors within the cutoff.
    threads
        Threads of the evaluator.
    simd
        SIMD path of the evaluator.
    rebuild_fraction
        Neighbor list builds per step.
    steps
        Number of timed steps.
    """

    us_per_atom_step: float
    proc_s_per_atom_step: float
    n_atoms: int
    neighbors_per_atom: float
    threads: int
    simd: str
    rebuild_fraction: float
    steps: int


def benchmark(
    potential: Potential,
    atoms: Atoms | None = None,
    *,
    num_threads: int | None = None,
    skin: float = 0.7,
    seconds: float = 3.0,
    seed: int = 0,
    precision: str = "double",
) -> BenchmarkResult:
    """Time MD steps.

    Parameters
    ----------
    potential
        The potential.
    atoms
        The structure, used as given; by default a crystal of the potential's elements of 1000 atoms or more.
    num_threads
        Threads of the evaluator.
    skin
        Verlet skin, Å.
    seconds
        Time to spend, at least; five blocks of 20 steps are timed in any case, or of one step where already the
        first step took more than a fifth of this time.
    seed
        Seed of the vibrations.
    precision
        ``"double"`` or ``"mixed"``, see `ferrip.Calculator`.

    Returns
    -------
    BenchmarkResult
        Median cost of a step and what it was measured on.

    Raises
    ------
    SettingsError
        The structure is empty, or the potential has no such precision.

    Examples
    --------
    >>> benchmark(potential).us_per_atom_step  # doctest: +SKIP
    """
    atoms = crystal_of(potential.elements) if atoms is None else atoms
    if len(atoms) == 0:
        raise SettingsError("structure: there are no atoms to time")
    evaluator = potential.evaluator(simd_of(precision))
    session = evaluator.session(skin, num_threads)
    numbers, positions, cell, pbc = as_structure(atoms)
    vibration = _Vibration.at(atoms, np.random.default_rng(seed))
    clock = 0
    begin = time.perf_counter()
    session.compute((numbers, positions + vibration.displacement(clock), cell, pbc))
    slow = LEAST_BLOCKS * (time.perf_counter() - begin) > seconds > 0.0
    block = 1 if slow else STEPS_PER_BLOCK
    before, blocks, spent = session.rebuilds, [], 0.0
    while len(blocks) < LEAST_BLOCKS or spent < seconds:
        moved = [positions + vibration.displacement(clock + k) for k in range(1, block + 1)]
        clock += block
        begin = time.perf_counter()
        for configuration in moved:
            session.compute((numbers, configuration, cell, pbc))
        blocks.append(time.perf_counter() - begin)
        spent += blocks[-1]
    per_atom_step = median(blocks) / (block * len(atoms))
    threads = resolve_threads(num_threads)
    return BenchmarkResult(
        us_per_atom_step=1e6 * per_atom_step,
        proc_s_per_atom_step=per_atom_step * threads,
        n_atoms=len(atoms),
        neighbors_per_atom=float(session.neighbors_per_atom),
        threads=threads,
        simd=evaluator.simd,
        rebuild_fraction=(session.rebuilds - before) / clock,
        steps=clock,
    )


@dataclass(frozen=True, kw_only=True)
class _Vibration:
    """Independent harmonic motion of every coordinate; `amplitude` Å and `phase`, both (N, 3)."""

    amplitude: np.ndarray
    phase: np.ndarray

    @classmethod
    def at(cls, atoms: Atoms, rng: np.random.Generator) -> _Vibration:
        """Return thermal vibrations: amplitudes of a Boltzmann distribution, uniform phases."""
        omega = 2.0 * math.pi * FREQUENCY / units.fs
        width = np.sqrt(units.kB * TEMPERATURE / atoms.get_masses())[:, None] / omega
        shape = (len(atoms), 3)
        return cls(amplitude=width * rng.rayleigh(size=shape), phase=rng.uniform(0.0, 2.0 * math.pi, shape))

    def displacement(self, time_fs: float) -> np.ndarray:
        """Return the displacements at a time, Å."""
        return self.amplitude * np.sin(self.phase + 2.0 * math.pi * FREQUENCY * time_fs)


def crystal_of(elements: Sequence[int]) -> Atoms:
    """Return a crystal of at least 1000 atoms: the reference state of one element, a random alloy of several.

    Parameters
    ----------
    elements
        Atomic numbers. The alloy is bcc if most elements are, else fcc, at the mean atomic volume.
    """
    cells = [_reference_cell(number) for number in elements]
    if len(elements) == 1:
        cell = cells[0]
    else:
        volume = float(np.mean([cell.get_volume() / len(cell) for cell in cells]))
        bcc = 2 * sum(_symmetry(number) == "bcc" for number in elements) > len(elements)
        cell = bulk("Cu", "bcc" if bcc else "fcc", a=((2 if bcc else 4) * volume) ** (1 / 3), cubic=True)
    times = np.maximum(1, np.ceil((LEAST_ATOMS / len(cell)) ** (1 / 3) * _roundness(cell))).astype(int)
    while np.prod(times) * len(cell) < LEAST_ATOMS:
        times[np.argmin(times * cell.cell.lengths())] += 1
    crystal = cell.repeat(tuple(times))
    if len(elements) > 1:
        crystal.numbers = np.random.default_rng(0).choice(np.asarray(elements), size=len(crystal))
        crystal.set_masses(atomic_masses[crystal.numbers])
    return crystal


def _roundness(cell: Atoms) -> np.ndarray:
    """Return factors that make the repeated cell about as long in every direction."""
    lengths = cell.cell.lengths()
    return np.prod(lengths) ** (1 / 3) / lengths


def _symmetry(number: int) -> str:
    """Return the lattice of an element's reference state."""
    return (reference_states[number] or {}).get("symmetry", "")


def _reference_cell(number: int) -> Atoms:
    """Return the unit cell of an element's reference state, or an fcc cell where that is no simple lattice."""
    symbol = chemical_symbols[number]
    if _symmetry(number) in {"fcc", "bcc", "diamond", "sc"}:
        return bulk(symbol, cubic=True)
    if _symmetry(number) == "hcp":
        return bulk(symbol, orthorhombic=True)
    return bulk(symbol, "fcc", a=2.0 * math.sqrt(2.0) * covalent_radii[number] * 1.1, cubic=True)
