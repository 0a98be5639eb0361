"""Structures on which LAMMPS and ASE are compared: made up, at distances that suit a potential."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
from ase import Atoms
from ase.data import covalent_radii

from ferrip.potential import Potential

SEED = 20250722


def made_up(potential: Potential) -> dict[str, Atoms]:
    """Structures by name: orthogonal and triclinic, larger and smaller than the cutoff, a slab.

    Their cells are lower triangular matrices, as LAMMPS needs them.

    Examples
    --------
    >>> from ferrip import pair
    >>> argon = pair.potential({"Ar-Ar": pair.LennardJones(epsilon=0.0104, sigma=3.40)}, cutoff=8.5)
    >>> made_up(argon)["slab"].pbc.tolist()
    [True, True, False]
    """
    rng = np.random.default_rng(SEED)
    spacing = _spacing(potential)
    count = max(3, int(np.ceil(1.2 * potential.cutoff / spacing)))
    tilt = np.array([[1.0, 0.0, 0.0], [0.21, 0.95, 0.0], [-0.13, 0.17, 1.05]])
    large, small = (count, count, count + 1), (2, 1, 2)
    made = {
        "orthogonal": _crystal(potential, rng, spacing, large, np.diag([1.0, 1.04, 0.97])),
        "triclinic": _crystal(potential, rng, spacing, large, tilt),
        "small orthogonal": _crystal(potential, rng, spacing, small, np.eye(3)),
        "small triclinic": _crystal(potential, rng, spacing, small, tilt),
        "slab": _crystal(potential, rng, spacing, (count, count, 3), np.eye(3)),
    }
    slab = made["slab"]
    slab.pbc = (True, True, False)
    slab.positions[:, 2] += 5.0
    slab.cell.array[2, 2] += 10.0
    return made


def _spacing(potential: Potential) -> float:
    """Distance of neighbors in Å: a fifth above the shortest of the training data, or sums of covalent radii."""
    shortest = potential.minimum_distances
    pairs = combinations_with_replacement(potential.elements, 2)
    return max(1.2 * shortest.get((a, b), float(covalent_radii[a] + covalent_radii[b])) for a, b in pairs)


def _crystal(
    potential: Potential,
    rng: np.random.Generator,
    spacing: float,
    counts: tuple[int, int, int],
    shape: np.ndarray,
) -> Atoms:
    """A strained cubic lattice of random elements, all of them present where there is room, rattled."""
    places = np.stack(np.meshgrid(*(np.arange(n) for n in counts), indexing="ij"), axis=-1).reshape(-1, 3)
    positions = spacing * places @ shape
    positions += rng.uniform(-0.06, 0.06, positions.shape) * spacing
    elements = np.resize(potential.elements, len(positions))
    cell = spacing * np.array(counts)[:, None] * shape
    return Atoms(numbers=rng.permutation(elements), positions=positions, cell=cell, pbc=True)
