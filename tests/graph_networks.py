"""Small graph networks of every kind, trained or not, and data for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

import ferrip
from ferrip.fitting.distances import PairDistances
from ferrip.graph.architectures import ARCHITECTURES
from ferrip.models.node_features import NodeFeatures
from ferrip.potential import Potential
from ferrip.testing.samples import sample_structures

SMALL: dict[str, dict[str, Any]] = {
    "allegro": {"channels": 4, "scalars": 8, "layers": 2, "radials": 4, "max_l": 2},
    "mace": {"channels": 4, "layers": 2, "radials": 4, "max_l": 2, "max_message_l": 1},
    "nequip": {"channels": 4, "layers": 3, "radials": 4, "max_l": 2},
    "painn": {"channels": 8, "layers": 2, "radials": 6},
    "schnet": {"channels": 8, "layers": 2, "radials": 12},
}
"""Settings of a small network of every architecture."""


DISTANCES = PairDistances(
    minimum={(1, 1): 1.2, (1, 8): 0.9, (8, 8): 1.2}, nearest={(1, 1): 1.5, (1, 8): 1.0}, neighbors=20.0
)
E0 = {"Cu": 3.5, "Au": 3.8}


def frames(count: int = 8) -> list[Atoms]:
    """Rattled and strained cells of copper and gold with the labels of EMT."""
    rng, result = np.random.default_rng(0), []
    for seed in range(count):
        atoms = bulk("Cu", cubic=True, a=3.7)
        atoms.symbols[seed % 4] = "Au"
        atoms.set_cell(
            np.asarray(atoms.cell) @ (np.eye(3) + rng.normal(scale=0.02, size=(3, 3))), scale_atoms=True
        )
        atoms.rattle(0.1, seed=seed)
        atoms.calc = EMT()
        energy, forces, stress = atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces, stress=stress)
        result.append(atoms)
    return result


def water(count: int = 6) -> list[Atoms]:
    """Rattled molecules of water with the labels of springs."""
    rng, result = np.random.default_rng(1), []
    for _ in range(count):
        atoms = molecule("H2O")
        moves = rng.normal(scale=0.05, size=(3, 3))
        atoms.positions += moves
        atoms.calc = SinglePointCalculator(atoms, energy=(moves**2).sum() - 470.0, forces=-2.0 * moves)
        result.append(atoms)
    return result


def need(model: str) -> None:
    """Skip the test without the packages of a model."""
    for package in ("torch", *ARCHITECTURES[model].packages):
        pytest.importorskip(package)


def untrained(model: str, **more: Any) -> Potential:
    """A potential of a network as it is at the start, with E0, binding energies and means of its features."""
    need(model)
    torch = pytest.importorskip("torch")
    from ferrip.graph.model import Graph, numbers

    torch.manual_seed(3)
    chosen = ferrip.models.family(model)
    settings = chosen.settings_class(cutoff=4.0, **SMALL[model], **more)
    resolved = chosen.resolve(settings, "small", [1, 8], DISTANCES)
    resolved |= {"scale": 1.3, "neighbors": 7.0, "binding": [-1.5, -3.0]}
    features = NodeFeatures.of(resolved)
    if features is not None:
        found = features.standardised([one.structure for one in sample_structures([1, 8], 4.0)])
        resolved["node_features"] |= found.described()
    return Potential(
        family=model,
        descriptor=chosen.descriptor(resolved),
        settings=resolved,
        coefficients=numbers(Graph(resolved)),
        e0={1: -13.6, 8: -430.0},
        metadata={},
    )
