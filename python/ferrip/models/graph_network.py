"""Families of graph networks: one network of torch each, with everything else in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ferrip.graph.architectures import ARCHITECTURES
from ferrip.graph.descriptor import GraphDescriptor
from ferrip.models.family import Family, preset_of
from ferrip.models.node_features import resolve_node_features
from ferrip.torch_needed import require_torch

if TYPE_CHECKING:
    from ferrip.fitting.distances import PairDistances


class GraphSettings(BaseModel):
    """Overrides of the presets that all networks have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cutoff: float = Field(default=5.0, gt=0, le=20, description="length of the edges, Å")
    channels: int | None = Field(default=None, ge=2, le=1024, description="channels of every feature")
    layers: int | None = Field(default=None, ge=1, le=10, description="layers of messages")
    node_features: Literal["none", "ace", "soap"] = Field(
        default="none",
        description="invariants beside the element as first features of atoms; they reach one cutoff further",
    )


class GraphNetwork(Family):
    """A family of one network.

    Parameters
    ----------
    name
        Name in `--model`, in model files and among `ferrip.graph.architectures`.
    settings_class
        `GraphSettings` with what the network has beside.
    presets
        Values of the settings that are None, per size.
    citations
        DOIs.
    """

    def __init__(
        self,
        name: str,
        settings_class: type[GraphSettings],
        presets: Mapping[str, Mapping[str, Any]],
        citations: tuple[str, ...],
    ) -> None:
        self.name = name
        self.settings_class = settings_class
        self.presets = presets
        self.citations = citations

    def resolve(
        self, settings: BaseModel, size: str, elements: Sequence[int], distances: PairDistances
    ) -> dict[str, Any]:
        """Complete settings but for `scale`, `binding`, `neighbors` and means of features, which the training finds.

        Raises
        ------
        SettingsError
            There is no torch, or another package that the network needs.
        """
        require_torch(self.name, also=ARCHITECTURES[self.name].packages)
        from ferrip.graph.model import count

        given = {name: value for name, value in settings.model_dump().items() if value is not None}
        resolved = {
            "architecture": self.name,
            "elements": [int(z) for z in elements],
            **preset_of(self.presets, size),
            **given,
            "scale": 1.0,
            "binding": [0.0 for _ in elements],
            "neighbors": 1.0,
        }
        if resolved.get("forces") == "gradient":
            del resolved["forces"]  # as in files from before there were others
        kind = resolved.pop("node_features")
        if kind != "none":
            cutoff = resolved["cutoff"]
            resolved["node_features"] = resolve_node_features(kind, elements, cutoff, distances)
        return resolved | {"n_parameters": count(resolved)}

    def check_device(self, name: str) -> None:
        """Whether the network can be trained on the device called `name`.

        Raises
        ------
        SettingsError
            There is no such device, no torch, or no other package that the network needs.
        """
        require_torch(self.name, also=ARCHITECTURES[self.name].packages)
        from ferrip.graph.device import torch_device

        torch_device(name)

    def descriptor(self, resolved: dict[str, Any]) -> GraphDescriptor:
        """What stands for the network; needs no torch."""
        return GraphDescriptor(settings=resolved)
