"""Diamond cells of 2 to 64 atoms with random displacements and random strain.

Train and test frames have their own seeds and their own lists of amplitudes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations, product

import numpy as np
from ase import Atoms
from ase.build import bulk

from .frame import (
    A_GUESS,
    Frame,
    Split,
    cubic,
    primitive,
    random_strain,
    shortest_distance,
)
from .frame import strained as deform

SHORTEST = 1.80
"""Structures with a shorter distance than this (Å) are drawn again."""


def rattle(atoms: Atoms, amplitude: float, strain: float, seed: int) -> Atoms:
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
    """
    rng = np.random.default_rng(seed)
    for _ in range(1000):
        out = deform(atoms, random_strain(rng, strain))
        out.positions += rng.normal(0.0, amplitude, out.positions.shape)
        out.positions -= (out.positions - atoms.positions).mean(axis=0)
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
) -> Iterator[Frame]:
    """Yield one frame per amplitude; volume ratios are taken in turn.

    Priorities rise by one over a series, so that an interrupted run holds a bit of each.
    """
    for n, amplitude in enumerate(amplitudes):
        atoms = cell.copy()
        ratio = ratios[n % len(ratios)]
        atoms.set_cell(cell.cell.array * ratio ** (1 / 3), scale_atoms=True)
        atoms = rattle(atoms, amplitude, strain, seed + n)
        rank = priority + n / len(amplitudes)
        yield Frame(f"{label}_{n:02d}", config_type, split, rank, atoms)


def small_cells() -> Iterator[Frame]:
    """Yield rattled cells of 2, 4, 8 and 16 atoms."""
    four = primitive() * (1, 1, 2)
    sixteen = primitive() * (2, 2, 2)
    yield from _series(
        primitive(), "rattle2", "rattle_2", "train", 3.0,
        (0.05, 0.1, 0.15, 0.2, 0.25, 0.12, 0.18, 0.08, 0.22, 0.28),
        (1.0, 1.04, 1.08), 0.025, 1000,
    )  # fmt: skip
    yield from _series(
        primitive(), "rattle2_test", "rattle_2", "test", 3.6,
        (0.14, 0.07, 0.24), (1.02, 1.06), 0.035, 91000,
    )  # fmt: skip
    yield from _series(
        four, "rattle4", "rattle_4", "train", 3.0,
        (0.06, 0.12, 0.2, 0.26, 0.09, 0.16), (1.0, 1.05), 0.02, 2000,
    )  # fmt: skip
    yield from _series(
        four, "rattle4_test", "rattle_4", "test", 3.6,
        (0.14, 0.22), (1.03, 0.99), 0.03, 92000,
    )  # fmt: skip
    yield from _series(
        cubic(), "rattle8", "rattle_8", "train", 3.0,
        (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.03, 0.08, 0.12, 0.18, 0.22, 0.28,
         0.06, 0.11, 0.16, 0.21, 0.26, 0.04, 0.09, 0.14, 0.19, 0.24),
        (1.0, 0.94, 1.06, 0.97, 1.03, 0.9, 1.1), 0.02, 3000,
    )  # fmt: skip
    yield from _series(
        cubic(), "rattle8_test", "rattle_8", "test", 3.5,
        (0.07, 0.17, 0.23, 0.13, 0.27, 0.02), (1.01, 0.95, 1.05), 0.03, 93000,
    )  # fmt: skip
    yield from _series(
        sixteen, "rattle16", "rattle_16", "train", 3.4, (0.1, 0.18), (1.0, 1.03), 0.015, 4000,
    )  # fmt: skip
    yield from _series(
        sixteen, "rattle16_test", "rattle_16", "test", 3.9, (0.14,), (0.98,), 0.02, 94000,
    )  # fmt: skip


def tetrahedral_rotations() -> list[np.ndarray]:
    """Return the 12 proper rotations of the tetrahedral group T as 3x3 matrices."""
    out = []
    for order in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[range(3), order] = signs
            # Cyclic orders (determinant 1 without signs) and an even number of minus signs.
            even = np.linalg.det(np.abs(matrix)) > 0
            if even and np.prod(signs) > 0:
                out.append(matrix)
    return out


def symmetric_displacements(atoms: Atoms, seed: int) -> np.ndarray:
    """Return random displacements that keep the group T about the first atom.

    All forces but those of symmetry-related atoms differ, while the 14 k points of a
    3x3x3 grid become 4: a 64-atom cell is affordable.

    Parameters
    ----------
    atoms
        Cubic diamond supercell with an atom at the origin.
    seed
        Seed of the generator.

    Returns
    -------
    numpy.ndarray
        Displacements with a root mean square of 1 Å per component, shape (n, 3).
    """
    raw = np.random.default_rng(seed).normal(size=(len(atoms), 3))
    inverse = np.linalg.inv(atoms.cell.array)
    total = np.zeros_like(raw)
    for rotation in tetrahedral_rotations():
        turned = atoms.positions @ rotation.T
        offset = (turned[:, None] - atoms.positions[None]) @ inverse
        offset -= np.round(offset)
        image = np.argmin(np.linalg.norm(offset, axis=2), axis=1)
        total[image] += raw @ rotation.T
    return total / np.sqrt((total**2).mean())


def large_cells() -> Iterator[Frame]:
    """Yield 64-atom cells rattled with tetrahedral symmetry."""
    cases: tuple[tuple[str, Split, float, float, int, float], ...] = (
        ("rattle64_00", "train", 0.08, 1.0, 5000, 3.3),
        ("rattle64_test_00", "test", 0.12, 1.02, 95000, 3.65),
        ("rattle64_01", "train", 0.16, 1.03, 5001, 4.1),
    )
    for name, split, amplitude, ratio, seed, priority in cases:
        atoms = bulk("Si", "diamond", A_GUESS * ratio ** (1 / 3), cubic=True) * (
            2,
            2,
            2,
        )
        atoms.positions += amplitude * symmetric_displacements(atoms, seed)
        yield Frame(name, "rattle_64", split, priority, atoms)
