"""NequIP: convolutions of features that turn with the structure, under gates.

Source: Batzner, Musaelian, Sun, Geiger, Mailoa, Kornbluth, Molinari, Smidt, Kozinsky,
doi:10.1038/s41467-022-29939-5. Features have the parity (−1)^l only, and the readout has a hidden layer with an
activation.
"""

# pyright: reportMissingImports=false
# (torch and e3nn are optional)
from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import torch
from e3nn import o3
from torch import Tensor, nn

from ferrip.graph.coupling import block
from ferrip.graph.interaction import Interaction, linear
from ferrip.graph.node_embedding import NodeEmbedding
from ferrip.graph.radial import Bessel

GAIN = 1.6765
"""Over the root mean square of SiLU for normally distributed numbers."""


class Nequip(nn.Module):
    """Energies of atoms.

    Parameters
    ----------
    settings
        `elements`, `cutoff` (Å), `channels`, `layers`, `radials`, `max_l` of spherical harmonics and features, and
        `neighbors` (mean number).
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        channels, layers, radials, max_l = (
            settings[name] for name in ("channels", "layers", "radials", "max_l")
        )
        species = len(settings["elements"])
        self.max_l = max_l
        self.embedding = NodeEmbedding(settings)
        self.radial = Bessel(radials, settings["cutoff"])
        norm = max(float(settings["neighbors"]), 1.0) ** -0.5
        degrees = [0] + [max_l] * (layers - 1) + [0]
        self.layers = nn.ModuleList(
            Layer(species, channels, radials, max_l, into, out, norm)
            for into, out in itertools.pairwise(degrees)
        )
        self.readout = nn.Sequential(linear(channels, channels // 2), nn.SiLU(), linear(channels // 2, 1))

    def forward(
        self, species: Tensor, centers: Tensor, neighbors: Tensor, vectors: Tensor, invariants: Tensor
    ) -> Tensor:
        """(N,) energies, in units of the scale, of atoms with the edges r_ij (E, 3) and `node_features`."""
        radial = self.radial(torch.linalg.vector_norm(vectors, dim=1))
        degrees = list(range(self.max_l + 1))
        harmonics = o3.spherical_harmonics(degrees, vectors, normalize=True, normalization="component")
        features = self.embedding(species, invariants)[:, None]
        for layer in self.layers:
            features = layer(features, species, centers, neighbors, radial, harmonics)
        return self.readout(features[:, 0])[:, 0]


class Layer(nn.Module):
    """New features: a convolution and a self-connection by element, through gates (figure 1).

    Parameters
    ----------
    species, channels, radials
        Elements, channels, and Bessel functions of an edge.
    max_l, into, out
        Largest l of the harmonics, of the features that come in and of those that come out.
    norm
        Factor on the sums over neighbors.
    """

    def __init__(
        self, species: int, channels: int, radials: int, max_l: int, into: int, out: int, norm: float
    ) -> None:
        super().__init__()
        widths = [channels * (1 + out)] + [channels] * out
        self.interaction = Interaction(channels, radials, max_l, into, widths, norm)
        self.kept = nn.ParameterList(
            channels**-0.5 * torch.randn(species, channels, width) for width in widths[: into + 1]
        )

    def forward(
        self,
        features: Tensor,
        species: Tensor,
        centers: Tensor,
        neighbors: Tensor,
        radial: Tensor,
        harmonics: Tensor,
    ) -> Tensor:
        """(N, (out + 1)², C) features."""
        parts = self.interaction(features, centers, neighbors, radial, harmonics)
        for ell, weights in enumerate(self.kept):
            own = features[:, block(ell).start : block(ell).stop]
            parts[ell] = parts[ell] + torch.matmul(own, weights.index_select(0, species))
        gates = (GAIN * nn.functional.silu(parts[0])).chunk(len(parts), dim=2)
        return torch.cat(
            [gates[0], *(part * gate for part, gate in zip(parts[1:], gates[1:], strict=True))], 1
        )
