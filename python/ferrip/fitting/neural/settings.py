"""Settings of the training of networks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ferrip.training.settings import OptimisationSettings


class NeuralSettings(OptimisationSettings):
    """How the networks of a family are trained; the families say which networks there are.

    Defaults are chosen on held-out blocks of the training frames of mlearn_Si, mlearn_Ni and mlearn_Mo.
    """

    method: Literal["auto", "gauss-newton", "adam"] = Field(
        default="auto",
        description="damped Gauss-Newton steps in all numbers and the linear coefficients, or Adam beside the linear "
        "fit; auto: Gauss-Newton up to 6,000 numbers",
    )
    iterations: int = Field(default=20, ge=1, le=1000, description="Gauss-Newton steps, at most")
    tolerance: float = Field(
        default=2e-3, gt=0, lt=1, description="relative decrease of the loss that ends Gauss-Newton steps"
    )
    network_prior: float = Field(
        default=10.0,
        gt=0,
        allow_inf_nan=False,
        description="prior of the first layer over that of the linear coefficients (Gauss-Newton)",
    )
    committee: int = Field(
        default=1,
        ge=1,
        le=16,
        description="networks, each with its own seed and held-out frames, whose mean predicts and whose spread is "
        "the uncertainty",
    )
    combinations: int = Field(
        default=64,
        ge=1,
        le=512,
        description="combinations of the functions that the first layer is trained on (Adam)",
    )
    whitening: float = Field(
        default=0.75,
        ge=0,
        le=1,
        description="power of the standard deviations that combinations are divided by (Adam)",
    )
