"""Finnis–Sinclair-type ACE: the basis of linear ACE under an embedding of several densities.

Every density has a coefficient for every function, so a model has P times the coefficients of linear ACE on the same
basis, and nearly its cost. How it is trained stands in `ferrip.fitting.nonlinear`.

Sources: Drautz, doi:10.1103/PhysRevB.99.014104; Lysogorskiy et al., doi:10.1038/s41524-021-00559-9; Bochkarev et al.,
doi:10.1103/PhysRevMaterials.6.013804.
"""

from __future__ import annotations

from pydantic import BaseModel, Field, field_validator

from ferrip.models.ace import Ace, AceSettings
from ferrip.models.family import SIZES, register

EXPONENTS = (1.0, 0.5)
"""A linear density and a square root, as in pacemaker's standard models."""
MAX_DENSITIES = 8
PAIR_CUTOFF_EXTRA = 0.0
"""Å; held-out frames of mlearn_Si prefer one cutoff (4.06 meV/atom and 113 meV/Å against 4.11 and 117 with 1 Å more),
and `.yace` has one cutoff per pair."""


class AceFsSettings(AceSettings):
    """Settings of linear ACE and of the embedding."""

    density_exponents: tuple[float, ...] = Field(
        default=EXPONENTS, description="exponent of the function of every density; the first is 1"
    )

    @field_validator("density_exponents")
    @classmethod
    def _in_range(cls, exponents: tuple[float, ...]) -> tuple[float, ...]:
        if not 1 <= len(exponents) <= MAX_DENSITIES or exponents[0] != 1.0:
            raise ValueError(f"expected 1 to {MAX_DENSITIES} exponents, the first of them 1")
        if not all(0.1 <= m <= 4 for m in exponents):
            raise ValueError("expected exponents from 0.1 to 4")
        return exponents


class AceFs(Ace):
    """The family of ACE with embedded densities."""

    name = "ace-fs"
    sizes: tuple[str, ...] = SIZES
    pair_cutoff_extra = PAIR_CUTOFF_EXTRA
    settings_class: type[BaseModel] = AceFsSettings
    citations: tuple[str, ...] = (
        *Ace.citations,
        "10.1038/s41524-021-00559-9",
        "10.1103/PhysRevMaterials.6.013804",
    )

    def terms(self, settings: BaseModel) -> tuple[tuple[float, float], ...]:
        """Prefactor 1 and the exponents of the settings."""
        if not isinstance(settings, AceFsSettings):
            raise TypeError(f"expected AceFsSettings, got {type(settings).__name__}")
        return tuple((1.0, exponent) for exponent in settings.density_exponents)


register(AceFs())
