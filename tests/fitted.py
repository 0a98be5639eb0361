"""A real potential for tests of what runs on potentials: a small ACE fitted to the stand-in's energies."""

from __future__ import annotations

from functools import cache

import numpy as np
from ase import Atoms
from ase.build import bulk
from standins import MorsePotential

import ferrip
from ferrip.calculator import Calculator
from ferrip.data import Frame
from ferrip.potential import Potential


def label(atoms: Atoms, index: int, config_type: str) -> Frame:
    """A frame with the stand-in's energy, forces and stress."""
    atoms = atoms.copy()
    atoms.calc = Calculator(MorsePotential())
    return Frame(
        numbers=atoms.numbers,
        positions=atoms.positions,
        cell=atoms.cell.array,
        pbc=atoms.pbc,
        energy=atoms.get_potential_energy(),
        forces=atoms.get_forces(),
        stress=atoms.get_stress(),
        config_type=config_type,
        index=index,
    )


@cache
def frames(symbol: str = "Cu") -> list[Frame]:
    """Strained and rattled fcc cells of 4 and 8 atoms, in sets of three."""
    rng = np.random.default_rng(11)
    made = []
    for index in range(40):
        atoms = bulk(symbol, "fcc", a=rng.uniform(3.4, 4.1), cubic=True)
        atoms = atoms * (2, 1, 1) if index % 4 == 0 else atoms
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + 0.03 * rng.normal(size=(3, 3))), scale_atoms=True)
        atoms.positions += rng.uniform(0.0, 0.25) * rng.normal(size=(len(atoms), 3))
        made.append(label(atoms, index, f"set {index // 3}"))
    return made


@cache
def copper() -> Potential:
    """The potential; its energies are the stand-in's within a few meV/atom."""
    return ferrip.fit(frames(), model="ace", size="small", e0={"Cu": 0.0}, stress="off", progress=False)
