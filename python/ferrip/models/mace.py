"""MACE, a graph network of many-body messages.

Source: Batatia, Kovács, Simm, Ortner, Csányi, doi:10.48550/arXiv.2206.07697.
"""

from __future__ import annotations

from pydantic import Field

from ferrip.models.family import register
from ferrip.models.graph_network import GraphNetwork, GraphSettings


class MaceSettings(GraphSettings):
    """Overrides of the presets."""

    radials: int = Field(default=8, ge=1, le=100, description="Bessel functions of every edge")
    max_l: int | None = Field(default=None, ge=0, le=6, description="largest l of the spherical harmonics")
    max_message_l: int | None = Field(
        default=None, ge=0, le=3, description="largest l of features and messages"
    )


register(
    GraphNetwork(
        name="mace",
        settings_class=MaceSettings,
        presets={
            "small": {"channels": 64, "layers": 2, "max_l": 3, "max_message_l": 1},
            "medium": {"channels": 128, "layers": 2, "max_l": 3, "max_message_l": 1},
            "large": {"channels": 256, "layers": 2, "max_l": 3, "max_message_l": 2},
        },
        citations=("10.48550/arXiv.2206.07697", "10.48550/arXiv.2003.03123"),
    )
)
