"""Symmetry functions (ACSF): complete settings from a few numbers and the data.

    G2 = Σ_j exp(−η (r_ij − R_s)²) f(r_ij)
    G4 = 2^{1−ζ} Σ_{j<k} (1 + λ cos θ)^ζ exp(−η (r_ij² + r_ik² + r_jk²)) f(r_ij) f(r_ik) f(r_jk)
    G5 = 2^{1−ζ} Σ_{j<k} (1 + λ cos θ)^ζ exp(−η (r_ij² + r_ik²)) f(r_ij) f(r_ik)

Sources: Behler, doi:10.1063/1.3553717; with weights (wACSF) Gastegger et al., doi:10.1063/1.5019667; the grid of
parameters Imbalzano et al., doi:10.1063/1.5024611; Himanen et al. (DScribe), doi:10.1016/j.cpc.2019.106949.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ferrip import _core
from ferrip.models.soap import default_cutoff

if TYPE_CHECKING:
    from ferrip.fitting.distances import PairDistances

MOST_RESOLVED = 2
"""Elements up to which every (pair of) species has functions of its own by default."""


class AcsfSettings(BaseModel):
    """Overrides of the settings of symmetry functions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cutoff: float | None = Field(default=None, gt=1, le=20, description="cutoff, Å")
    radial: int = Field(default=8, ge=1, le=32, description="steps of the grid of radial functions")
    angular: int = Field(default=3, ge=0, le=16, description="widths of angular functions")
    zetas: tuple[float, ...] = Field(default=(1.0, 4.0, 16.0), description="sharpness ζ of angular functions")
    form: Literal["g4", "g5"] = Field(
        default="g5", description="angular functions with (g4) or without (g5) the distance of the neighbors"
    )
    species: Literal["auto", "resolved", "weighted"] = Field(
        default="auto",
        description="functions per (pair of) species, or weights by atomic number (auto: from 3 elements on)",
    )
    fade: Literal["cosine", "quintic"] = Field(default="quintic", description="cutoff function")


def resolve_acsf(settings: AcsfSettings, elements: Sequence[int], distances: PairDistances) -> dict[str, Any]:
    """Keyword arguments of `ferrip._core.AcsfDescriptor`."""
    elements = sorted(int(z) for z in elements)
    cutoff = settings.cutoff or default_cutoff(elements, distances)
    widths, shells = radial_grid(cutoff, settings.radial)
    step = max(1, settings.radial // max(settings.angular, 1))
    angular = [
        (eta, zeta, sign)
        for eta, _ in widths[::step][: settings.angular]
        for zeta in settings.zetas
        for sign in (-1.0, 1.0)
    ]
    acsf: dict[str, Any] = {
        "elements": elements,
        "cutoff": cutoff,
        "g2": widths + shells,
        settings.form: angular,
        "fade": settings.fade,
    }
    weighted = settings.species == "weighted" or (
        settings.species == "auto" and len(elements) > MOST_RESOLVED
    )
    if weighted:
        acsf["species_weights"] = atomic_number_weights(elements)
    return acsf


def radial_grid(cutoff: float, n: int) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """(η, R_s) of n + 1 Gaussians at the centre and n on shells, both denser where neighbors are close.

    Parameters
    ----------
    cutoff
        Å
    n
        Steps of the grid.

    Examples
    --------
    >>> widths, shells = radial_grid(6.0, 2)
    >>> [round(eta, 3) for eta, _ in widths]
    [0.028, 0.056, 0.111]
    >>> [round(shell, 2) for _, shell in shells]
    [3.0, 4.24]
    """
    base = max(n, 2)
    widths = [((base ** (m / n)) / cutoff) ** 2 for m in range(n + 1)]
    edges = [cutoff / base ** (m / n) for m in range(n, -1, -1)]
    shells = [((high - low) ** -2, low) for low, high in pairwise(edges)]
    return [(eta, 0.0) for eta in widths], shells


def atomic_number_weights(elements: Sequence[int]) -> list[list[float]]:
    """One row of weights: neighbors count by their atomic number."""
    return [[float(z) for z in sorted(elements)]]


def dscribe_acsf(
    elements: Sequence[int],
    *,
    r_cut: float,
    g2: Sequence[tuple[float, float]] = (),
    g4: Sequence[tuple[float, float, float]] = (),
    g5: Sequence[tuple[float, float, float]] = (),
) -> _core.AcsfDescriptor:
    """The functions of DScribe 2: G1 (the sum of cutoff functions) before G2, its order, its cosine cutoff.

    Parameters
    ----------
    elements
        Atomic numbers.
    r_cut
        Å
    g2
        (η, R_s) in Å⁻² and Å.
    g4, g5
        (η, ζ, λ)

    Examples
    --------
    >>> dscribe_acsf([14], r_cut=4.0, g2=[(1.0, 2.0)], g4=[(0.1, 1, -1), (0.1, 1, 1)]).n_features
    4
    """
    return _core.AcsfDescriptor(
        elements=sorted(elements), cutoff=r_cut, g2=[(0.0, 0.0), *g2], g4=list(g4), g5=list(g5), fade="cosine"
    )
