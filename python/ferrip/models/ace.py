"""Linear ACE: the presets behind `--size` and the settings that override them.

Everything that was tuned stands in the constants of this file. A preset fixes the correlation order and a target
number of functions per centre element; the total degree is then the largest one that stays within the target.
Lengths follow the data: cutoffs are multiples of typical nearest-neighbor distances.

Sources: Drautz, doi:10.1103/PhysRevB.99.014104; Dusson et al., doi:10.1016/j.jcp.2022.110946; Witt et al.,
doi:10.1063/5.0158783.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from ase.data import covalent_radii
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ferrip import _core
from ferrip.models.embedding import species_weights
from ferrip.models.family import Family, preset_of, register
from ferrip.models.pairs import by_pair, lengths, pair_name

if TYPE_CHECKING:
    from ferrip.fitting.distances import PairDistances

F64 = NDArray[np.float64]

MAX_CUTOFF = 7.0
"""Å"""
PAIR_CUTOFF_EXTRA = 1.0
"""Å by which the pair functions reach further than the many-body functions."""
L_WEIGHT, MOLECULAR_L_WEIGHT = 0.65, 0.35
"""Weight of l in the total degree Σ (n + w l); molecules, whose bonds hardly change their lengths, want angles."""
ORDER_PENALTY = 4.0
"""Products of more factors are larger, and held-out frames want them held down: by this factor per factor."""
RADIAL: dict[str, Any] = {
    "exponents": (2, 4),
    "pair_exponents": (1, 3),
    "pair_outer_zero": 3,
    "pair_inner_zero": 0,
}
"""Agnesi exponents (p, q), many-body and pair, and orders of the zeros of the pair functions."""
RADIAL_EXTRA = 4
"""Functions of the transform beyond as many as there are radial functions, where those are learned."""
MAX_RADIALS = 60
INNER_WIDTH = 0.3
"""Default width of inner cutoffs, Å."""
MAX_CHANNELS = 4
"""Largest default number of channels of the element embedding."""
CONTRAST_DEGREE = 3.0
"""What a factor that tells species apart adds to the total degree."""
DEGREE_STEP = 0.02
MAX_DEGREE = 40.0
MAX_SLOPE = 4.0


Shape = Literal["wide", "compact"]


@dataclass(frozen=True, kw_only=True)
class RadialShape:
    """Reach of the many-body radial functions.

    Attributes
    ----------
    cutoff_factor
        Cutoff over the largest typical nearest-neighbor distance of an element.
    least_cutoff
        Å; the cutoff is not shorter.
    outer_zero, inner_zero
        Order of the zeros at the cutoff and at r = 0.
    """

    cutoff_factor: float
    least_cutoff: float = 4.5
    outer_zero: int
    inner_zero: int


SHAPES: dict[Shape, RadialShape] = {
    "wide": RadialShape(cutoff_factor=2.17, outer_zero=2, inner_zero=1),
    "compact": RadialShape(cutoff_factor=1.8, outer_zero=4, inner_zero=1),
}
"""Cross-validation on training data takes "wide" for mlearn_Si and "compact" for mlearn_Ni and mlearn_Mo."""
MOLECULAR_SHAPES: dict[Shape, RadialShape] = {
    "wide": SHAPES["wide"],
    "compact": RadialShape(cutoff_factor=1.8, least_cutoff=4.0, outer_zero=2, inner_zero=1),
}
"""The same of data without periodic frames: 4.5 Å for ethanol, 4.0 Å for 3BPA."""


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One `--size`.

    Attributes
    ----------
    functions
        Target number of functions per centre element.
    molecular_functions
        The same for molecules, whose few neighbors make functions cheap and whose errors are those of a small basis.
    max_order
        Correlation order.
    slope
        How much the total degree falls from one order to the next.
    n_pair
        Pair functions per species pair.
    most
        Largest number of functions of all elements together.
    """

    functions: int
    molecular_functions: int
    max_order: int
    slope: float
    n_pair: int
    most: int = 4000


PRESETS = {
    "small": Preset(functions=100, molecular_functions=200, max_order=3, slope=1.0, n_pair=10),
    "medium": Preset(functions=300, molecular_functions=600, max_order=3, slope=1.0, n_pair=14),
    "large": Preset(functions=1300, molecular_functions=2000, max_order=4, slope=2.0, n_pair=14),
    "huge": Preset(functions=3000, molecular_functions=6000, max_order=4, slope=2.0, n_pair=14, most=16_000),
}


class AceSettings(BaseModel):
    """Overrides of the ACE presets; what is not given follows from `--size` and the data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: Literal["auto", "wide", "compact"] = Field(
        default="auto", description="reach of the radial functions; auto: held-out training frames decide"
    )
    cutoff: float | None = Field(default=None, gt=0, le=20, description="many-body cutoff, Å")
    pair_cutoff: float | None = Field(default=None, gt=0, le=20, description="pair cutoff, Å")
    max_order: int | None = Field(default=None, ge=1, le=5, description="correlation order")
    degree: float | None = Field(
        default=None, gt=0, le=60, description="total degree, the same at every order"
    )
    degrees: tuple[float, ...] | None = Field(default=None, description="total degree at order 2, 3, …")
    n_pair: int | None = Field(default=None, ge=0, le=64, description="pair functions per species pair")
    l_weight: float | None = Field(default=None, ge=0.25, description="weight of l in the total degree")
    species: Literal["auto", "resolved", "embedded"] = Field(
        default="auto",
        description="factors per neighbor species, or sums over all weighted by species (auto: from 2 elements on)",
    )
    channels: int | None = Field(default=None, ge=1, description="channels of the element embedding")
    contrast_degree: float | None = Field(
        default=None, ge=0, description="degree that a factor costs more if it tells species apart"
    )
    r0: dict[str, float] | None = Field(
        default=None, description="typical distance per pair, e.g. Si-O: 1.62 (Å)"
    )
    cutoffs: dict[str, float] | None = Field(
        default=None, description="many-body cutoff of single pairs, e.g. Si-O: 4.5 (Å); others have cutoff"
    )
    pair_cutoffs: dict[str, float] | None = Field(
        default=None, description="pair cutoff of single pairs (Å); others have pair_cutoff"
    )
    inner_cutoffs: dict[str, float] | None = Field(
        default=None, description="distance per pair (Å) below which all radial functions fade to 0"
    )
    inner_width: float = Field(
        default=INNER_WIDTH, gt=0, le=5, description="width of the inner cutoffs, Å; 0 below end - width"
    )
    radial: Literal["fixed", "learned"] = Field(
        default="fixed", description="learned: the fit also optimises the radial functions of the products"
    )
    functions: tuple[tuple[tuple[int, int, int], ...], ...] | None = Field(
        default=None, description="explicit functions instead of degrees: lists of (atomic number, n, l)"
    )
    exponents: tuple[int, int] | None = Field(default=None, description="Agnesi exponents p, q")
    outer_zero: int | None = Field(default=None, ge=0, description="order of the zero at the cutoff")
    inner_zero: int | None = Field(default=None, ge=0, description="order of the zero at r = 0")
    pair_exponents: tuple[int, int] | None = Field(default=None, description="as exponents, pair functions")
    pair_outer_zero: int | None = Field(default=None, ge=0, description="as outer_zero, pair functions")
    pair_inner_zero: int | None = Field(default=None, ge=0, description="as inner_zero, pair functions")


class Ace(Family):
    """The linear ACE family."""

    name = "ace"
    sizes: tuple[str, ...] = tuple(PRESETS)
    pair_cutoff_extra = PAIR_CUTOFF_EXTRA
    """Å by which pair functions reach further than products where no pair cutoff is given."""
    settings_class: type[BaseModel] = AceSettings
    order_penalty = ORDER_PENALTY
    citations: tuple[str, ...] = (
        "10.1103/PhysRevB.99.014104",
        "10.1016/j.jcp.2022.110946",
        "10.1063/5.0158783",
    )

    def candidates(self, settings: BaseModel) -> list[BaseModel]:
        """Both shapes of the radial functions where neither shape, cutoff nor zeros are given."""
        if not isinstance(settings, AceSettings):
            raise TypeError(f"expected AceSettings, got {type(settings).__name__}")
        given = (settings.cutoff, settings.outer_zero, settings.inner_zero)
        if settings.shape != "auto" or any(value is not None for value in given):
            return [settings]
        return [settings.model_copy(update={"shape": shape}) for shape in SHAPES]

    def learns_radials(self, settings: BaseModel) -> bool:
        """Whether the radial functions of the products are part of the fit."""
        return isinstance(settings, AceSettings) and settings.radial == "learned"

    def radial_ladder(self, settings: BaseModel, resolved: dict[str, Any]) -> list[dict[str, Any]]:
        """The settings themselves: the radial functions are learned on the whole basis."""
        return [resolved]

    def radials_of(self, resolved: dict[str, Any]) -> F64:
        """(n, k) radial functions of the products as combinations of the functions of the distance transform."""
        if "radial_coefficients" in resolved:
            return np.array(resolved["radial_coefficients"], dtype=np.float64)
        table = self.descriptor(resolved).feature_table()
        n = max((n for _, factors in table if len(factors) > 1 for _, n, _ in factors), default=0)
        return np.eye(n, min(n + RADIAL_EXTRA, MAX_RADIALS))

    def with_radials(self, resolved: dict[str, Any], theta: F64) -> dict[str, Any]:
        """Complete settings with other radial functions."""
        return resolved | {"radial_coefficients": theta.tolist()}

    def resolve(
        self, settings: BaseModel, size: str, elements: Sequence[int], distances: PairDistances
    ) -> dict[str, Any]:
        """Arguments of `_core.Descriptor.ace` as JSON types."""
        if not isinstance(settings, AceSettings):
            raise TypeError(f"expected AceSettings, got {type(settings).__name__}")
        preset = preset_of(PRESETS, size)
        shapes = SHAPES if distances.periodic else MOLECULAR_SHAPES
        shape = shapes["wide" if settings.shape == "auto" else settings.shape]
        cutoff = settings.cutoff or _default_cutoff(elements, distances, shape)
        max_order = settings.max_order or preset.max_order
        resolved: dict[str, Any] = {
            "elements": [int(z) for z in elements],
            "cutoff": cutoff,
            "pair_cutoff": settings.pair_cutoff or cutoff + self.pair_cutoff_extra,
            "n_pair": preset.n_pair if settings.n_pair is None else settings.n_pair,
            "l_weight": settings.l_weight or (L_WEIGHT if distances.periodic else MOLECULAR_L_WEIGHT),
            "r0": _typical_distances(elements, distances, settings.r0 or {}),
        }
        resolved |= _of_single_pairs(settings, elements, self.pair_cutoff_extra)
        zeros = {"outer_zero": shape.outer_zero, "inner_zero": shape.inner_zero}
        for name, default in (RADIAL | zeros).items():
            given = getattr(settings, name)
            value = default if given is None else given
            resolved[name] = list(value) if isinstance(value, tuple) else value
        resolved |= _species_basis(settings, elements)
        if settings.functions is not None:
            return resolved | {"functions": [[list(factor) for factor in one] for one in settings.functions]}
        if settings.degrees is not None:
            return resolved | {"degrees": list(settings.degrees)}
        if settings.degree is not None:
            return resolved | {"degrees": _degrees(settings.degree, max_order)}
        functions = preset.functions if distances.periodic else preset.molecular_functions
        target = min(functions * len(elements), preset.most)
        return resolved | {"degrees": self._degrees_for(resolved, target, max_order, preset.slope)}

    def descriptor(self, resolved: dict[str, Any]) -> _core.Descriptor:
        """The compiled descriptor."""
        arguments = dict(resolved)
        for name in ("r0", "cutoffs", "pair_cutoffs"):
            if name in resolved:
                arguments[name] = by_pair(name, resolved[name])
        inner = by_pair("inner_cutoffs", resolved.get("inner_cutoffs", {}))
        arguments["inner_cutoffs"] = {pair: tuple(switch) for pair, switch in inner.items()}
        for name in ("exponents", "pair_exponents"):
            arguments[name] = tuple(resolved[name])
        if "functions" in resolved:
            arguments["functions"] = [[tuple(factor) for factor in one] for one in resolved["functions"]]
        return _core.Descriptor.ace(**arguments)

    def _degrees_for(
        self, resolved: dict[str, Any], target: int, max_order: int, slope: float
    ) -> list[float]:
        """Degrees of the largest basis within `target` functions.

        First with the slope of the preset, then as much more at the lower orders, whose functions are few, as still
        fits.
        """

        def fits(degree: float, slope: float) -> bool:
            degrees = _degrees(degree, max_order, slope)
            return self.descriptor(resolved | {"degrees": degrees}).n_features <= target

        degree = _largest(lambda value: fits(value, slope), 1.0, MAX_DEGREE)
        steeper = _largest(lambda value: fits(degree, value), slope, MAX_SLOPE)
        return _degrees(degree, max_order, steeper)


def _species_basis(settings: AceSettings, elements: Sequence[int]) -> dict[str, Any]:
    """Weights and degree of the element embedding; nothing where every species has its own factors."""
    resolved = settings.species == "resolved" or (
        settings.species == "auto" and settings.functions is not None
    )
    if resolved or len(elements) == 1:
        return {}
    channels = min(settings.channels or MAX_CHANNELS, len(elements))
    contrast = CONTRAST_DEGREE if settings.contrast_degree is None else settings.contrast_degree
    return {"species_weights": species_weights(elements, channels), "contrast_degree": contrast}


def _of_single_pairs(settings: AceSettings, elements: Sequence[int], extra: float) -> dict[str, Any]:
    """Cutoffs and inner cutoffs of single pairs, as far as they are given.

    Pair functions reach `extra` Å further than products, as everywhere, unless a pair cutoff is given.
    """
    cutoffs = lengths("cutoffs", settings.cutoffs or {}, elements)
    pair_cutoffs = lengths("pair_cutoffs", settings.pair_cutoffs or {}, elements)
    if settings.pair_cutoff is None:
        pair_cutoffs = {pair: value + extra for pair, value in cutoffs.items()} | pair_cutoffs
    inner = lengths("inner_cutoffs", settings.inner_cutoffs or {}, elements)
    tables: dict[str, dict[tuple[int, int], Any]] = {
        "cutoffs": cutoffs,
        "pair_cutoffs": pair_cutoffs,
        "inner_cutoffs": {pair: [end, min(settings.inner_width, end)] for pair, end in inner.items()},
    }
    return {
        name: {pair_name(*pair): value for pair, value in table.items()}
        for name, table in tables.items()
        if table
    }


def _degrees(degree: float, max_order: int, slope: float = 0.0) -> list[float]:
    """Largest total degree at orders 2, 3, …: `degree` at the highest, `slope` more for every order below."""
    return [degree + slope * (max_order - order) for order in range(2, max_order + 1)]


def _largest(fits: Callable[[float], bool], start: float, end: float) -> float:
    """Largest multiple of the degree step from `start` to `end` that fits, by steps of 2 and bisection."""
    low, high = start, start + 2.0
    while high < end and fits(high):
        low, high = high, high + 2.0
    while high - low > DEGREE_STEP:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _default_cutoff(elements: Sequence[int], distances: PairDistances, shape: RadialShape) -> float:
    """A multiple of the largest nearest-neighbor distance of an element, in steps of 0.1 Å."""
    nearest = [
        min(
            (d for pair, d in distances.nearest.items() if z in pair),
            default=2.0 * float(covalent_radii[z]),
        )
        for z in elements
    ]
    cutoff = np.clip(shape.cutoff_factor * max(nearest), shape.least_cutoff, MAX_CUTOFF)
    return round(float(cutoff), 1)


def _typical_distances(
    elements: Sequence[int], distances: PairDistances, given: dict[str, float]
) -> dict[str, float]:
    """Typical distance of every unordered pair: given > nearest in the data > covalent radii."""
    wanted = lengths("r0", given, elements)
    typical = {}
    for index, a in enumerate(elements):
        for b in list(elements)[index:]:
            covalent = float(covalent_radii[a] + covalent_radii[b])
            limit = max(1.5 * covalent, distances.minimum.get((a, b), 0.0))
            near = wanted.get((a, b), min(distances.nearest.get((a, b), covalent), limit))
            typical[pair_name(a, b)] = round(float(near), 4)
    return typical


register(Ace())
