"""Neural networks on descriptors, beside a linear potential in the same functions.

    E_i = E0 + c · B_i + N(B_i) − N(0)

N is a small network per element (see `ferrip.network`), of the functions of ACE (all, or those of order ≥ 2), or of all
functions of a SOAP power spectrum (of the neighbors alone, so that free atoms have none), Chebyshev or symmetry
functions. c and N are trained together (see `ferrip.fitting.neural`); torch is needed for `method=adam` alone.

Sources: Behler, Parrinello, doi:10.1103/PhysRevLett.98.146401; Smith, Isayev, Roitberg, doi:10.1039/C6SC05720A.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator

from ferrip import _core
from ferrip.errors import SettingsError
from ferrip.models.ace import Ace, AceSettings
from ferrip.models.acsf import AcsfSettings, resolve_acsf
from ferrip.models.chebyshev import ChebyshevSettings, resolve_chebyshev
from ferrip.models.family import preset_of, register
from ferrip.models.soap import SoapSettings, resolve_soap
from ferrip.network import Architecture

if TYPE_CHECKING:
    from ferrip.fitting.distances import PairDistances

HIDDEN = {"small": (4,), "medium": (4,), "large": (8,)}
"""Hidden layers by size."""
MAX_LAYERS = 8
MAX_WIDTH = 512

Features = Literal["ace", "soap", "chebyshev", "acsf"]
Activation = Literal["isru", "gated"]

CLASSES: dict[str, type[BaseModel]] = {
    "soap": SoapSettings,
    "chebyshev": ChebyshevSettings,
    "acsf": AcsfSettings,
}
"""Settings of the features that are not ACE."""
BY_SIZE: dict[str, dict[str, dict[str, Any]]] = {
    "soap": {
        "small": {"n_max": 4, "l_max": 3},
        "medium": {"n_max": 6, "l_max": 5},
        "large": {"n_max": 8, "l_max": 6},
    },
    "chebyshev": {
        "small": {"radial_order": 10, "angular_order": 6},
        "medium": {"radial_order": 16, "angular_order": 10},
        "large": {"radial_order": 24, "angular_order": 16},
    },
    "acsf": {
        "small": {"radial": 6, "angular": 2},
        "medium": {"radial": 8, "angular": 4},
        "large": {"radial": 12, "angular": 6},
    },
}
"""Settings of these features that sizes choose."""


@dataclass(frozen=True, kw_only=True)
class Preset:
    """Features and layers in the style of a published kind of network.

    Attributes
    ----------
    features, descriptor
        What the network takes, and settings of it.
    hidden, activation
        Its layers.
    source
        DOI.
    """

    features: Features
    hidden: tuple[int, ...]
    activation: Activation
    source: str
    descriptor: dict[str, Any] = field(default_factory=dict)


PRESETS = {
    "behler-parrinello": Preset(
        features="acsf",
        descriptor={"form": "g4", "fade": "cosine", "zetas": (1.0, 2.0, 4.0, 16.0), "angular": 2},
        hidden=(20, 20),
        activation="isru",
        source="10.1103/PhysRevLett.98.146401",
    ),
    "ani-like": Preset(
        features="acsf",
        descriptor={"form": "g5", "fade": "cosine", "radial": 12, "zetas": (1.0, 8.0, 32.0), "angular": 4},
        hidden=(24, 16, 16),
        activation="gated",
        source="10.1039/C6SC05720A",
    ),
}
"""Behler and Parrinello: G2 and G4 with the cosine cutoff, two bounded layers. `ani-like`: many G2 on shells and sharp
angular functions of the centre, three layers; ANI's own angular functions, which are shifted in angle and distance,
have G5 in their place here."""


class NnSettings(AceSettings):
    """Settings of the functions and of the networks; those of ACE are for `features="ace"`."""

    preset: Literal["behler-parrinello", "ani-like"] | None = Field(
        default=None,
        description="features and layers of behler-parrinello (G2, G4, two layers) or ani-like (G2, G5, three layers) "
        "networks; what is given beside it stands",
    )
    features: Features | None = Field(
        default=None, description="functions that networks and linear part take (default: ace)"
    )
    descriptor: dict[str, Any] = Field(
        default_factory=dict,
        description="settings of features other than ace, e.g. {n_max: 6}: fields of SoapSettings, "
        "ChebyshevSettings or AcsfSettings",
    )
    hidden: tuple[int, ...] | None = Field(
        default=None,
        description="outputs of the hidden layers, e.g. [32, 16], of each network that is averaged",
    )
    activation: Activation | None = Field(
        default=None,
        description="isru: a / √(1 + a²), bounded; gated: a (1 + isru(a)) / 2 (default: gated)",
    )

    forces: Literal["gradient", "direct"] = Field(
        default="gradient",
        description="derivatives of the energy, or (not conservative, no stress, in Python alone) vectors of the atom "
        "with weights of its own, see ferrip.direct",
    )

    @field_validator("hidden")
    @classmethod
    def _in_range(cls, hidden: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if hidden is not None and not (
            1 <= len(hidden) <= MAX_LAYERS and all(1 <= width <= MAX_WIDTH for width in hidden)
        ):
            raise ValueError(f"expected 1 to {MAX_LAYERS} layers of 1 to {MAX_WIDTH} outputs")
        return hidden

    @property
    def chosen(self) -> Features:
        """The features, by name or by preset."""
        preset = self.chosen_preset
        return self.features or (preset.features if preset else "ace")

    @property
    def chosen_preset(self) -> Preset | None:
        """The preset of the settings."""
        return PRESETS[self.preset] if self.preset else None


class Nn(Ace):
    """The family of networks on descriptors.

    Complete settings are those of ACE, or `features` and `descriptor`, the keyword arguments of the descriptor.
    """

    name = "nn"
    sizes: tuple[str, ...] = tuple(HIDDEN)
    settings_class: type[BaseModel] = NnSettings
    citations: tuple[str, ...] = (*Ace.citations, "10.1103/PhysRevLett.98.146401", "10.1039/C6SC05720A")

    def candidates(self, settings: BaseModel) -> list[BaseModel]:
        """As for ACE; one of other features."""
        if isinstance(settings, NnSettings) and settings.chosen != "ace":
            return [settings]
        return super().candidates(settings)

    def resolve(
        self, settings: BaseModel, size: str, elements: Sequence[int], distances: PairDistances
    ) -> dict[str, Any]:
        """Complete settings.

        Raises
        ------
        SettingsError
            For settings of other features than the chosen ones.
        """
        own = _checked(settings)
        direct = {"forces": "direct"} if own.forces == "direct" else {}
        if own.chosen == "ace":
            if own.descriptor:
                raise SettingsError("descriptor: is for features other than ace")
            return super().resolve(settings, size, elements, distances) | direct
        of_ace = own.model_fields_set & set(AceSettings.model_fields) - {"cutoff"}
        if of_ace:
            raise SettingsError(f"{min(of_ace)}: is for features=ace, not {own.chosen}")
        given = _descriptor_settings(own, preset_of(BY_SIZE[own.chosen], size))
        return {"features": own.chosen, "descriptor": _resolve(given, elements, distances)} | direct

    def descriptor(self, resolved: dict[str, Any]) -> Any:
        """The compiled descriptor."""
        if "features" not in resolved:
            return super().descriptor({name: one for name, one in resolved.items() if name != "forces"})
        make = {
            "soap": _core.Descriptor.soap,
            "chebyshev": _core.Descriptor.chebyshev,
            "acsf": _core.AcsfDescriptor,
        }
        return make[resolved["features"]](**resolved["descriptor"])

    def architecture(self, settings: BaseModel, size: str) -> Architecture:
        """The layers of the settings, or those of the preset or size."""
        own = _checked(settings)
        preset = own.chosen_preset
        hidden = own.hidden or (preset.hidden if preset else preset_of(HIDDEN, size))
        return Architecture(
            hidden=hidden, activation=own.activation or (preset.activation if preset else "gated")
        )


def _checked(settings: BaseModel) -> NnSettings:
    if not isinstance(settings, NnSettings):
        raise TypeError(f"expected NnSettings, got {type(settings).__name__}")
    return settings


def _descriptor_settings(own: NnSettings, by_size: dict[str, Any]) -> BaseModel:
    """Settings of features other than ACE: those of the size, over them the preset's, over them the user's."""
    preset = own.chosen_preset
    of_preset = preset.descriptor if preset and preset.features == own.chosen else {}
    cutoff: dict[str, Any] = {}
    if own.cutoff is not None:
        cutoff = {"radial_cutoff" if own.chosen == "chebyshev" else "cutoff": own.cutoff}
    try:
        return CLASSES[own.chosen](**(by_size | of_preset | cutoff | own.descriptor))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, ("descriptor", *first["loc"])))
        raise SettingsError(f"{place}: {first['msg']}") from None


def _resolve(given: BaseModel, elements: Sequence[int], distances: PairDistances) -> dict[str, Any]:
    """Keyword arguments of the descriptor."""
    if isinstance(given, SoapSettings):
        soap = resolve_soap(given, elements, distances, n_max=1, l_max=0)
        return soap | {"center_weight": 0.0}
    if isinstance(given, ChebyshevSettings):
        return resolve_chebyshev(given, elements, distances)
    assert isinstance(given, AcsfSettings)
    return resolve_acsf(given, elements, distances)


register(Nn())
