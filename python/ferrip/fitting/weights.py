"""Weights of the energy, force and virial rows.

A row of quantity q in a frame of N atoms enters the fit multiplied by

    w_q · scale_q(N) · w_config · √(w_frame),      scale_E = scale_V = N^(−size_power), scale_F = 1.

`size_power` = 0.5 (default) makes a frame count like its number of independent atoms: the error of a total
energy that sums N independent per-atom errors grows as √N. 1 fits energies per atom, 0 total energies.
A Gaussian process of noise σ has w = 1/σ, up to a common factor (λ is that over the variance of the prior).
Only w_q is applied after streaming (the classes have separate factors); the rest is applied to the rows.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ferrip.data import Frame

Quantity = Literal["energy", "forces", "virial"]
QUANTITIES: tuple[Quantity, ...] = ("energy", "forces", "virial")


class Weights(BaseModel):
    """Factors on the rows of each quantity: energy in 1/eV, forces in Å/eV, virial in 1/eV."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    energy: float = Field(default=15.0, ge=0, allow_inf_nan=False)
    forces: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    virial: float = Field(default=0.5, ge=0, allow_inf_nan=False)


class QuantityFactors(BaseModel):
    """Factors on top of `Weights` for the frames of one config type."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    energy: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    forces: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    virial: float = Field(default=1.0, ge=0, allow_inf_nan=False)


def row_weight(
    frame: Frame,
    quantity: Quantity,
    config_weights: dict[str, QuantityFactors],
    size_power: float,
) -> float:
    """Factor on the rows of `quantity` of `frame`, without the common w_q."""
    factors = config_weights.get(frame.config_type or "")
    factor = getattr(factors, quantity) if factors else 1.0
    if quantity != "forces":
        factor /= len(frame.numbers) ** size_power
    return float(factor * frame.weight**0.5)
