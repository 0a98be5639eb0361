"""NequIP, a graph network of equivariant convolutions.

Source: Batzner, Musaelian, Sun, Geiger, Mailoa, Kornbluth, Molinari, Smidt, Kozinsky,
doi:10.1038/s41467-022-29939-5.
"""

from __future__ import annotations

from pydantic import Field

from ferrip.models.family import register
from ferrip.models.graph_network import GraphNetwork, GraphSettings


class NequipSettings(GraphSettings):
    """Overrides of the presets."""

    radials: int = Field(default=8, ge=1, le=100, description="Bessel functions of every edge")
    max_l: int | None = Field(
        default=None, ge=0, le=4, description="largest l of the spherical harmonics and features"
    )


register(
    GraphNetwork(
        name="nequip",
        settings_class=NequipSettings,
        presets={
            "small": {"channels": 32, "layers": 3, "max_l": 1},
            "medium": {"channels": 32, "layers": 4, "max_l": 2},
            "large": {"channels": 64, "layers": 5, "max_l": 3},
        },
        citations=("10.1038/s41467-022-29939-5", "10.48550/arXiv.2003.03123"),
    )
)
