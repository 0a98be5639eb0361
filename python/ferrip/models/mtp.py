"""MTP: moment tensor potentials. Presets behind `--size` and the settings that override them; imported ones are exact.

The level rule and the radial functions are those of `ferrip._core.MomentDescriptor`. A fit starts from orthonormal
radial functions and learns them (`ferrip.fitting.radials`), level by level; the linear coefficients are then those
of any linear fit. Towards the shortest distance of a pair its functions level off on top of the core repulsion, so
that polynomials are never taken where there are no data; in imported potentials they go on, as in MLIP.

Sources: A. V. Shapeev, doi:10.1137/15M1054183; I. S. Novikov, K. Gubaev, E. V. Podryabinkin, A. V. Shapeev,
doi:10.1088/2632-2153/abc9fe.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from ase.data import covalent_radii
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ferrip import _core
from ferrip.errors import SettingsError
from ferrip.models.family import Family, preset_of, register
from ferrip.models.mtp_radial import RadialFunctions, ordered_pairs, started_from
from ferrip.models.mtp_template import RULE, n_functions, read_template
from ferrip.models.pairs import lengths, pair_name

if TYPE_CHECKING:
    from ferrip.fitting.distances import PairDistances

F64 = NDArray[np.float64]

LEVELS = {"small": 16, "medium": 20, "large": 24}
"""92, 288 and 864 functions."""
CUTOFF_FACTOR = 1.9
"""Cutoff over the largest typical nearest-neighbor distance of the elements."""
CUTOFF_RANGE = (5.0, 7.0)
"""Å; held-out training frames prefer 5.0 Å to 4.6 (mlearn_Si), 4.5 (Ni) and 5.7 Å (Mo)."""
POLYNOMIALS = 12
"""Default number of polynomials of a radial function. Held-out frames of mlearn_Si at level 20: 3.61 meV/atom and 54.5
meV/Å; with 8 (as in published potentials) 3.61 and 57.9."""
SOFTNESS = 0.2
"""Å above the shortest distance over which the functions level off."""
UNSEEN_START = 0.8
"""Where functions of pairs level off that the data do not have, in sums of covalent radii."""
LADDER = (12, 16, 20)
"""Levels on which radial functions are learned before those of a higher one."""


class MtpSettings(BaseModel):
    """Overrides of the MTP presets; what is not given follows from `--size` and the data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: int | None = Field(default=None, ge=2, le=32, description="level: Σ (2 + 4μ + ν) of every scalar")
    max_radial: int | None = Field(default=None, ge=0, le=15, description="largest μ, beyond the level")
    max_rank: int | None = Field(default=None, ge=0, le=15, description="largest rank ν, beyond the level")
    max_factors: int = Field(default=4, ge=1, le=5, description="largest number of moments in a product")
    cutoff: float | None = Field(default=None, gt=0, le=20, description="cutoff, Å")
    cutoffs: dict[str, float] | None = Field(
        default=None, description="cutoff of single pairs, e.g. Si-O: 4.5 (Å); others have cutoff"
    )
    min_distances: dict[str, float] | None = Field(
        default=None,
        description="distance per pair (Å) towards which its functions level off; else from the data",
    )
    softness: float = Field(
        default=SOFTNESS, ge=0, le=1, description="width of the levelling off, Å; 0: none"
    )
    polynomials: Literal["chebyshev", "jacobi"] = Field(
        default="chebyshev", description="polynomials of the radial functions"
    )
    radial_size: int = Field(default=POLYNOMIALS, ge=1, le=64, description="polynomials per radial function")
    radial: Literal["learned", "fixed"] = Field(
        default="learned",
        description="fixed: orthonormal radial functions, only linear coefficients are fitted",
    )
    start: str | None = Field(
        default=None, description="potential (.ferrip, .mtp) whose radial functions the fit starts from"
    )
    template: str | None = Field(
        default=None,
        description="file of MLIP (.mtp, .almtp), trained or not, with scalars and cutoff to be fitted",
    )


class Mtp(Family):
    """The MTP family.

    Complete settings are `elements`, `scalars` (a rule: `level`, `max_radial`, `max_rank`, `max_factors`; or a list:
    `moments`, `n_nodes`, `products`, `scalars`) and `radial`: `polynomials`, `scaling`, and by ordered pair of
    symbols `ranges` of (min, max, softness) in Å and `coefficients` (functions, polynomials).
    """

    name = "mtp"
    settings_class: type[BaseModel] = MtpSettings
    citations: tuple[str, ...] = ("10.1137/15M1054183", "10.1088/2632-2153/abc9fe")

    def resolve(
        self, settings: BaseModel, size: str, elements: Sequence[int], distances: PairDistances
    ) -> dict[str, Any]:
        """The level, and ranges and first radial functions of every ordered pair."""
        settings, scalars = _with_scalars(_own(settings), preset_of(LEVELS, size))
        elements = sorted(int(z) for z in elements)
        radial = RadialFunctions(
            elements=elements,
            ranges=_ranges(settings, elements, distances),
            n_polynomials=settings.radial_size,
            polynomials=settings.polynomials,
        )
        theta = radial.unlearned(n_functions(scalars))
        if settings.start is not None:
            theta = started_from(settings.start, radial, theta)
        return {"elements": elements, "scalars": scalars, "radial": radial.settings(theta)}

    def learns_radials(self, settings: BaseModel) -> bool:
        """Whether the radial functions are part of the fit."""
        return _own(settings).radial == "learned"

    def radial_ladder(self, settings: BaseModel, resolved: dict[str, Any]) -> list[dict[str, Any]]:
        """Complete settings of lower levels, and these: where radial functions are learned one after the other."""
        scalars = resolved["scalars"]
        if _own(settings).start or "level" not in scalars:
            return [resolved]
        lower = [level for level in LADDER if level < scalars["level"]]
        rungs = []
        for level in [*lower, scalars["level"]]:
            own = scalars | {"level": level}
            rungs.append(resolved | {"scalars": own, "radial": _cut(resolved["radial"], n_functions(own))})
        return rungs

    def radials_of(self, resolved: dict[str, Any]) -> F64:
        """(functions, columns) θ of complete settings."""
        return RadialFunctions.of(resolved).theta(resolved["radial"])

    def with_radials(self, resolved: dict[str, Any], theta: F64) -> dict[str, Any]:
        """Complete settings with other θ."""
        return resolved | {"radial": RadialFunctions.of(resolved).settings(theta)}

    def radial_columns(self, resolved: dict[str, Any], rows: F64) -> F64:
        """Columns of θ from those of the radial coefficients (rows, pairs · functions · polynomials)."""
        return RadialFunctions.of(resolved).columns(rows)

    def descriptor(self, resolved: dict[str, Any]) -> _core.MomentDescriptor:
        """The compiled descriptor."""
        pairs = ordered_pairs(resolved["elements"])
        radial, scalars = resolved["radial"], dict(resolved["scalars"])
        n = len(resolved["elements"])
        coefficients = np.array([radial["coefficients"][pair] for pair in pairs], dtype=np.float64)
        common: dict[str, Any] = {
            "elements": resolved["elements"],
            "polynomials": radial["polynomials"],
            "scaling": radial["scaling"],
            "ranges": [tuple(radial["ranges"][pair]) for pair in pairs],
            "coefficients": coefficients.reshape(n, n, *coefficients.shape[1:]),
        }
        if "level" in scalars:
            return _core.MomentDescriptor.level(**scalars, **common)
        for name in ("moments", "products"):
            scalars[name] = [tuple(one) for one in scalars[name]]
        return _core.MomentDescriptor.explicit(**scalars, **common)


def _own(settings: BaseModel) -> MtpSettings:
    if not isinstance(settings, MtpSettings):
        raise TypeError(f"expected MtpSettings, got {type(settings).__name__}")
    return settings


def _with_scalars(settings: MtpSettings, level: int) -> tuple[MtpSettings, dict[str, Any]]:
    """Settings with the cutoff of their template, and the entry `scalars` of complete settings."""
    rule = {name: getattr(settings, name) for name in RULE}
    if settings.template is None:
        return settings, rule | {"level": settings.level or level}
    given = [name for name in RULE if name in settings.model_fields_set]
    if given:
        raise SettingsError(f"{given[0]}: the template {settings.template} has its own scalars")
    template = read_template(settings.template)
    cutoff = settings.cutoff or template.cutoff
    return settings.model_copy(update={"cutoff": cutoff}), template.scalars


def _cut(radial: dict[str, Any], count: int) -> dict[str, Any]:
    """Radial settings with the first functions only."""
    coefficients = {pair: rows[:count] for pair, rows in radial["coefficients"].items()}
    return radial | {"coefficients": coefficients}


def _ranges(
    settings: MtpSettings, elements: Sequence[int], distances: PairDistances
) -> dict[str, tuple[float, float, float]]:
    """(min, max, softness) in Å of every ordered pair."""
    covalent = {(a, b): float(covalent_radii[a] + covalent_radii[b]) for a in elements for b in elements}
    nearest = [
        min((d for pair, d in distances.nearest.items() if z in pair), default=covalent[z, z])
        for z in elements
    ]
    common = settings.cutoff or round(float(np.clip(CUTOFF_FACTOR * max(nearest), *CUTOFF_RANGE)), 1)
    cutoffs = lengths("cutoffs", settings.cutoffs or {}, elements)
    starts = lengths("min_distances", settings.min_distances or {}, elements)
    ranges = {}
    for pair in combinations_with_replacement(elements, 2):
        cutoff = cutoffs.get(pair, common)
        seen = distances.minimum.get(pair, UNSEEN_START * covalent[pair])
        start = starts.get(pair, round(min(seen, 0.5 * cutoff), 4))
        if start >= cutoff:
            raise SettingsError(
                f"min_distances: {start} Å for {pair_name(*pair)} is beyond its cutoff, {cutoff} Å"
            )
        ranges[pair] = (start, cutoff, min(settings.softness, 0.5 * (cutoff - start)))
    return {pair_name(a, b): ranges[min(a, b), max(a, b)] for a in elements for b in elements}


register(Mtp())
