"""What a network knows of an atom before the first message: its element, and invariants of its neighbors."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


class InvariantMap(nn.Module):
    """A linear map of invariants, y = W x / √(1 + |x|² / K), which stays small far from the training data.

    Parameters
    ----------
    n_features, n_elements
        Number of invariants over all elements, and of elements: every element has K of them.
    width
        Numbers that come out.
    """

    def __init__(self, n_features: int, n_elements: int, width: int) -> None:
        super().__init__()
        self.per_element = n_features / n_elements
        self.layer = nn.Linear(n_features, width, bias=False)
        nn.init.normal_(self.layer.weight, std=self.per_element**-0.5)

    def forward(self, invariants: Tensor) -> Tensor:
        """(N, width) from standardised invariants (N, n_features)."""
        squares = invariants.square().sum(dim=1, keepdim=True) / self.per_element
        return self.layer(invariants * torch.rsqrt(1.0 + squares))


class NodeEmbedding(nn.Module):
    """First features: numbers by element, and with `node_features` a map of invariants on top.

    Parameters
    ----------
    settings
        Complete settings of the network.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.species = nn.Embedding(len(settings["elements"]), settings["channels"])
        self.invariants = invariant_map(settings, settings["channels"])

    def forward(self, species: Tensor, invariants: Tensor) -> Tensor:
        """(N, C) features from elements (N,) and invariants (N, n_features)."""
        features = self.species(species)
        return features if self.invariants is None else features + self.invariants(invariants)


def invariant_map(settings: Mapping[str, Any], width: int) -> InvariantMap | None:
    """The map of the invariants of a network, or `None` where it has none."""
    chosen = settings.get("node_features")
    if chosen is None:
        return None
    return InvariantMap(len(chosen["factors"]), len(settings["elements"]), width)
