"""Settings of the training of embedded densities."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class TrainingSettings(BaseModel):
    """How the densities of a nonlinear family are trained; the families say which densities there are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    iterations: int = Field(default=15, ge=1, le=1000, description="passes over the data per rung, at most")
    tolerance: float = Field(
        default=1e-3, gt=0, lt=1, description="relative decrease of the loss that ends a rung"
    )
    ladder: Literal["order"] | tuple[float, ...] = Field(
        default=(0.3, 1.0),
        description="fractions of the functions, smoothest first; or order: one rung per correlation order",
    )
    density_prior: float = Field(
        default=1.0,
        gt=0,
        allow_inf_nan=False,
        description="prior of the nonlinear densities over the linear one's",
    )

    @field_validator("ladder")
    @classmethod
    def _ascending(cls, ladder: str | tuple[float, ...]) -> str | tuple[float, ...]:
        if isinstance(ladder, str):
            return ladder
        if (
            not ladder
            or ladder[-1] != 1.0
            or any(a >= b for a, b in zip((0.0, *ladder), ladder, strict=False))
        ):
            raise ValueError("expected ascending fractions above 0 that end at 1")
        return ladder
