"""Allegro, a strictly local graph network of pairs.

Source: Musaelian, Batzner, Johansson, Sun, Owen, Kornbluth, Kozinsky, doi:10.1038/s41467-023-36329-y.
"""

from __future__ import annotations

from pydantic import Field

from ferrip.models.family import register
from ferrip.models.graph_network import GraphNetwork, GraphSettings


class AllegroSettings(GraphSettings):
    """Overrides of the presets."""

    radials: int = Field(default=8, ge=1, le=100, description="Bessel functions of every edge")
    scalars: int | None = Field(default=None, ge=2, le=2048, description="scalars of every pair")
    max_l: int | None = Field(
        default=None, ge=0, le=4, description="largest l of the spherical harmonics and features"
    )


register(
    GraphNetwork(
        name="allegro",
        settings_class=AllegroSettings,
        presets={
            "small": {"channels": 16, "scalars": 64, "layers": 2, "max_l": 2},
            "medium": {"channels": 32, "scalars": 128, "layers": 2, "max_l": 2},
            "large": {"channels": 64, "scalars": 256, "layers": 3, "max_l": 3},
        },
        citations=("10.1038/s41467-023-36329-y", "10.48550/arXiv.2003.03123"),
    )
)
