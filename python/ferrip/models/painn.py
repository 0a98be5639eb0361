"""PaiNN, a graph network of scalars and vectors.

Source: Schütt, Unke, Gastegger, doi:10.48550/arXiv.2102.03150.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ferrip.models.family import register
from ferrip.models.graph_network import GraphNetwork, GraphSettings


class PainnSettings(GraphSettings):
    """Overrides of the presets."""

    radials: int = Field(default=20, ge=1, le=100, description="Bessel functions of every edge")
    forces: Literal["gradient", "direct"] = Field(
        default="gradient",
        description="derivatives of the energy, or (not conservative, no stress) a head of their own",
    )


register(
    GraphNetwork(
        name="painn",
        settings_class=PainnSettings,
        presets={
            "small": {"channels": 32, "layers": 2},
            "medium": {"channels": 64, "layers": 3},
            "large": {"channels": 128, "layers": 3},
        },
        citations=("10.48550/arXiv.2102.03150", "10.48550/arXiv.2003.03123"),
    )
)
