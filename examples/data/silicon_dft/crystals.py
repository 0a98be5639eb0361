"""Symmetric structures: equation of state, other phases, strains and optical displacements.

The split is by kind of deformation: whole directions of strain, whole directions of
sublattice displacement and other axial ratios of a phase belong to the test side.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from ase import Atoms
from ase.build import bulk

from .frame import A_GUESS, Frame, primitive, strained, voigt

EOS_RATIOS = (0.85, 0.88, 0.91, 0.94, 0.97, 1.0, 1.03, 1.06, 1.09, 1.12, 1.15)
EOS_GRID = (9, 9, 9)
"""Grid of k points of the primitive cell, the same at all volumes and strains."""


def equation_of_state() -> Iterator[Frame]:
    """Yield diamond at 11 volumes (all train: one smooth curve has no independent half)."""
    for ratio in EOS_RATIOS:
        yield Frame(f"eos_{ratio:.3f}", "eos_diamond", "train", 1, primitive(ratio), EOS_GRID)


def tetragonal_tin(volume: float, axial_ratio: float) -> Atoms:
    """Return 2-atom β-tin with `volume` per atom (Å³) and c/a = `axial_ratio`."""
    a = (4.0 * volume / axial_ratio) ** (1 / 3)
    c = axial_ratio * a
    cell = 0.5 * np.array([[-a, a, c], [a, -a, c], [a, a, -c]])
    return Atoms("Si2", cell=cell, positions=[[0, 0, 0], [0, a / 2, c / 4]], pbc=True)


def simple_hexagonal(volume: float, axial_ratio: float) -> Atoms:
    """Return 1-atom simple hexagonal with `volume` per atom (Å³) and given c/a."""
    a = (volume / (axial_ratio * np.sqrt(3) / 2)) ** (1 / 3)
    cell = [[a, 0, 0], [-a / 2, a * np.sqrt(3) / 2, 0], [0, 0, axial_ratio * a]]
    return Atoms("Si", cell=cell, positions=[[0, 0, 0]], pbc=True)


def other_phases() -> Iterator[Frame]:
    """Yield metallic high-pressure phases with one or two atoms."""
    for volume in (13.8, 15.4, 17.5):
        atoms = tetragonal_tin(volume, 0.55)
        yield Frame(f"btin_{volume}", "phase_beta_tin", "train", 3.6, atoms)
    for volume in (16.0,):
        atoms = tetragonal_tin(volume, 0.49)
        yield Frame(f"btin_test_{volume}", "phase_beta_tin", "test", 3.7, atoms)
    for volume in (13.2, 15.0, 17.0):
        atoms = simple_hexagonal(volume, 0.945)
        yield Frame(f"sh_{volume}", "phase_hexagonal", "train", 2.2, atoms)
    yield Frame("sh_test", "phase_hexagonal", "test", 2.3, simple_hexagonal(14.2, 1.02))
    for kind, volumes in {
        "sc": (14.0, 16.0, 19.0),
        "bcc": (13.0, 15.0),
        "fcc": (13.0, 15.0),
    }.items():
        per_cell = {"sc": 1, "bcc": 2, "fcc": 4}[kind]
        for volume in volumes:
            atoms = bulk("Si", kind, (volume * per_cell) ** (1 / 3))
            yield Frame(f"{kind}_{volume}", "phase_cubic", "train", 2.4, atoms)


def one_atom_paths() -> Iterator[Frame]:
    """Yield 1-atom lattices on the way between cubic phases: cheap, and of many coordinations.

    Train: body-centred tetragonal (the Bain path) and stretched simple cubic.
    Test: rhombohedral, from simple cubic towards fcc and towards bcc.
    """
    for volume, axial_ratio in ((15.0, 1.2), (16.0, 0.7)):
        a = (2 * volume / axial_ratio) ** (1 / 3)
        c = axial_ratio * a
        cell = 0.5 * np.array([[-a, a, c], [a, -a, c], [a, a, -c]])
        atoms = Atoms("Si", cell=cell, positions=[[0, 0, 0]], pbc=True)
        yield Frame(f"bct_{axial_ratio}", "phase_path", "train", 2.45, atoms)
    for volume, axial_ratio in ((15.5, 0.85), (17.0, 1.15), (20.0, 1.3), (22.0, 1.0)):
        a = (volume / axial_ratio) ** (1 / 3)
        atoms = Atoms("Si", cell=[a, a, axial_ratio * a], positions=[[0, 0, 0]], pbc=True)
        yield Frame(f"tetragonal_{axial_ratio}", "phase_path", "train", 2.45, atoms)
    for volume, cosine in ((15.0, 0.25), (16.5, 0.1), (16.0, -0.15)):
        cell = np.linalg.cholesky(np.full((3, 3), cosine) + (1 - cosine) * np.eye(3))
        cell *= (volume / np.linalg.det(cell)) ** (1 / 3)
        atoms = Atoms("Si", cell=cell, positions=[[0, 0, 0]], pbc=True)
        yield Frame(f"rhombohedral_{cosine}", "phase_path", "test", 2.46, atoms)


def tetrahedral_phases() -> Iterator[Frame]:
    """Yield hexagonal diamond (4 atoms) and BC8 (8 atoms)."""
    for ratio in (0.93, 1.0, 1.07):
        a = A_GUESS / np.sqrt(2) * ratio ** (1 / 3)
        c = np.sqrt(8 / 3) * a
        cell = [[a, 0, 0], [-a / 2, a * np.sqrt(3) / 2, 0], [0, 0, c]]
        u = 0.0625
        scaled = [[1/3, 2/3, u], [2/3, 1/3, u + 0.5], [2/3, 1/3, -u], [1/3, 2/3, 0.5 - u]]  # fmt: skip
        atoms = Atoms("Si4", cell=cell, scaled_positions=scaled, pbc=True)
        yield Frame(f"hexagonal_diamond_{ratio}", "tetrahedral", "train", 3.35, atoms)
    for ratio, split in ((0.85, "train"), (0.92, "train"), (0.97, "test")):
        # Ia-3, Wyckoff 16c with x = 0.1; only the 8 atoms of the primitive cell.
        a = 2 * (2 * ratio * A_GUESS**3 / 8) ** (1 / 3)
        x = 0.1003
        cell = 0.5 * a * np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]])
        points = [[x, x, x], [0.5 - x, -x, 0.5 + x], [-x, 0.5 + x, 0.5 - x], [0.5 + x, 0.5 - x, -x]]
        atoms = Atoms("Si8", cell=cell, positions=a * np.array(points + [[-y for y in p] for p in points]))
        atoms.pbc = True
        atoms.wrap()
        yield Frame(f"bc8_{ratio}", "tetrahedral", split, 3.45, atoms)


def elastic_strains() -> Iterator[Frame]:
    """Yield the primitive cell, clamped ions, under one strain component at a time.

    Train: uniaxial along [100] and shear in the yz plane.  Test: uniaxial along [111] and
    along [110].  (A shear of opposite sign is the same structure turned by 180 degrees.)
    """
    for e in (-0.04, -0.02, -0.01, 0.01, 0.02, 0.04):
        atoms = strained(primitive(), voigt(e, 0, 0, 0, 0, 0))
        yield Frame(f"strain_100_{e:+.2f}", "elastic", "train", 1.1, atoms, EOS_GRID)
    for e in (0.01, 0.02, 0.04):
        atoms = strained(primitive(), voigt(0, 0, 0, e, 0, 0))
        yield Frame(f"strain_yz_{e:+.2f}", "elastic", "train", 1.2, atoms, EOS_GRID)
    for e in (-0.03, 0.03):
        third = e / 3
        atoms = strained(primitive(), voigt(*(third,) * 6))
        yield Frame(f"strain_111_{e:+.2f}", "elastic", "test", 2.8, atoms, EOS_GRID)
        half = e / 2
        atoms = strained(primitive(), voigt(half, half, 0, 0, 0, half))
        yield Frame(f"strain_110_{e:+.2f}", "elastic", "test", 2.8, atoms, EOS_GRID)


def optical_displacements() -> Iterator[Frame]:
    """Yield the primitive cell with its second atom moved.

    Train: along [111] (both senses; negative shortens the bond) and [001].
    Test: along [110].
    """

    def moved(direction: tuple[float, float, float], length: float, ratio: float) -> Atoms:
        atoms = primitive(ratio)
        unit = np.array(direction) / np.linalg.norm(direction)
        atoms.positions[1] += length * unit
        return atoms

    for length, ratio in (
        (-0.35, 1.0),
        (-0.2, 1.0),
        (-0.1, 0.95),
        (0.1, 1.0),
        (0.25, 1.05),
    ):
        atoms = moved((1, 1, 1), length, ratio)
        yield Frame(f"optic_111_{length:+.2f}", "optic", "train", 2.7, atoms)
    for length, ratio in ((0.15, 0.97), (0.3, 1.0)):
        atoms = moved((0, 0, 1), length, ratio)
        yield Frame(f"optic_001_{length:+.2f}", "optic", "train", 2.7, atoms)
    for length, ratio in ((0.2, 1.0),):
        atoms = moved((1, 1, 0), length, ratio)
        yield Frame(f"optic_110_{length:+.2f}", "optic", "test", 3.4, atoms)
