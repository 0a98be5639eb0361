"""Settings of the training of graph networks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ferrip.training.settings import OptimisationSettings


class GraphTraining(OptimisationSettings):
    """How graph networks are trained."""

    epochs: int = Field(default=300, ge=1, le=100_000, description="passes over the training frames")
    batch: int = Field(default=5, ge=1, le=10_000, description="frames per step")
    learning_rate: float = Field(default=3e-3, gt=0, le=1, description="largest learning rate of Adam")
    ema: float = Field(default=0.999, ge=0, lt=1, description="memory of the mean of the weights, per step")
    held_out: float = Field(
        default=0.05, ge=0, le=0.5, description="fraction of the frames that choose the epoch"
    )
    patience: int = Field(default=100, ge=1, description="epochs without a better held-out loss that end it")
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto",
        description="where to train; auto: FERRIP_DEVICE, or a GPU of CUDA where torch finds one",
    )
    compile: bool = Field(
        default=False, description="compile the steps (minutes, with a C++ compiler) before they are fast"
    )
    precision: Literal["float32", "float64"] = Field(default="float32", description="numbers of the training")
