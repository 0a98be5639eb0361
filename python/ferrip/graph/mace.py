"""MACE: messages of many-body products of equivariant features.

Source: Batatia, Kovács, Simm, Ortner, Csányi, doi:10.48550/arXiv.2206.07697. Products of three are products of two with
one more; every path has weights of its own per element and channel.
"""

# pyright: reportMissingImports=false
# (torch and e3nn are optional)
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from e3nn import o3
from torch import Tensor, nn

from ferrip.graph.coupling import Path, block, coefficients, columns, paths, symmetric_paths
from ferrip.graph.interaction import WIDTH, Interaction, each_l, linear
from ferrip.graph.node_embedding import NodeEmbedding
from ferrip.graph.radial import Bessel


class Mace(nn.Module):
    """Energies of atoms.

    Parameters
    ----------
    settings
        `elements`, `cutoff` (Å), `channels`, `layers`, `radials`, `max_l` of spherical harmonics, `max_message_l`, and
        `neighbors` (mean number).
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        channels, layers, max_l = settings["channels"], settings["layers"], settings["max_l"]
        species = len(settings["elements"])
        self.max_l = max_l
        self.embedding = NodeEmbedding(settings)
        self.radial = Bessel(settings["radials"], settings["cutoff"])
        norm = 1.0 / max(float(settings["neighbors"]), 1.0)
        inputs = [0] + [settings["max_message_l"]] * (layers - 1)
        outputs = [*inputs[1:], 0]
        self.interactions = nn.ModuleList(
            Interaction(channels, settings["radials"], max_l, into, [channels] * (max_l + 1), norm)
            for into in inputs
        )
        self.products = nn.ModuleList(
            Product(species, channels, max_l, into, out)
            for into, out in zip([-1, *inputs[1:]], outputs, strict=True)
        )
        last = nn.Sequential(linear(channels, WIDTH // 4), nn.SiLU(), linear(WIDTH // 4, 1))
        self.readouts = nn.ModuleList([*(linear(channels, 1) for _ in range(layers - 1)), last])

    def forward(
        self, species: Tensor, centers: Tensor, neighbors: Tensor, vectors: Tensor, invariants: Tensor
    ) -> Tensor:
        """(N,) energies, in units of the scale, of atoms with the edges r_ij (E, 3) and `node_features`."""
        radial = self.radial(torch.linalg.vector_norm(vectors, dim=1))
        degrees = list(range(self.max_l + 1))
        harmonics = o3.spherical_harmonics(degrees, vectors, normalize=True, normalization="component")
        features = self.embedding(species, invariants)[:, None]
        energies = features.new_zeros(len(species))
        for interaction, product, readout in zip(
            self.interactions, self.products, self.readouts, strict=True
        ):
            gathered = torch.cat(interaction(features, centers, neighbors, radial, harmonics), dim=1)
            features = product(gathered, features, species)
            energies = energies + readout(features[:, 0])[:, 0]
        return energies


class Product(nn.Module):
    """New features: products of up to three A of one atom, mixed, and what the atom had before (eq. 10 and 11).

    Parameters
    ----------
    species, channels
        Elements and channels.
    max_l, into, out
        Largest l of A, of the features before (−1: they do not count), and of the new features.
    """

    first: Tensor
    second: Tensor
    pairs: Tensor
    source: Tensor
    weight_of: Tensor
    fold: Tensor
    left: Tensor
    right: Tensor
    triples: Tensor
    degree: Tensor

    def __init__(self, species: int, channels: int, max_l: int, into: int, out: int) -> None:
        super().__init__()
        self.out = out
        doubles, ends = symmetric_paths(max_l, max_l), paths(max_l, max_l, out)
        for name, table in {
            **_squares(max_l, doubles),
            **_sums([*range(out + 1), *(end.l1 for end in ends)], doubles),
            **_cubes(ends, out),
            "degree": torch.tensor([ell for ell in range(out + 1) for _ in block(ell)]),
        }.items():
            self.register_buffer(name, table, persistent=False)
        self.alone = nn.Parameter(torch.randn(species, out + 1, channels))
        self.paired = nn.Parameter(torch.randn(species, int(self.weight_of.max()) + 1, channels))
        self.mix = nn.ModuleList(linear(channels, channels) for _ in range(out + 1))
        self.skip = nn.ParameterList(
            channels**-0.5 * torch.randn(species, channels, channels) for _ in range(min(into, out) + 1)
        )

    def forward(self, gathered: Tensor, features: Tensor, species: Tensor) -> Tensor:
        """(N, (out + 1)², C) features."""
        own = gathered[:, : (self.out + 1) ** 2] * self.alone[:, self.degree].index_select(0, species)
        squares = gathered.index_select(1, self.first) * gathered.index_select(1, self.second)
        coupled = torch.matmul(self.pairs, squares).index_select(1, self.source)
        weighted = coupled * self.paired[:, self.weight_of].index_select(0, species)
        sums = torch.matmul(self.fold, weighted)
        cubes = sums.index_select(1, self.left) * gathered.index_select(1, self.right)
        products = own + sums[:, : own.shape[1]] + torch.matmul(self.triples, cubes)
        mixed = each_l(self.mix, products)
        if len(self.skip) == 0:
            return mixed
        kept = [
            torch.matmul(features[:, block(ell).start : block(ell).stop], weights.index_select(0, species))
            for ell, weights in enumerate(self.skip)
        ]
        before = torch.cat(kept, dim=1)
        return torch.cat([mixed[:, : before.shape[1]] + before, mixed[:, before.shape[1] :]], dim=1)


def _squares(max_l: int, doubles: Sequence[Path]) -> dict[str, Tensor]:
    """Places of the factors of all products of two numbers, and the matrix (coupled, products) of the paths."""
    n, places = (max_l + 1) ** 2, columns(doubles)
    first, second = torch.triu_indices(n, n)
    index = torch.zeros(n, n, dtype=torch.int64)
    index[first, second] = index[second, first] = torch.arange(len(first))
    pairs = torch.zeros(places[-1].stop, len(first), dtype=torch.float64)
    for path, place in zip(doubles, places, strict=True):
        table = coefficients(path)
        for a, one in enumerate(block(path.l1)):
            for b, other in enumerate(block(path.l2)):
                pairs[place.start : place.stop, index[one, other]] += table[a, b]
    return {"first": first, "second": second, "pairs": pairs}


def _sums(targets: Sequence[int], doubles: Sequence[Path]) -> dict[str, Tensor]:
    """For one sum per l in `targets`: the coupled products that it takes, their weights, and the matrix that sums."""
    places, rows = columns(doubles), columns([Path(0, ell, ell) for ell in targets])
    source, weight_of, entries, count = [], [], [], 0
    for ell, row in zip(targets, rows, strict=True):
        taken = [place for path, place in zip(doubles, places, strict=True) if path.l3 == ell]
        for place in taken:
            for target, column in zip(row, place, strict=True):
                entries.append((target, len(source), len(taken) ** -0.5))
                source.append(column)
                weight_of.append(count)
            count += 1
    fold = torch.zeros(rows[-1].stop, len(source), dtype=torch.float64)
    for target, column, value in entries:
        fold[target, column] = value
    return {"source": torch.tensor(source), "weight_of": torch.tensor(weight_of), "fold": fold}


def _cubes(ends: Sequence[Path], out: int) -> dict[str, Tensor]:
    """Places of the factors of the products of a sum of pairs with A, and the matrix (features, products) of them."""
    row = (out + 1) ** 2
    left, right, values = [], [], []
    for end in ends:
        table = coefficients(end) / sum(other.l3 == end.l3 for other in ends) ** 0.5
        for a, b in (table.abs().amax(dim=2) > 1e-12).nonzero().tolist():
            left.append(row + a)
            right.append(block(end.l2)[b])
            value = torch.zeros((out + 1) ** 2, dtype=torch.float64)
            value[block(end.l3).start : block(end.l3).stop] = table[a, b]
            values.append(value)
        row += 2 * end.l1 + 1
    return {"left": torch.tensor(left), "right": torch.tensor(right), "triples": torch.stack(values, dim=1)}
