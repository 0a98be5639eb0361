"""Settings of the training of networks."""

from __future__ import annotations

from pydantic import Field

from ferrip.training.settings import OptimisationSettings


class NeuralSettings(OptimisationSettings):
    """How the networks of a family are trained; the families say which networks there are.

    Defaults are chosen on held-out blocks of the training frames of mlearn_Si and mlearn_Mo.
    """

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
        description="combinations of the functions that the first layer is trained on",
    )
    whitening: float = Field(
        default=0.75,
        ge=0,
        le=1,
        description="power of the standard deviations that combinations are divided by",
    )
