"""One planned frame of the set: a structure, its group and its side of the split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from ase import Atoms
from ase.build import bulk

Split = Literal["train", "test"]

A_GUESS = 5.469
"""Lattice constant that all structures are scaled from, Å (close to the PBE value)."""


@dataclass(frozen=True)
class Frame:
    """A structure to be labelled.

    Attributes
    ----------
    name
        Unique name; also the name of its folder and of its cached result.
    config_type
        Group of the frame.
    split
        Side of the train/test split; fixed by how the frame is made.
    priority
        Frames of lower value are calculated first.
    atoms
        Periodic silicon structure.
    kgrid
        Grid of k points; None for the smallest that the settings allow.
    """

    name: str
    config_type: str
    split: Split
    priority: float
    atoms: Atoms
    kgrid: tuple[int, int, int] | None = None


def primitive(volume_ratio: float = 1.0) -> Atoms:
    """Return the 2-atom diamond cell at a multiple of the volume at ``A_GUESS``."""
    return bulk("Si", "diamond", A_GUESS * volume_ratio ** (1 / 3))


def cubic(volume_ratio: float = 1.0) -> Atoms:
    """Return the 8-atom diamond cell at a multiple of the volume at ``A_GUESS``."""
    return bulk("Si", "diamond", A_GUESS * volume_ratio ** (1 / 3), cubic=True)


def strained(atoms: Atoms, strain: np.ndarray) -> Atoms:
    """Return a copy deformed by r' = (1 + strain) r."""
    out = atoms.copy()
    out.set_cell(atoms.cell.array @ (np.eye(3) + strain).T, scale_atoms=True)
    return out


def voigt(xx: float, yy: float, zz: float, yz: float, xz: float, xy: float) -> np.ndarray:
    """Return the symmetric strain matrix of six tensor (not engineering) components."""
    return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])


def random_strain(rng: np.random.Generator, sigma: float) -> np.ndarray:
    """Return a symmetric strain with independent normal components of width `sigma`."""
    return voigt(*rng.normal(0.0, sigma, 6))


def shortest_distance(atoms: Atoms) -> float:
    """Return the shortest interatomic distance, images included, Å."""
    from ase.neighborlist import neighbor_list

    return float(neighbor_list("d", atoms, 4.0).min())
