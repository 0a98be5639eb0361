"""Convolutions of features that turn with the structure, with learned radial functions.

Equation 8 of Batatia et al., doi:10.48550/arXiv.2206.07697, and the convolution of Batzner et al.,
doi:10.1038/s41467-022-29939-5. Parities are (−1)^l. The products are one matrix of Clebsch-Gordan coefficients.
"""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ferrip.graph.coupling import Path, block, coefficients, columns, sorted_paths

WIDTH = 64
"""Hidden numbers of the networks that make radial functions."""


class Interaction(nn.Module):
    """What atoms gather: sums over neighbors of radial functions times coupled spherical harmonics and features.

    Parameters
    ----------
    channels, radials
        Channels that come in, and Bessel functions of an edge.
    max_l, into
        Largest l of the harmonics, and of the features that come in.
    widths
        Channels of every l, from 0 on, that comes out; not beyond `max_l`.
    norm
        Factor on the sums.
    """

    couplings: Tensor
    path_of: Tensor

    def __init__(
        self, channels: int, radials: int, max_l: int, into: int, widths: Sequence[int], norm: float
    ) -> None:
        super().__init__()
        self.norm = norm
        steps = sorted_paths(max_l, into, len(widths) - 1)
        places = columns(steps)
        couplings = torch.zeros((max_l + 1) ** 2, places[-1].stop, (into + 1) ** 2, dtype=torch.float64)
        for path, place in zip(steps, places, strict=True):
            harmonics, features = block(path.l1), block(path.l2)
            couplings[harmonics.start : harmonics.stop, place.start : place.stop][
                ..., features.start : features.stop
            ] = coefficients(path).transpose(1, 2)
        path_of = [number for number, place in enumerate(places) for _ in place]
        self.register_buffer("couplings", couplings, persistent=False)
        self.register_buffer("path_of", torch.tensor(path_of), persistent=False)
        self.up = nn.ModuleList(linear(channels, channels) for _ in range(into + 1))
        self.filter = nn.Sequential(
            linear(radials, WIDTH),
            nn.SiLU(),
            linear(WIDTH, WIDTH),
            nn.SiLU(),
            linear(WIDTH, channels * len(steps)),
        )
        self.down = PathMix(channels, steps, widths)

    def forward(
        self, features: Tensor, centers: Tensor, neighbors: Tensor, radial: Tensor, harmonics: Tensor
    ) -> list[Tensor]:
        """(N, 2 l + 1, widths[l]) of every l, from features (N, (into + 1)², C)."""
        n, width, channels = features.shape
        sent = each_l(self.up, features).index_select(0, neighbors)
        turned = (harmonics @ self.couplings.flatten(1)).unflatten(1, (-1, width))
        filters = self.filter(radial).unflatten(1, (-1, channels)).index_select(1, self.path_of)
        messages = torch.bmm(turned, sent) * filters
        sums = messages.new_zeros(n, *messages.shape[1:]).index_add(0, centers, messages) * self.norm
        return self.down(sums)


class PathMix(nn.Module):
    """Linear layers on all paths and channels of every l.

    Parameters
    ----------
    channels
        Channels of every path.
    steps
        Paths in the order of l3.
    widths
        Channels of every l, from 0 on, that comes out.
    """

    def __init__(self, channels: int, steps: Sequence[Path], widths: Sequence[int]) -> None:
        super().__init__()
        self.count = [sum(path.l3 == ell for path in steps) for ell in range(len(widths))]
        self.layers = nn.ModuleList(
            linear(channels * n, width) for n, width in zip(self.count, widths, strict=True)
        )

    def forward(self, products: Tensor) -> list[Tensor]:
        """(N, 2 l + 1, widths[l]) of every l, from the results (N, columns, C) of the paths."""
        result, start = [], 0
        for ell, (count, layer) in enumerate(zip(self.count, self.layers, strict=True)):
            stop = start + count * (2 * ell + 1)
            of_paths = products[:, start:stop].unflatten(1, (count, 2 * ell + 1)).transpose(1, 2)
            result.append(layer(of_paths.flatten(2)))
            start = stop
        return result


def linear(width: int, out: int) -> nn.Linear:
    """A linear layer without bias for inputs of variance 1."""
    layer = nn.Linear(width, out, bias=False)
    nn.init.normal_(layer.weight, std=width**-0.5)
    return layer


def each_l(layers: nn.ModuleList, features: Tensor) -> Tensor:
    """A layer per l on the channels of features (N, (l + 1)², C)."""
    parts = [layer(features[:, block(ell).start : block(ell).stop]) for ell, layer in enumerate(layers)]
    return torch.cat(parts, dim=1)
