"""SchNet, a graph network of scalars.

Source: Schütt, Sauceda, Kindermans, Tkatchenko, Müller, doi:10.1063/1.5019779.
"""

from __future__ import annotations

from pydantic import Field

from ferrip.models.family import register
from ferrip.models.graph_network import GraphNetwork, GraphSettings


class SchnetSettings(GraphSettings):
    """Overrides of the presets."""

    radials: int = Field(default=50, ge=2, le=300, description="Gaussians of every distance")


register(
    GraphNetwork(
        name="schnet",
        settings_class=SchnetSettings,
        presets={
            "small": {"channels": 32, "layers": 3},
            "medium": {"channels": 64, "layers": 4},
            "large": {"channels": 128, "layers": 6},
        },
        citations=("10.1063/1.5019779",),
    )
)
