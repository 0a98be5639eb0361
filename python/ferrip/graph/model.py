"""Networks by name, their numbers as one array, and forces and strain derivatives of their energies."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ferrip import _core
from ferrip.graph.architectures import ARCHITECTURES
from ferrip.graph.radial import envelope
from ferrip.models.node_features import NodeFeatures
from ferrip.torchops import vjp
from ferrip.training.samples import VOIGT, Sample, from_edges

F64 = NDArray[np.float64]

SATURATION = 4.0
"""Neighbors within half the cutoff bind an atom to 1 − exp(−SATURATION) and more."""


@dataclass(frozen=True, kw_only=True)
class GraphSample(Sample):
    """A sample of a graph network.

    Attributes
    ----------
    vectors
        (E, 3) r_ij in Å.
    invariants
        (N, K) standardised invariants of the environments; K = 0 without `node_features`.
    environments
        Descriptor of the invariants and structure of every frame; empty without.
    """

    vectors: Tensor
    invariants: Tensor
    environments: tuple[tuple[_core.Descriptor, _core.Structure], ...]


class Graph(nn.Module):
    """Energies, forces and strain derivatives of a network and of what binds its atoms in the mean.

    A free atom has the energy 0 whatever the network says, and an atom with neighbors has `binding` more than the
    network says, b (1 − exp(−s Σ_j u(r_ij / c))), so that the network starts from the mean energies of the data.

    Parameters
    ----------
    settings
        Complete settings with the name of the `architecture`, `scale` (eV) and the `binding` (eV) of every element.
    """

    binding: Tensor
    free: Tensor
    factors: Tensor

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.n_species = len(settings["elements"])
        self.cutoff, self.scale = float(settings["cutoff"]), float(settings["scale"])
        self.direct = settings.get("forces") == "direct"
        chosen = ARCHITECTURES[settings["architecture"]]
        self.network = getattr(import_module(chosen.module), chosen.name)(settings)
        binding = torch.tensor(settings["binding"], dtype=torch.float64)
        self.register_buffer("binding", binding, persistent=False)
        features = NodeFeatures.of(settings)
        free, factors = np.zeros((self.n_species, 0)), np.zeros(0)
        if features is not None:
            free, factors = features.free(), features.factors
        self.register_buffer("free", torch.tensor(free), persistent=False)
        self.register_buffer("factors", torch.tensor(factors), persistent=False)

    def forward(self, sample: GraphSample) -> tuple[Tensor, Tensor, Tensor]:
        """Energies (F,), forces (N, 3) and strain derivatives (F, 6)."""
        energies, forces, strain = self.atoms(sample, create_graph=True)
        return torch.zeros_like(sample.energy).index_add(0, sample.frame, energies), forces, strain

    def atoms(self, sample: GraphSample, *, create_graph: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Energies of atoms (N,) above those of free atoms, forces (N, 3) and strain derivatives (F, 6).

        Direct forces have no strain derivatives; 0 stands for them.
        """
        vectors = sample.vectors.detach().requires_grad_()
        invariants = sample.invariants.detach().requires_grad_()
        n, free = len(sample.species), torch.arange(self.n_species, device=vectors.device)
        species = torch.cat([sample.species, free])
        found = self.network(
            species, sample.centers, sample.neighbors, vectors, torch.cat([invariants, self.free])
        )
        energies, forces = found if self.direct else (found, None)
        energies = self.scale * (energies[:n] - energies[n:][sample.species]) + self._bound(sample, vectors)
        if len(vectors) == 0:
            return energies, torch.zeros_like(sample.forces), torch.zeros_like(sample.strain)
        if forces is not None:
            return energies, self.scale * forces[:n], torch.zeros_like(sample.strain)
        wanted = (vectors, invariants) if sample.environments else (vectors,)
        gradients, *slopes = torch.autograd.grad(energies.sum(), wanted, create_graph=create_graph)
        forces, strain = from_edges(sample, sample.vectors, gradients)
        if slopes:
            pulls, pulled = from_invariants(sample, slopes[0] * self.factors)
            forces, strain = forces + pulls, strain + pulled
        return energies, forces, strain

    def _bound(self, sample: GraphSample, vectors: Tensor) -> Tensor:
        """(N,) energies of the binding in eV."""
        near = envelope(torch.linalg.vector_norm(vectors, dim=1) / self.cutoff)
        neighbors = vectors.new_zeros(len(sample.species)).index_add(0, sample.centers, near)
        return self.binding[sample.species] * (1.0 - torch.exp(-SATURATION * neighbors))


def numbers(module: Graph) -> F64:
    """All parameters of a module, in order."""
    return np.concatenate([one.detach().double().cpu().numpy().ravel() for one in module.parameters()])


def assign(module: Graph, values: F64) -> None:
    """The reverse of `numbers`.

    Raises
    ------
    ValueError
        The module has another number of parameters.
    """
    sizes = [one.numel() for one in module.parameters()]
    if sum(sizes) != len(values):
        raise ValueError(f"expected {sum(sizes)} numbers for this network, got {len(values)}")
    with torch.no_grad():
        for one, part in zip(module.parameters(), np.split(values, np.cumsum(sizes)[:-1]), strict=True):
            one.copy_(torch.from_numpy(part.copy()).reshape(one.shape))


def count(settings: Mapping[str, Any]) -> int:
    """Number of parameters of the network with these settings."""
    return sum(one.numel() for one in Graph(settings).parameters())


def from_invariants(sample: GraphSample, slopes: Tensor) -> tuple[Tensor, Tensor]:
    """Forces (N, 3) and strain derivatives (F, 6) from the derivatives (N, K) of E in the invariants.

    They are differentiable in the slopes, so that trainings on forces reach the parameters behind them.
    """
    of_frames = slopes.double().cpu().split([len(one[0]) for _, one in sample.environments])
    threads = torch.get_num_threads()
    pulls, strains = [], []
    for (descriptor, structure), own in zip(sample.environments, of_frames, strict=True):
        numbers, positions, cell, pbc = structure
        gradient, strain = vjp(descriptor, numbers, torch.tensor(positions), cell, pbc, own, threads)
        pulls.append(-gradient)
        strains.append(torch.stack([strain[a, b] for a, b in VOIGT]))
    return torch.cat(pulls).to(sample.forces), torch.stack(strains).to(sample.strain)


def graph_of(
    structure: _core.Structure,
    settings: Mapping[str, Any],
    features: NodeFeatures | None,
    dtype: torch.dtype,
    num_threads: int | None = None,
) -> dict[str, Any]:
    """Species, edges and invariants of a structure; the arrays of the neighbor list are not copied."""
    atomic_numbers, positions, cell, pbc = structure
    centers, neighbors, _, vectors = _core.neighbor_list(
        atomic_numbers, positions, cell, pbc, settings["cutoff"]
    )
    invariants = np.zeros((len(atomic_numbers), 0))
    if features is not None:
        invariants = features.values(structure, num_threads)
    return {
        "species": torch.from_numpy(np.searchsorted(settings["elements"], atomic_numbers)),
        "frame": torch.zeros(len(atomic_numbers), dtype=torch.int64),
        "centers": torch.from_numpy(centers),
        "neighbors": torch.from_numpy(neighbors),
        "vectors": torch.from_numpy(vectors).to(dtype),
        "invariants": torch.from_numpy(invariants).to(dtype),
        "environments": () if features is None else ((features.descriptor, structure),),
    }
