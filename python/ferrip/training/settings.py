"""Settings of the optimisation that every torch module shares."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class OptimisationSettings(BaseModel):
    """How a module is trained; subclasses choose defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(default=30, ge=1, le=100_000, description="passes over the training frames")
    minutes: float | None = Field(
        default=None,
        gt=0,
        description="wall time in which the training ends, its rate with it, if that is sooner",
    )
    batch: int = Field(default=4, ge=1, le=10_000, description="frames per step")
    learning_rate: float = Field(default=3e-3, gt=0, le=1, description="largest learning rate of Adam")
    lbfgs: int = Field(
        default=0,
        ge=0,
        le=100_000,
        description="iterations of L-BFGS on all frames after Adam, also beyond `minutes`",
    )
    weight_decay: float = Field(default=0.0, ge=0, le=1, description="decoupled weight decay of Adam")
    ema: float = Field(default=0.99, ge=0, lt=1, description="memory of the mean of the weights, per step")
    held_out: float = Field(
        default=0.1, ge=0, le=0.5, description="fraction of the frames that choose the epoch"
    )
    patience: int = Field(default=15, ge=1, description="epochs without a better held-out loss that end it")
    precision: Literal["float32", "float64"] = Field(default="float32", description="numbers of the training")
    report: int = Field(default=5, ge=1, description="epochs between two lines of progress")
    seed: int = Field(default=0, ge=0, description="of the first weights and the order of the frames")
