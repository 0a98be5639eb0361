"""MTP: moment tensor potentials. Imported ones are read exactly; below `min_dist` their polynomials go on.

The level rule and the radial functions are those of `ferrip._core.MomentDescriptor`.

Sources: A. V. Shapeev, doi:10.1137/15M1054183; I. S. Novikov, K. Gubaev, E. V. Podryabinkin, A. V. Shapeev,
doi:10.1088/2632-2153/abc9fe.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from ferrip import _core
from ferrip.errors import SettingsError
from ferrip.models.family import Family, register

if TYPE_CHECKING:
    from ferrip.fitting.distances import PairDistances

F64 = NDArray[np.float64]


class MtpSettings(BaseModel):
    """No settings yet: potentials are read from files."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
        """Nothing to resolve yet: these potentials are read, not fitted.

        Raises
        ------
        SettingsError
            Always.
        """
        raise SettingsError("model 'mtp' is read from .mtp and .almtp files; to fit a potential, use 'ace'")

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


def ordered_pairs(elements: Sequence[int]) -> list[str]:
    """Names `centre-neighbor` of all ordered pairs, row by row."""
    return [f"{chemical_symbols[a]}-{chemical_symbols[b]}" for a in elements for b in elements]


register(Mtp())
