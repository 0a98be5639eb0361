"""Settings of a fit. The same names serve as keyword arguments, YAML keys and command-line flags."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ferrip.errors import SettingsError
from ferrip.fitting.regressors import BayesianRidge, Regressor, Ridge
from ferrip.fitting.weighting import Weighting
from ferrip.fitting.weights import QuantityFactors, Weights

LINEAR_SETTINGS = frozenset(
    (
        "solver",
        "ridge",
        "ridge_by",
        "gcv_inflation",
        "smoothness",
        "order_penalty",
        "column_scaling",
        "neighbor_tie",
        "center_tie",
        "max_memory",
        "uncertainty",
    )
)
"""Settings of linear fits, which graph networks do not have."""


class FitSettings(BaseModel):
    """What the linear fit does, whatever the family of the potential."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    e0: dict[str, float] | None = Field(
        default=None,
        description="energy (eV) of the free atom by symbol; else isolated atoms, else least squares",
    )
    weights: Weights = Field(
        default_factory=Weights, description="factors on energy, forces and virial rows; 1/σ of each"
    )
    config_weights: dict[str, QuantityFactors] = Field(
        default_factory=dict,
        description="factors per config type: one number, or one per quantity; σ over that of the type",
    )
    size_power: float = Field(
        default=0.5, ge=0, le=1, description="energy and virial rows are divided by N to this power"
    )
    weighting: Weighting = Field(
        default="uniform", description="frames by energy above the lowest of their composition, or the hull"
    )
    energy_scale: float = Field(
        default=1.0, gt=0, allow_inf_nan=False, description="δ of the energy-based weights, eV/atom"
    )
    stress: Literal["auto", "force", "off"] = Field(
        default="auto", description="auto: leave stress out where its labels disagree with the energies"
    )
    repulsion: Literal["zbl", "none"] = Field(default="zbl", description="core repulsion below the fit")
    solver: Literal["ridge", "bayes", "evidence"] = Field(
        default="ridge",
        description="ridge (λ by ridge_by), Bayesian ridge (λ by marginal likelihood), or evidence: the noise of every "
        "quantity and the amplitude of every part of the prior by marginal likelihood",
    )
    ridge: float | None = Field(default=None, ge=0, allow_inf_nan=False, description="λ; chosen if not given")
    ridge_by: Literal["folds", "gcv"] = Field(
        default="folds", description="ridge: λ chosen on held-out blocks of the training data, or by GCV"
    )
    gcv_inflation: float = Field(default=1.0, ge=1, le=10, description="κ of the robust GCV (ridge only)")
    smoothness: float = Field(default=1.0, ge=0, le=10, description="power of the (n, l) smoothness prior")
    order_penalty: float | None = Field(
        default=None,
        gt=0,
        le=1000,
        description="factor on the penalty of a function per correlation order; default: that of the family",
    )
    column_scaling: float = Field(
        default=0.0, ge=0, le=1, description="power of the column norms in the penalty; 1: scale-free"
    )
    neighbor_tie: float = Field(
        default=0.99,
        ge=0,
        lt=1,
        description="prior correlation of functions that differ in a neighbor species",
    )
    center_tie: float = Field(
        default=0.97,
        ge=0,
        lt=1,
        description="prior correlation of functions that differ in the centre species",
    )
    max_memory: float | None = Field(
        default=None,
        gt=0,
        description="GB; a fit that is estimated to take more does not start",
    )
    uncertainty: bool = Field(default=True, description="store the posterior factor (p × p) in the model")

    @field_validator("config_weights", mode="before")
    @classmethod
    def _numbers_are_factors(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        names = QuantityFactors.model_fields
        return {
            key: dict.fromkeys(names, item) if isinstance(item, int | float) else item
            for key, item in value.items()
        }

    @model_validator(mode="after")
    def _evidence_finds_the_ridge(self) -> FitSettings:
        if self.solver == "evidence" and self.ridge is not None:
            raise ValueError("ridge: solver='evidence' finds it")
        return self

    def regressor(self) -> Regressor:
        """The regressor that `solver`, `ridge` and `gcv_inflation` describe."""
        if self.solver == "bayes":
            return BayesianRidge(ridge=self.ridge)
        return Ridge(ridge=self.ridge, inflation=self.gcv_inflation)


def parse_settings(
    values: Mapping[str, Any], *classes: type[BaseModel], others: Sequence[str] = ()
) -> tuple[BaseModel, ...]:
    """One settings object per class from one flat mapping; `others` are names that are known elsewhere.

    Raises
    ------
    SettingsError
        For a key that no class knows (with the nearest known name), or a value out of range.
    """
    known = [name for cls in classes for name in cls.model_fields]
    for key in values:
        if key not in known:
            raise SettingsError(unknown_setting(key, [*known, *others]))
    return tuple(
        _parse_one(cls, {k: v for k, v in values.items() if k in cls.model_fields}) for cls in classes
    )


def unknown_setting(key: str, known: list[str]) -> str:
    """Message for an unknown setting, with the nearest known name."""
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
    return f"unknown setting {key!r}; {hint}"


def _parse_one(cls: type[BaseModel], values: Mapping[str, Any]) -> BaseModel:
    try:
        return cls.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            siblings = list(Weights.model_fields)
            raise SettingsError(f"{where}: " + unknown_setting(str(first["loc"][-1]), siblings)) from None
        raise SettingsError(f"{where}: {first['msg']}, got {first['input']!r}") from None
