"""Chebyshev descriptors (ænet): complete settings from a few numbers and the data; constant size in the elements.

    radial   Σ_j w_j T_n(2 r_j / r_c − 1) f(r_j),   angular   Σ_{j<k} w_j w_k T_n(cos θ_jk) f(r_j) f(r_k)

once with all weights 1 and, from two elements on, once with one number per element.
Source: Artrith, Urban, Ceder, doi:10.1103/PhysRevB.96.014112.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ferrip.models.soap import default_cutoff

if TYPE_CHECKING:
    from ferrip.fitting.distances import PairDistances


class ChebyshevSettings(BaseModel):
    """Overrides of the settings of a Chebyshev descriptor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    radial_order: int = Field(default=16, ge=0, le=40, description="largest degree of radial polynomials")
    angular_order: int = Field(default=8, ge=0, le=20, description="largest degree of angular polynomials")
    radial_cutoff: float | None = Field(
        default=None, gt=1, le=20, description="cutoff of radial functions, Å"
    )
    angular_cutoff: float | None = Field(
        default=None, gt=1, le=20, description="cutoff of angular functions, Å (default: that of radial ones)"
    )
    fade: Literal["cosine", "quintic"] = Field(default="quintic", description="cutoff function")


def resolve_chebyshev(
    settings: ChebyshevSettings, elements: Sequence[int], distances: PairDistances
) -> dict[str, Any]:
    """Keyword arguments of `ferrip._core.Descriptor.chebyshev`."""
    elements = sorted(int(z) for z in elements)
    radial_cutoff = settings.radial_cutoff or default_cutoff(elements, distances)
    return {
        "elements": elements,
        "radial_order": settings.radial_order,
        "angular_order": settings.angular_order,
        "radial_cutoff": radial_cutoff,
        "angular_cutoff": settings.angular_cutoff or radial_cutoff,
        "species_weights": pseudo_spins(len(elements)),
        "fade": settings.fade,
    }


def pseudo_spins(n_elements: int) -> list[list[float]]:
    """Rows of weights: all 1, and from two elements on different integers around 0.

    The 0 itself is left out of an even number.

    Examples
    --------
    >>> pseudo_spins(1), pseudo_spins(2)
    ([[1.0]], [[1.0, 1.0], [-1.0, 1.0]])
    >>> pseudo_spins(3)[1], pseudo_spins(4)[1]
    ([-1.0, 0.0, 1.0], [-2.0, -1.0, 1.0, 2.0])
    """
    ones = [1.0] * n_elements
    if n_elements == 1:
        return [ones]
    half = n_elements // 2
    spins = [float(s) for s in range(-half, half + 1) if s != 0 or n_elements % 2]
    return [ones, spins]
