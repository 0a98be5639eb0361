"""PaiNN: messages of scalars and vectors.

Source: Schütt, Unke, Gastegger, doi:10.48550/arXiv.2102.03150. Filters are those of Bessel functions with a polynomial
envelope in place of the cosine cutoff, whose second derivative jumps, and messages are divided by the root of the mean
number of neighbors.
"""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ferrip.graph.node_embedding import NodeEmbedding
from ferrip.graph.radial import Bessel

TINY = 1e-8
"""Added to squared norms of vectors, so that they have a slope at 0."""


class Painn(nn.Module):
    """Energies of atoms.

    Parameters
    ----------
    settings
        `elements`, `cutoff` (Å), `channels`, `layers`, `radials`, `neighbors` (mean number), and `forces` where they
        are "direct".
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        channels = settings["channels"]
        self.embedding = NodeEmbedding(settings)
        self.radial = Bessel(settings["radials"], settings["cutoff"])
        norm = max(float(settings["neighbors"]), 1.0) ** -0.5
        layers = range(settings["layers"])
        self.messages = nn.ModuleList(Message(channels, settings["radials"], norm) for _ in layers)
        self.updates = nn.ModuleList(Update(channels) for _ in layers)
        self.readout = nn.Sequential(
            nn.Linear(channels, channels // 2), nn.SiLU(), nn.Linear(channels // 2, 1)
        )
        self.forces = DirectForces(channels) if settings.get("forces") == "direct" else None

    def forward(
        self, species: Tensor, centers: Tensor, neighbors: Tensor, vectors: Tensor, invariants: Tensor
    ) -> Tensor | tuple[Tensor, Tensor]:
        """(N,) energies, in units of the scale, of atoms with the edges r_ij (E, 3) and `node_features`.

        With direct forces also those (N, 3), in units of the scale over Å.
        """
        lengths = torch.linalg.vector_norm(vectors, dim=1)
        radial, units = self.radial(lengths), vectors / lengths[:, None]
        scalars = self.embedding(species, invariants)
        arrows = vectors.new_zeros(len(species), 3, scalars.shape[1])
        for message, update in zip(self.messages, self.updates, strict=True):
            scalars, arrows = message(scalars, arrows, centers, neighbors, radial, units)
            scalars, arrows = update(scalars, arrows)
        energies = self.readout(scalars)[:, 0]
        return energies if self.forces is None else (energies, self.forces(scalars, arrows))


class Message(nn.Module):
    """What atoms get from their neighbors (equations 7 and 8)."""

    def __init__(self, channels: int, radials: int, norm: float) -> None:
        super().__init__()
        self.norm = norm
        self.atom = nn.Sequential(nn.Linear(channels, channels), nn.SiLU(), nn.Linear(channels, 3 * channels))
        self.filter = nn.Linear(radials, 3 * channels, bias=False)

    def forward(
        self,
        scalars: Tensor,
        arrows: Tensor,
        centers: Tensor,
        neighbors: Tensor,
        radial: Tensor,
        units: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Scalars (N, C) and vectors (N, 3, C) with the messages added."""
        parts = self.atom(scalars)[neighbors] * self.filter(radial) * self.norm
        to_scalars, along, across = parts.chunk(3, dim=1)
        to_arrows = arrows[neighbors] * across[:, None] + units[:, :, None] * along[:, None]
        return scalars.index_add(0, centers, to_scalars), arrows.index_add(0, centers, to_arrows)


class Update(nn.Module):
    """What scalars and vectors of an atom do to each other (equations 9 and 10)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Linear(channels, 2 * channels, bias=False)
        self.atom = nn.Sequential(
            nn.Linear(2 * channels, channels), nn.SiLU(), nn.Linear(channels, 3 * channels)
        )

    def forward(self, scalars: Tensor, arrows: Tensor) -> tuple[Tensor, Tensor]:
        """Scalars (N, C) and vectors (N, 3, C) after the update."""
        first, second = self.mix(arrows).chunk(2, dim=2)
        norms = (second.square().sum(dim=1) + TINY).sqrt()
        to_arrows, between, own = self.atom(torch.cat([scalars, norms], dim=1)).chunk(3, dim=1)
        inner = (first * second).sum(dim=1)
        return scalars + own + between * inner, arrows + to_arrows[:, None] * first


class DirectForces(nn.Module):
    """Forces as sums over the vectors of an atom, weighted by its scalars (a gated block as in figure 3).

    They turn with the structure and are 0 for a free atom, but are no derivatives of an energy.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Linear(channels, channels, bias=False)
        self.gate = nn.Sequential(nn.Linear(channels, channels), nn.SiLU(), nn.Linear(channels, channels))

    def forward(self, scalars: Tensor, arrows: Tensor) -> Tensor:
        """(N, 3) from scalars (N, C) and vectors (N, 3, C)."""
        return (self.mix(arrows) * self.gate(scalars)[:, None]).sum(dim=2)
