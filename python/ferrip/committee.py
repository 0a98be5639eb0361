"""Uncertainty of a committee of networks: the standard deviation of its members.

Source: Seung, Opper, Sompolinsky, doi:10.1145/130385.130417.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from ferrip.features import F64

if TYPE_CHECKING:
    from ferrip._core import Structure
    from ferrip.potential import Potential

_MEMBERS: WeakKeyDictionary[Potential, list[Potential]] = WeakKeyDictionary()


def size(potential: Potential) -> int:
    """Number of members; 1 without a committee."""
    return min((one.members for one in (potential.networks or {}).values()), default=1)


def members(potential: Potential) -> list[Potential]:
    """The potential of every member; the same objects, with their evaluators, in every call."""
    if potential not in _MEMBERS:
        networks = potential.networks or {}
        _MEMBERS[potential] = [
            replace(potential, networks={z: one.member(number) for z, one in networks.items()})
            for number in range(size(potential))
        ]
    return _MEMBERS[potential]


def spread(potential: Potential, structure: Structure, num_threads: int | None) -> tuple[float, F64, F64]:
    """Standard deviations of the energy in eV, energies (N,) in eV and forces (N, 3) in eV/Å over the members."""
    energies, forces = [], []
    for member in members(potential):
        of_atoms, pulls, _ = member.evaluator().compute(structure, num_threads)
        energies.append(of_atoms)
        forces.append(pulls)
    total = float(np.std(np.sum(energies, axis=1), ddof=1))
    return total, np.std(energies, axis=0, ddof=1), np.std(forces, axis=0, ddof=1)
