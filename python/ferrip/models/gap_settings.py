"""Settings of GAP: presets behind `--size`, what overrides them, and the functions that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, field_validator

from ferrip.errors import SettingsError
from ferrip.models.ace import Ace, AceSettings
from ferrip.models.environments import Method
from ferrip.models.family import Hyperparameter
from ferrip.models.soap import SoapSettings, resolve_soap

if TYPE_CHECKING:
    from ferrip.fitting.distances import PairDistances

PAIR_START = 0.5
"""Distance of the first pair function over the shortest one in the data."""


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One `--size`.

    Attributes
    ----------
    n_max, l_max
        Radial functions per l, and the largest l, of power spectra.
    ace
        Size of ACE in their place.
    sparse
        Sparse environments per element.
    linear
        Size of the linear ACE beside them.
    """

    n_max: int
    l_max: int
    ace: str
    sparse: int
    linear: str


PRESETS = {
    "small": Preset(n_max=6, l_max=4, ace="small", sparse=300, linear="small"),
    "medium": Preset(n_max=8, l_max=6, ace="medium", sparse=800, linear="medium"),
    "large": Preset(n_max=8, l_max=6, ace="medium", sparse=800, linear="large"),
}


OF_BOTH = ("cutoff", "species", "channels")
"""Settings of the functions that go with SOAP and with ACE."""
OF_SOAP = (*(name for name in SoapSettings.model_fields if name not in OF_BOTH), "pair_width")
"""Those that go with SOAP alone."""
OF_ACE = ("degree", "max_order", "constant")
"""Those that go with ACE alone."""
OF_LINEAR = ("linear_delta",)
"""Those of the linear part."""
OF_KERNEL = {"dot": "zeta", "se": "length"}
"""That of each kind of kernel."""

Searched = Literal["length", "zeta", "sigma", "cutoff", "pair_width"]
HYPERPARAMETERS: dict[Searched, Hyperparameter] = {
    "length": Hyperparameter(
        name="length", values=(0.1, 0.14, 0.2, 0.28, 0.4, 0.56, 0.8, 1.13, 1.6, 2.26, 3.2), continuous=True
    ),
    "zeta": Hyperparameter(name="zeta", values=(1, 2, 3, 4, 5, 6, 7, 8), continuous=False),
    "sigma": Hyperparameter(
        name="sigma", values=(0.2, 0.24, 0.28, 0.34, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0), continuous=True
    ),
    "cutoff": Hyperparameter(
        name="cutoff", values=(3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0), continuous=False
    ),
    "pair_width": Hyperparameter(
        name="pair_width", values=(0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8), continuous=True
    ),
}
"""What the marginal likelihood may find, and where it looks."""


class GapSettings(SoapSettings):
    """Overrides of the GAP presets; what is not given follows from `--size` and the data.

    The σ of quantities and config types are `weights` and `config_weights` of the fit, each 1/σ, and `ridge` is 1/δ²
    (`ferrip.models.gap`).
    """

    sparse: int | None = Field(default=None, ge=1, le=20000, description="sparse environments per element")
    sparse_by: Method = Field(default="cur", description="how they are chosen: fps, cur or kmeans")
    features: Literal["soap", "ace"] = Field(
        default="soap", description="what kernels compare: power spectra of SOAP or products of ACE"
    )
    kernel: Literal["dot", "se"] = Field(
        default="dot", description="power of the dot product of directions, or squared exponential"
    )
    zeta: int = Field(default=4, ge=1, le=16, description="power ζ of the dot product")
    length: float = Field(
        default=0.5,
        ge=0.1,
        le=100,
        description="se: length scale θ, in units in which the directions have length 1",
    )
    hyperparameters: tuple[Searched, ...] = Field(
        default=(),
        description="which of length, zeta, sigma, cutoff and pair_width the marginal likelihood of a sample of the "
        "training frames decides, noise and amplitudes with them",
    )
    degree: float | None = Field(default=None, gt=0, le=60, description="ace: total degree at every order")
    max_order: int | None = Field(default=None, ge=2, le=5, description="ace: correlation order")
    constant: float = Field(
        default=1.0, gt=0, le=1e3, description="ace: constant beside the products, over their typical norm"
    )
    linear: Literal["none", "small", "medium", "large"] | None = Field(
        default=None, description="size of the linear ACE beside the kernels; none: kernels alone"
    )
    linear_delta: float = Field(
        default=0.5,
        gt=0,
        le=1e6,
        description="standard deviation of energies of the linear part over that of the environments",
    )
    shape: Literal["auto", "wide", "compact"] = Field(
        default="auto",
        description="reach of the radial functions of ACE; auto: held-out training frames decide",
    )
    pairs: int = Field(default=20, ge=0, le=200, description="pair functions per species pair; 0: none")
    pair_width: float = Field(default=1.0, gt=0.05, le=10, description="length scale θ of the pair kernel, Å")
    pair_cutoff: float | None = Field(default=None, gt=1, le=20, description="cutoff of pair functions, Å")
    pair_delta: float = Field(
        default=1.0, gt=0, description="standard deviation of pair energies over that of the environments"
    )

    @field_validator("hyperparameters", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        """`length,sigma`, as on the command line, or a list of names."""
        return tuple(name.strip() for name in value.split(",")) if isinstance(value, str) else value


def check_features(settings: GapSettings) -> None:
    """Refuses settings that go with other features or kernels than those asked for.

    Raises
    ------
    SettingsError
        For a setting that would have no effect.
    """
    given = settings.model_fields_set | set(settings.hyperparameters)
    for name in OF_ACE if settings.features == "soap" else OF_SOAP:
        if name in given:
            raise SettingsError(f"{name}: features='{settings.features}' has no such setting")
    for name in OF_LINEAR if settings.linear == "none" else ():
        if name in given:
            raise SettingsError(f"{name}: linear='none' has no such setting")
    if "shape" in given and not has_ace(settings):
        raise SettingsError("shape: features='soap' with linear='none' has no such setting")
    if not settings.pairs and "pair_width" in settings.hyperparameters:
        raise SettingsError("pair_width: pairs=0 has no such setting")
    other = OF_KERNEL["se" if settings.kernel == "dot" else "dot"]
    if other in given:
        raise SettingsError(f"{other}: kernel='{settings.kernel}' has no such setting")


def has_ace(settings: GapSettings) -> bool:
    """Whether products of ACE are compared or beside the kernels."""
    return settings.features == "ace" or settings.linear != "none"


def resolve_features(
    settings: GapSettings, preset: Preset, elements: Sequence[int], distances: PairDistances
) -> dict[str, Any]:
    """Complete settings of the functions that kernels compare, with the pair functions."""
    functions = _ace if settings.features == "ace" else _soap
    return functions(settings, preset, elements, distances)


def _soap(
    settings: GapSettings, preset: Preset, elements: Sequence[int], distances: PairDistances
) -> dict[str, Any]:
    """Complete settings of power spectra with the pair part."""
    soap = resolve_soap(settings, elements, distances, n_max=preset.n_max, l_max=preset.l_max)
    if settings.pairs:
        cutoff = settings.pair_cutoff or soap["cutoff"]
        start = PAIR_START * min(distances.minimum.values(), default=0.5 * cutoff)
        soap |= {
            "pair_centers": np.linspace(min(start, 0.5 * cutoff), cutoff, settings.pairs).tolist(),
            "pair_width": settings.pair_width,
            "pair_cutoff": cutoff,
            "pair_cutoff_width": min(settings.cutoff_width, cutoff),
        }
    return soap


def _ace(
    settings: GapSettings, preset: Preset, elements: Sequence[int], distances: PairDistances
) -> dict[str, Any]:
    """Complete settings of ACE with its pair functions."""
    ace = AceSettings(
        cutoff=settings.cutoff,
        pair_cutoff=settings.pair_cutoff,
        n_pair=settings.pairs if "pairs" in settings.model_fields_set else None,
        degree=settings.degree,
        max_order=settings.max_order,
        species=settings.species,
        channels=settings.channels,
        shape=settings.shape,
    )
    return Ace().resolve(ace, preset.ace, elements, distances)
