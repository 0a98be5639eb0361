"""SOAP power spectra: complete settings from a few numbers and the data.

Sources: Bartók, Kondor, Csányi, doi:10.1103/PhysRevB.87.184115; Himanen et al., doi:10.1016/j.cpc.2019.106949; weights
that fall with the distance: Willatt, Musil, Ceriotti, doi:10.1039/C8CP05921G.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from ase.data import covalent_radii
from pydantic import BaseModel, ConfigDict, Field

from ferrip import _core
from ferrip.models.embedding import species_weights

if TYPE_CHECKING:
    from ferrip.fitting.distances import PairDistances

CUTOFF_FACTOR = 2.2
"""Cutoff over the largest typical nearest-neighbor distance of an element. Held-out frames of mlearn_Si at size small:
4.85 meV/atom and 72.1 meV/Å; with 2.0 6.06 and 73.1."""
CUTOFF_RANGE = (4.0, 6.5)
"""Å"""
DECAY_FACTOR = 1.28
"""Distance of half the weight over the same. Held-out frames, sparse environments by CUR: mlearn_Mo at size small
without it 3.54 meV/atom and 136.8 meV/Å, with it 3.23 and 130.0; mlearn_Si, 500 environments: 3.15 and 59.4, then
3.61 and 54.8."""
PADDING_THRESHOLD = 1e-3
"""What Gaussians beyond the cutoff of DScribe have fallen to where they are left out."""
MAX_CHANNELS = 2
"""Largest default number of channels where sums are weighted by species."""
MOST_RESOLVED = 2
"""Elements up to which every species has sums of its own by default."""


class SoapSettings(BaseModel):
    """Overrides of a power spectrum's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    basis: Literal["gto", "polynomial"] = Field(
        default="gto", description="orthonormal radial functions: Gaussian-type or polynomials"
    )
    n_max: int | None = Field(default=None, ge=1, le=16, description="radial functions per l")
    l_max: int | None = Field(default=None, ge=0, le=12, description="largest l")
    cutoff: float | None = Field(default=None, gt=1, le=20, description="cutoff, Å")
    cutoff_width: float = Field(default=1.0, ge=0, le=20, description="Å over which neighbors fade")
    decay_length: float | None = Field(
        default=None,
        ge=0,
        le=20,
        description="distance at which neighbors weigh half, Å; 0: all weigh the same up to the cutoff",
    )
    decay_power: float = Field(default=4.0, ge=2, le=16, description="power of the distance in that weight")
    sigma: float = Field(
        default=0.5, ge=0.1, le=5, description="width of the Gaussians that stand for atoms, Å"
    )
    center_weight: float = Field(default=1.0, gt=0, description="weight of the Gaussian of the centre itself")
    species: Literal["auto", "resolved", "embedded"] = Field(
        default="auto",
        description="sums per neighbor species, or over all weighted by species (auto: from 3 elements on)",
    )
    channels: int | None = Field(default=None, ge=1, description="channels of the element embedding")


def resolve_soap(
    settings: SoapSettings,
    elements: Sequence[int],
    distances: PairDistances,
    *,
    n_max: int,
    l_max: int,
) -> dict[str, Any]:
    """Keyword arguments of `ferrip._core.Descriptor.soap` but for pair functions; `n_max`, `l_max` by default."""
    elements = sorted(int(z) for z in elements)
    soap: dict[str, Any] = {
        "elements": elements,
        "n_max": settings.n_max or n_max,
        "l_max": l_max if settings.l_max is None else settings.l_max,
        "cutoff": settings.cutoff or default_cutoff(elements, distances),
        "cutoff_width": settings.cutoff_width,
        "sigma": settings.sigma,
        "center_weight": settings.center_weight,
    }
    decay = settings.decay_length
    if decay is None:
        decay = round(DECAY_FACTOR * _largest_nearest(elements, distances), 2)
    if decay > 0.0:
        soap |= {"decay_length": decay, "decay_power": settings.decay_power}
    if settings.basis != "gto":
        soap["basis"] = settings.basis
    soap["cutoff_width"] = min(settings.cutoff_width, soap["cutoff"])
    embedded = settings.species == "embedded" or (
        settings.species == "auto" and len(elements) > MOST_RESOLVED
    )
    if embedded:
        channels = min(settings.channels or MAX_CHANNELS, len(elements))
        soap["species_weights"] = species_weights(elements, channels)
    return soap


def default_cutoff(elements: Sequence[int], distances: PairDistances) -> float:
    """Å, from the typical nearest-neighbor distances."""
    return round(float(np.clip(CUTOFF_FACTOR * _largest_nearest(elements, distances), *CUTOFF_RANGE)), 1)


def _largest_nearest(elements: Sequence[int], distances: PairDistances) -> float:
    """Å, the largest typical nearest-neighbor distance of an element."""
    nearest = [
        min(
            (d for pair, d in distances.nearest.items() if z in pair),
            default=2.0 * float(covalent_radii[z]),
        )
        for z in elements
    ]
    return max(nearest)


def dscribe_soap(
    elements: Sequence[int],
    *,
    r_cut: float,
    n_max: int,
    l_max: int,
    sigma: float = 1.0,
    rbf: Literal["gto", "polynomial"] = "gto",
) -> _core.Descriptor:
    """The power spectrum of DScribe 2 with its defaults: the same numbers in the same order.

    Neighbors beyond the cutoff count as long as their Gaussians reach into it, and end abruptly: for comparisons,
    not for dynamics.

    Parameters
    ----------
    elements
        Atomic numbers.
    r_cut, sigma
        Å
    n_max, l_max
        Radial functions per l, and the largest l.
    rbf
        Radial basis.

    Examples
    --------
    >>> dscribe_soap([14], r_cut=4.0, n_max=4, l_max=3).n_features
    40
    """
    reach = r_cut + sigma * (-2.0 * float(np.log(PADDING_THRESHOLD))) ** 0.5
    return _core.Descriptor.soap(
        elements=sorted(elements),
        n_max=n_max,
        l_max=l_max,
        cutoff=r_cut,
        sigma=sigma,
        reach=reach,
        symmetric=False,
        basis=rbf,
    )
