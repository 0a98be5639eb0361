"""Settings of the training of networks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

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
        default=1e-3, gt=0, lt=1, description="relative decrease of the loss that ends Gauss-Newton steps"
    )
    held_out: float = Field(
        default=0.1,
        ge=0,
        le=0.5,
        description="fraction of the frames that choose the epoch or step (Gauss-Newton: 0 unless it is given)",
    )
    pair_inputs: Literal["all", "half", "none"] = Field(
        default="half",
        description="which of the averaged networks take the pair functions of ACE, too (Gauss-Newton; in a committee "
        "half is all)",
    )
    closer_pairs: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="frames whose pairs are pushed closer together than any in the data, where networks are held to "
        "forces of the linear potential, over training frames (Gauss-Newton; default: 0.1 with one hidden layer, "
        "0 with several)",
    )
    closer_weight: float = Field(
        default=0.3, gt=0, allow_inf_nan=False, description="factor on the weights of these forces"
    )
    network_prior: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="prior of the first layer over that of the linear coefficients (Gauss-Newton; default: 100 with "
        "one hidden layer, 10 with several)",
    )
    committee: int = Field(
        default=1,
        ge=1,
        le=16,
        description="networks, each with its own seed and held-out frames, whose mean predicts and whose spread is "
        "the uncertainty",
    )
    averaged: int | None = Field(
        default=None,
        ge=1,
        le=16,
        description="networks, each with a start and linear coefficients of its own, whose mean is one network of as "
        "many times `hidden` neurons (Gauss-Newton; default: 4 of one hidden layer, 1 of several and in a committee)",
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

    @field_validator("averaged")
    @classmethod
    def _one_kind_of_mean(cls, averaged: int | None, info: ValidationInfo) -> int | None:
        if (averaged or 1) > 1 and info.data.get("committee", 1) > 1:
            raise ValueError("a committee is a mean of networks already")
        return averaged
