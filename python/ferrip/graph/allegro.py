"""Allegro: features of ordered pairs of neighbors, multiplied by densities of the first atom; strictly local.

Source: Musaelian, Batzner, Johansson, Sun, Owen, Kornbluth, Kozinsky, doi:10.1038/s41467-023-36329-y. Features have the
parity (−1)^l only. Scalars of a pair have the envelope as a factor, and energies of pairs are linear in them.
"""

# pyright: reportMissingImports=false
# (torch and e3nn are optional)
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from e3nn import o3
from torch import Tensor, nn

from ferrip.graph.coupling import block, coefficients, columns, sorted_paths
from ferrip.graph.interaction import PathMix, linear
from ferrip.graph.node_embedding import InvariantMap, invariant_map
from ferrip.graph.radial import Bessel, envelope


class Allegro(nn.Module):
    """Energies of atoms, sums over the energies of their pairs.

    Parameters
    ----------
    settings
        `elements`, `cutoff` (Å), `channels` of features that turn, `scalars` of a pair, `layers`, `radials`, `max_l` of
        spherical harmonics and features, and `neighbors` (mean number).
    """

    degree: Tensor
    invariants: InvariantMap | None

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        channels, layers, max_l = settings["channels"], settings["layers"], settings["max_l"]
        scalars = settings["scalars"]
        self.n_species, self.max_l = len(settings["elements"]), max_l
        self.cutoff, self.norm = settings["cutoff"], max(float(settings["neighbors"]), 1.0) ** -0.5
        degree = torch.tensor([ell for ell in range(max_l + 1) for _ in block(ell)])
        self.register_buffer("degree", degree, persistent=False)
        self.radial = Bessel(settings["radials"], self.cutoff)
        self.invariants = invariant_map(settings, channels)
        known = self.n_species + (0 if self.invariants is None else channels)
        self.pair = hidden(2 * known + settings["radials"], scalars)
        self.start = linear(scalars, (max_l + 1) * channels)
        self.layers = nn.ModuleList(
            Layer(channels, scalars, max_l, out) for out in [max_l] * (layers - 1) + [0]
        )
        self.readout = linear(scalars, 1)

    def forward(
        self, species: Tensor, centers: Tensor, neighbors: Tensor, vectors: Tensor, invariants: Tensor
    ) -> Tensor:
        """(N,) energies, in units of the scale, of atoms with the edges r_ij (E, 3) and `node_features`."""
        lengths = torch.linalg.vector_norm(vectors, dim=1)
        near = envelope(lengths / self.cutoff)[:, None]
        harmonics = o3.spherical_harmonics(
            list(range(self.max_l + 1)), vectors, normalize=True, normalization="component"
        )[:, :, None]
        kinds = torch.eye(self.n_species, dtype=vectors.dtype, device=vectors.device)[species]
        if self.invariants is not None:
            kinds = torch.cat([kinds, self.invariants(invariants)], dim=1)
        scalars = near * self.pair(torch.cat([kinds[centers], kinds[neighbors], self.radial(lengths)], dim=1))
        features = harmonics * self._each_l(self.start(scalars))
        for layer in self.layers:
            weighted = harmonics * self._each_l(layer.weights(scalars))
            density = weighted.new_zeros(len(species), *weighted.shape[1:]).index_add(0, centers, weighted)
            around = (self.norm * density).index_select(0, centers)
            scalars, features = layer(scalars, features, around, near)
        pairs = self.readout(scalars)[:, 0]
        return self.norm * pairs.new_zeros(len(species)).index_add(0, centers, pairs)

    def _each_l(self, weights: Tensor) -> Tensor:
        """(E, (max_l + 1)², C) weights from those of every l, (E, (max_l + 1) C)."""
        return weights.unflatten(1, (self.max_l + 1, -1)).index_select(1, self.degree)


class Layer(nn.Module):
    """Features times densities, channel by channel, and what their scalars tell the pair (figure 2).

    Parameters
    ----------
    channels, scalars
        Channels of features, and scalars of a pair.
    max_l, out
        Largest l of features and densities that come in, and of features that come out.
    """

    couplings: Tensor

    def __init__(self, channels: int, scalars: int, max_l: int, out: int) -> None:
        super().__init__()
        steps = sorted_paths(max_l, max_l, out)
        places = columns(steps)
        couplings = torch.zeros(places[-1].stop, (max_l + 1) ** 2, (max_l + 1) ** 2, dtype=torch.float64)
        for path, place in zip(steps, places, strict=True):
            first, second = block(path.l1), block(path.l2)
            couplings[place.start : place.stop, first.start : first.stop][..., second.start : second.stop] = (
                coefficients(path).permute(2, 0, 1)
            )
        self.register_buffer("couplings", couplings.flatten(1), persistent=False)
        self.count = sum(path.l3 == 0 for path in steps)
        self.weights = linear(scalars, (max_l + 1) * channels)
        self.pair = hidden(scalars + self.count * channels, scalars)
        self.mix = PathMix(channels, steps, [channels] * (out + 1)) if out else None

    def forward(
        self, scalars: Tensor, features: Tensor, around: Tensor, near: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Scalars (E, S), and features (E, (out + 1)², C); the last layer leaves these as they are."""
        outer = (features[:, :, None] * around[:, None]).flatten(1, 2)
        products = torch.matmul(self.couplings, outer)
        told = self.pair(torch.cat([scalars, products[:, : self.count].flatten(1)], dim=1))
        scalars = 0.5**0.5 * (scalars + near * told)
        return scalars, features if self.mix is None else torch.cat(self.mix(products), dim=1)


def hidden(width: int, out: int) -> nn.Sequential:
    """A network with one hidden layer."""
    return nn.Sequential(linear(width, out), nn.SiLU(), linear(out, out), nn.SiLU())
