"""Diamond cells of 2 to 64 atoms with random displacements and random strain.

Train and test frames have their own seeds and their own lists of amplitudes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from ase import Atoms

from .frame import (
    Frame,
    Split,
    cubic,
    primitive,
    random_strain,
    shortest_distance,
)
from .frame import strained as deform
from .symmetry import symmetrised_displacements, symmetrised_strain

SHORTEST = 1.80
"""Structures with a shorter distance than this (Å) are drawn again."""


def rattle(atoms: Atoms, amplitude: float, strain: float, seed: int, group: str = "C1") -> Atoms:
    """Return `atoms` with random strain and displacements.

    Parameters
    ----------
    atoms
        Structure to start from.
    amplitude
        Standard deviation of each Cartesian displacement, Å.
    strain
        Standard deviation of each component of the symmetric strain.
    seed
        Seed of the generator.
    group
        Point group about the origin that is kept.
    """
    rng = np.random.default_rng(seed)
    for _ in range(1000):
        raw = rng.normal(0.0, amplitude, atoms.positions.shape)
        out = atoms.copy()
        out.positions += symmetrised_displacements(atoms, raw - raw.mean(axis=0), group)
        out = deform(out, symmetrised_strain(random_strain(rng, strain), group))
        if shortest_distance(out) >= SHORTEST:
            return out
    raise ValueError(f"no structure without short distances at amplitude {amplitude} Å")


def _series(
    cell: Atoms,
    label: str,
    config_type: str,
    split: Split,
    priority: float,
    amplitudes: Sequence[float],
    ratios: Sequence[float],
    strain: float,
    seed: int,
    group: str = "C1",
) -> Iterator[Frame]:
    """Yield one frame per amplitude; volume ratios are taken in turn.

    Priorities rise by one over a series, so that an interrupted run holds a bit of each.
    """
    for n, amplitude in enumerate(amplitudes):
        atoms = cell.copy()
        ratio = ratios[n % len(ratios)]
        atoms.set_cell(cell.cell.array * ratio ** (1 / 3), scale_atoms=True)
        atoms = rattle(atoms, amplitude, strain, seed + n, group)
        rank = priority + n / len(amplitudes)
        yield Frame(f"{label}_{n:02d}", config_type, split, rank, atoms)


def small_cells() -> Iterator[Frame]:
    """Yield rattled cells of 2, 4, 8 and 16 atoms."""
    two, four, eight = primitive(), primitive() * (1, 1, 2), cubic()
    sixteen = primitive() * (2, 2, 2)
    yield from _series(
        two, "rattle2", "rattle_2", "train", 3.3,
        (0.05, 0.1, 0.15, 0.2, 0.25, 0.12, 0.18, 0.08, 0.22, 0.28, 0.03, 0.16),
        (1.0, 1.04, 0.96, 1.08, 0.92), 0.03, 1000, "Cs",
    )  # fmt: skip
    yield from _series(
        two, "rattle2_test", "rattle_2", "test", 3.4,
        (0.14, 0.07, 0.24), (1.02, 1.06, 0.94), 0.04, 91000, "Cs",
    )  # fmt: skip
    yield from _series(
        four, "rattle4", "rattle_4", "train", 3.3,
        (0.06, 0.12, 0.2, 0.26, 0.09, 0.16, 0.23, 0.14), (1.0, 1.05, 0.95), 0.02, 2000, "Cs",
    )  # fmt: skip
    yield from _series(
        four, "rattle4_test", "rattle_4", "test", 3.4,
        (0.14, 0.22), (1.03, 0.98), 0.03, 92000, "Cs",
    )  # fmt: skip
    yield from _series(
        eight, "rattle8", "rattle_8", "train", 3.0,
        (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.08, 0.12, 0.18, 0.22, 0.28,
         0.11, 0.16, 0.21, 0.26, 0.09, 0.14, 0.24),
        (1.0, 0.94, 1.06, 0.97, 1.03, 0.9, 1.1), 0.02, 3000,
    )  # fmt: skip
    yield from _series(
        eight, "rattle8_test", "rattle_8", "test", 3.04,
        (0.07, 0.17, 0.23, 0.13, 0.27), (1.01, 0.95, 1.05), 0.03, 93000,
    )  # fmt: skip
    yield from _series(
        eight, "rattle8_C3", "rattle_8_symmetric", "train", 2.6,
        (0.06, 0.13, 0.2, 0.27, 0.1, 0.16, 0.23), (1.0, 1.05, 0.95, 1.02), 0.02, 3100, "C3",
    )  # fmt: skip
    yield from _series(
        eight, "rattle8_D2", "rattle_8_symmetric", "train", 3.1,
        (0.08, 0.15, 0.22, 0.3, 0.11, 0.18, 0.25), (1.0, 0.96, 1.04, 0.99), 0.02, 3200, "D2",
    )  # fmt: skip
    yield from _series(
        eight, "rattle8_C3_test", "rattle_8_symmetric", "test", 2.9,
        (0.09, 0.19, 0.25), (0.98, 1.03), 0.03, 93100, "C3",
    )  # fmt: skip
    yield from _series(
        sixteen, "rattle16", "rattle_16", "train", 4.0, (0.12,), (1.0,), 0.015, 4000, "Cs",
    )  # fmt: skip
    yield from _series(
        sixteen, "rattle16_test", "rattle_16", "test", 4.4, (0.16,), (1.02,), 0.02, 94000, "Cs",
    )  # fmt: skip


def large_cells() -> Iterator[Frame]:
    """Yield 64-atom cells rattled with tetrahedral symmetry: 4 k points instead of 14."""
    cases: tuple[tuple[str, Split, float, float, int, float], ...] = (
        ("rattle64_00", "train", 0.08, 1.0, 5000, 3.9),
        ("rattle64_test_00", "test", 0.12, 1.02, 95000, 4.2),
        ("rattle64_01", "train", 0.16, 1.03, 5001, 4.5),
    )
    for name, split, amplitude, ratio, seed, priority in cases:
        atoms = rattle(cubic(ratio) * (2, 2, 2), amplitude, 0.0, seed, "T")
        yield Frame(name, "rattle_64", split, priority, atoms)
