"""Neural networks on the functions of linear ACE, beside the linear potential.

    E_i = E0 + c · B_i + N(B_i) − N(0)

c is the linear fit, N a small network per element of the functions of order ≥ 2 (see `ferrip.network`), trained on what
the linear fit leaves (see `ferrip.fitting.neural`; needs torch). What is trained runs without torch.

Sources: Behler, Parrinello, doi:10.1103/PhysRevLett.98.146401; Smith, Isayev, Roitberg, doi:10.1039/C6SC05720A.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, field_validator

from ferrip.models.ace import Ace, AceSettings
from ferrip.models.family import preset_of, register
from ferrip.network import Architecture

HIDDEN = {"small": (16,), "medium": (32,), "large": (32, 32)}
"""Hidden layers by size."""
MAX_LAYERS = 8
MAX_WIDTH = 512


class NnSettings(AceSettings):
    """Settings of linear ACE and of the networks."""

    hidden: tuple[int, ...] | None = Field(
        default=None, description="outputs of the hidden layers, e.g. [32, 16]"
    )
    activation: Literal["isru", "gated"] = Field(
        default="gated", description="isru: a / √(1 + a²), bounded; gated: a (1 + isru(a)) / 2"
    )

    @field_validator("hidden")
    @classmethod
    def _in_range(cls, hidden: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if hidden is not None and not (
            1 <= len(hidden) <= MAX_LAYERS and all(1 <= width <= MAX_WIDTH for width in hidden)
        ):
            raise ValueError(f"expected 1 to {MAX_LAYERS} layers of 1 to {MAX_WIDTH} outputs")
        return hidden


class Nn(Ace):
    """The family of networks on ACE."""

    name = "nn"
    sizes: tuple[str, ...] = tuple(HIDDEN)
    settings_class: type[BaseModel] = NnSettings
    citations: tuple[str, ...] = (*Ace.citations, "10.1103/PhysRevLett.98.146401", "10.1039/C6SC05720A")

    def architecture(self, settings: BaseModel, size: str) -> Architecture:
        """The layers of the settings, or those of the size."""
        if not isinstance(settings, NnSettings):
            raise TypeError(f"expected NnSettings, got {type(settings).__name__}")
        return Architecture(hidden=settings.hidden or preset_of(HIDDEN, size), activation=settings.activation)


register(Nn())
