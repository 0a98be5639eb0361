"""A slow, obvious potential with the interface of a fitted one, for tests of what runs on potentials."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from ase.neighborlist import neighbor_list

from ferrip.prediction import Prediction


class MorseSession:
    """Counts its calls; the neighbor list is built anew at each."""

    def __init__(self, potential: MorsePotential) -> None:
        self.potential = potential
        self.rebuilds = 0
        self.neighbors_per_atom = 0.0
        self._closest: dict[tuple[int, int], float] = {}

    def compute(self, structure):
        numbers, positions, cell, pbc = structure
        atoms = Atoms(numbers=numbers, positions=positions, cell=cell, pbc=pbc)
        i, j, vectors, distances = neighbor_list("ijDd", atoms, self.potential.cutoff)
        energy, slope = self.potential.pair(distances)
        energies = 0.5 * np.bincount(i, energy, minlength=len(atoms))
        pull = (slope / distances)[:, None] * vectors
        forces = np.zeros((len(atoms), 3))
        np.add.at(forces, i, pull)
        self.rebuilds += 1
        self.neighbors_per_atom = len(i) / max(len(atoms), 1)
        self._closest = {}
        for a, b, distance in zip(numbers[i], numbers[j], distances, strict=True):
            key = (int(min(a, b)), int(max(a, b)))
            self._closest[key] = min(float(distance), self._closest.get(key, np.inf))
        return energies, forces, 0.5 * vectors.T @ pull

    def minimum_distances(self):
        return dict(self._closest)


@dataclass(frozen=True, kw_only=True)
class MorseEvaluator:
    potential: MorsePotential
    simd: str = "generic"

    def session(self, skin: float = 0.5, num_threads: int | None = None) -> MorseSession:
        return MorseSession(self.potential)


@dataclass(frozen=True, kw_only=True)
class Uncertainty:
    energy: float
    energies: np.ndarray
    forces: np.ndarray


@dataclass(frozen=True, kw_only=True)
class MorsePotential:
    """E = Σ_pairs D [(1 − e^{−a(r−r0)})² − 1] s(r) with a quintic switch to zero over the last Å."""

    elements: tuple[str, ...] = ("Cu",)
    depth: float = 0.34
    width: float = 1.36
    r0: float = 2.87
    cutoff: float = 5.0
    minimum_distances: dict[tuple[int, int], float] = field(default_factory=lambda: {(29, 29): 2.0})

    def pair(self, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        decay = np.exp(-self.width * (r - self.r0))
        energy = self.depth * ((1.0 - decay) ** 2 - 1.0)
        slope = 2.0 * self.depth * self.width * decay * (1.0 - decay)
        x = np.clip(r - (self.cutoff - 1.0), 0.0, 1.0)
        switch = 1.0 - x**3 * (10.0 - 15.0 * x + 6.0 * x**2)
        return energy * switch, slope * switch - energy * 30.0 * x**2 * (1.0 - x) ** 2

    def evaluator(self) -> MorseEvaluator:
        for symbol in self.elements:
            assert symbol in atomic_numbers
        return MorseEvaluator(potential=self)

    def uncertainty(self, atoms: Atoms) -> Uncertainty:
        ones = np.full(len(atoms), 0.01)
        return Uncertainty(energy=0.1, energies=ones, forces=np.full((len(atoms), 3), 0.02))

    def predict(self, atoms: Atoms) -> Prediction:
        from ferrip.calculator import Calculator

        copy = atoms.copy()
        copy.calc = Calculator(self)
        return Prediction(
            energy=copy.get_potential_energy(), energies=copy.get_potential_energies(), forces=copy.get_forces()
        )
