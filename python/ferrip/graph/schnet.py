"""SchNet: continuous-filter convolutions of scalars.

Source: Schütt, Sauceda, Kindermans, Tkatchenko, Müller, doi:10.1063/1.5019779. Filters are multiplied by a polynomial
envelope, since the paper's do not vanish at a cutoff, and sums over neighbors are divided by the root of their mean
number. Gaussians fill the cutoff with a width equal to their distance.
"""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ferrip.graph.node_embedding import NodeEmbedding
from ferrip.graph.radial import Gaussians, envelope


class Schnet(nn.Module):
    """Energies of atoms.

    Parameters
    ----------
    settings
        `elements`, `cutoff` (Å), `channels`, `layers`, `radials` and `neighbors` (mean number).
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        channels, self.cutoff = settings["channels"], settings["cutoff"]
        self.embedding = NodeEmbedding(settings)
        self.radial = Gaussians(settings["radials"], self.cutoff)
        norm = max(float(settings["neighbors"]), 1.0) ** -0.5
        self.interactions = nn.ModuleList(
            Interaction(channels, settings["radials"], norm) for _ in range(settings["layers"])
        )
        self.readout = nn.Sequential(
            nn.Linear(channels, channels // 2), ShiftedSoftplus(), nn.Linear(channels // 2, 1)
        )

    def forward(
        self, species: Tensor, centers: Tensor, neighbors: Tensor, vectors: Tensor, invariants: Tensor
    ) -> Tensor:
        """(N,) energies, in units of the scale, of atoms with the edges r_ij (E, 3) and `node_features`."""
        lengths = torch.linalg.vector_norm(vectors, dim=1)
        radial, near = self.radial(lengths), envelope(lengths / self.cutoff)[:, None]
        features = self.embedding(species, invariants)
        for interaction in self.interactions:
            features = interaction(features, centers, neighbors, radial, near)
        return self.readout(features)[:, 0]


class Interaction(nn.Module):
    """What atoms get from their neighbors: filters of the distances times their features, summed (equation 2)."""

    def __init__(self, channels: int, radials: int, norm: float) -> None:
        super().__init__()
        self.norm = norm
        self.before = nn.Linear(channels, channels, bias=False)
        self.filter = nn.Sequential(
            nn.Linear(radials, channels), ShiftedSoftplus(), nn.Linear(channels, channels), ShiftedSoftplus()
        )
        self.after = nn.Sequential(
            nn.Linear(channels, channels), ShiftedSoftplus(), nn.Linear(channels, channels)
        )

    def forward(
        self, features: Tensor, centers: Tensor, neighbors: Tensor, radial: Tensor, near: Tensor
    ) -> Tensor:
        """Features (N, C) with the answers to the messages added; `near` (E, 1) vanishes at the cutoff."""
        messages = self.before(features)[neighbors] * self.filter(radial) * (near * self.norm)
        return features + self.after(torch.zeros_like(features).index_add(0, centers, messages))


class ShiftedSoftplus(nn.Module):
    """ln(eˣ / 2 + 1 / 2), which is 0 at 0."""

    def forward(self, x: Tensor) -> Tensor:
        """Values of the shape of x."""
        return nn.functional.softplus(x) - math.log(2.0)
