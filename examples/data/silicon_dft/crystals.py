"""Symmetric structures: equation of state, other phases, strains and optical displacements.

The split is by kind of deformation: whole directions of strain, whole directions of
sublattice displacement and other axial ratios of a phase belong to the test side.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from ase import Atoms
from ase.build import bulk

from .frame import Frame, primitive, strained, voigt

EOS_RATIOS = (0.85, 0.88, 0.91, 0.94, 0.97, 1.0, 1.03, 1.06, 1.09, 1.12, 1.15)
EOS_GRID = (9, 9, 9)
"""Grid of k points of the primitive cell, the same at all volumes and strains."""


def equation_of_state() -> Iterator[Frame]:
    """Yield diamond at 11 volumes (all train: one smooth curve has no independent half)."""
    for ratio in EOS_RATIOS:
        yield Frame(
            f"eos_{ratio:.3f}", "eos_diamond", "train", 1, primitive(ratio), EOS_GRID
        )


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
    for volume in (13.5, 14.5, 15.4, 16.5, 18.0):
        atoms = tetragonal_tin(volume, 0.55)
        yield Frame(f"btin_{volume}", "phase_beta_tin", "train", 2.2, atoms)
    for volume in (14.9, 17.0):
        atoms = tetragonal_tin(volume, 0.49)
        yield Frame(f"btin_test_{volume}", "phase_beta_tin", "test", 2.3, atoms)
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
        yield Frame(f"strain_111_{e:+.2f}", "elastic", "test", 1.3, atoms, EOS_GRID)
        half = e / 2
        atoms = strained(primitive(), voigt(half, half, 0, 0, 0, half))
        yield Frame(f"strain_110_{e:+.2f}", "elastic", "test", 1.3, atoms, EOS_GRID)


def optical_displacements() -> Iterator[Frame]:
    """Yield the primitive cell with its second atom moved.

    Train: along [111] (both senses; negative shortens the bond) and [001].
    Test: along [110].
    """

    def moved(
        direction: tuple[float, float, float], length: float, ratio: float
    ) -> Atoms:
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
        yield Frame(f"optic_111_{length:+.2f}", "optic", "train", 1.4, atoms)
    for length, ratio in ((0.05, 1.0), (0.15, 0.96), (0.3, 1.04)):
        atoms = moved((0, 0, 1), length, ratio)
        yield Frame(f"optic_001_{length:+.2f}", "optic", "train", 1.4, atoms)
    for length, ratio in ((0.1, 1.0), (0.25, 0.97)):
        atoms = moved((1, 1, 0), length, ratio)
        yield Frame(f"optic_110_{length:+.2f}", "optic", "test", 1.5, atoms)
