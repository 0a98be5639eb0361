"""Readouts of several densities: from the features of an atom to its energy.

    E_i = E0 + f_cut(ρ_core) · Σ_p w_p F_{m_p}(ρ_p) + ρ_core,    ρ_p = c_p · B_i,    ρ_core = d · B_i

or, where the nearest neighbor switches, E_i = E0 + f Σ_p w_p F_{m_p}(ρ_p) + (1 − f) ρ_core with f of its distance,
with the embeddings of ML-PACE (Lysogorskiy et al., doi:10.1038/s41524-021-00559-9). The coefficients c and d are
arrays of the potential; this file holds the numbers per element, which are few and stored as JSON.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ferrip.errors import FerripError

SHAPES = ("FinnisSinclair", "FinnisSinclairShiftedScaled")


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """From the densities of one centre element to its energy.

    Attributes
    ----------
    shape
        `"FinnisSinclair"` or `"FinnisSinclairShiftedScaled"`.
    terms
        (w, m) of each density: prefactor (eV) and exponent.
    core_switch
        (end, width) in eV: the embedding is switched off where ρ_core grows from end − width to end; `None`
        without core repulsion.
    nearest_switch
        Instead of it (start, width) in Å by neighbor element, in the order of the elements: the energy goes over from
        ρ_core to the embedding with the distance of the nearest neighbor.

    Examples
    --------
    >>> Embedding(shape="FinnisSinclairShiftedScaled", terms=((1.0, 1.0), (1.0, 0.5))).n_densities
    2
    """

    shape: str
    terms: tuple[tuple[float, float], ...]
    core_switch: tuple[float, float] | None = None
    nearest_switch: tuple[tuple[float, float], ...] | None = None

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise FerripError(f"embedding: expected one of {', '.join(SHAPES)}, got {self.shape!r}")
        if not self.terms or not all(math.isfinite(w) and 0 < m < math.inf for w, m in self.terms):
            raise FerripError(
                f"embedding: expected finite prefactors and positive exponents, got {self.terms}"
            )

    @property
    def n_densities(self) -> int:
        """Number of densities."""
        return len(self.terms)

    def to_json(self) -> dict[str, Any]:
        """The embedding in JSON types."""
        switch: Any = None if self.core_switch is None else list(self.core_switch)
        if self.nearest_switch is not None:
            switch = {"nearest": [list(one) for one in self.nearest_switch]}
        return {"shape": self.shape, "terms": [list(term) for term in self.terms], "core_switch": switch}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Embedding:
        """The embedding that `to_json` described."""
        switch = document["core_switch"]
        nearest = switch["nearest"] if isinstance(switch, Mapping) else None
        core = None if nearest is not None else switch
        return cls(
            shape=str(document["shape"]),
            terms=tuple((float(w), float(m)) for w, m in document["terms"]),
            core_switch=None if core is None else (float(core[0]), float(core[1])),
            nearest_switch=None if nearest is None else tuple((float(s), float(w)) for s, w in nearest),
        )
