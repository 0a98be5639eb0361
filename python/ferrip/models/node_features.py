"""Invariants of atomic environments as first features of graph networks: functions of ACE, or a SOAP power spectrum.

Sources: Drautz, doi:10.1103/PhysRevB.99.014104; Bartók, Kondor, Csányi, doi:10.1103/PhysRevB.87.184115.

Features of an atom depend on its neighbors within the cutoff of the network, so that what a network says of an atom
reaches one cutoff further than its messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ferrip import _core
from ferrip.errors import ModelFileError
from ferrip.models.ace import Ace, AceSettings
from ferrip.models.soap import SoapSettings, resolve_soap

if TYPE_CHECKING:
    from ferrip._core import Structure
    from ferrip.fitting.distances import PairDistances

F64 = NDArray[np.float64]

Kind = Literal["ace", "soap"]

N_MAX, L_MAX = 4, 3
"""Radial functions and largest l of power spectra; those of ACE are of its size small."""
LEAST_SPREAD = 1e-6
"""Features that vary less than this, relative to the one that varies most, are left out."""


def resolve_node_features(
    kind: Kind, elements: Sequence[int], cutoff: float, distances: PairDistances
) -> dict[str, Any]:
    """Complete settings (JSON types) of the features, but for `means` and `factors`, which the training finds."""
    if kind == "ace":
        settings = Ace().resolve(AceSettings(cutoff=cutoff, pair_cutoff=cutoff), "small", elements, distances)
    else:
        settings = resolve_soap(SoapSettings(cutoff=cutoff), elements, distances, n_max=N_MAX, l_max=L_MAX)
    n_features = _descriptor(kind, settings).n_features
    return {
        "kind": kind,
        "descriptor": settings,
        "means": [[0.0] * n_features for _ in elements],
        "factors": [1.0] * n_features,
    }


def _descriptor(kind: str, settings: Mapping[str, Any]) -> _core.Descriptor:
    return Ace().descriptor(dict(settings)) if kind == "ace" else _core.Descriptor.soap(**settings)


@dataclass(frozen=True, kw_only=True)
class NodeFeatures:
    """Standardised features x = (B − m) s of atoms, of K functions in all for S elements.

    Attributes
    ----------
    descriptor
        What computes B.
    means
        (S, K) m by the element of the atom, in the order of the elements.
    factors
        (K,) s; 0 for a feature that is left out.
    """

    descriptor: _core.Descriptor
    means: F64
    factors: F64

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> NodeFeatures | None:
        """Those of complete settings of a network; `None` without any.

        Raises
        ------
        ModelFileError
            Means and factors do not fit the descriptor.
        """
        chosen = settings.get("node_features")
        if chosen is None:
            return None
        descriptor = _descriptor(chosen["kind"], chosen["descriptor"])
        means, factors = (np.array(chosen[name], dtype=np.float64) for name in ("means", "factors"))
        n = descriptor.n_features
        if means.shape != (len(settings["elements"]), n) or factors.shape != (n,):
            raise ModelFileError(f"node_features: expected means and factors of {n} features")
        return cls(descriptor=descriptor, means=means, factors=factors)

    def values(self, structure: Structure, num_threads: int | None = None) -> F64:
        """(N, K) standardised features; 0 for those of other elements."""
        species = np.searchsorted(self.descriptor.elements, structure[0])
        return (self.descriptor.values(structure, num_threads) - self.means[species]) * self.factors

    def free(self) -> F64:
        """(S, K) features of free atoms."""
        nowhere = np.zeros((1, 3)), np.eye(3), np.zeros(3, dtype=np.bool_)
        return np.concatenate([self.values((np.array([z]), *nowhere)) for z in self.descriptor.elements])

    def standardised(self, structures: Sequence[Structure], num_threads: int | None = None) -> NodeFeatures:
        """The same features with mean 0 and spread 1 over the atoms of structures."""
        raw = replace(self, means=np.zeros_like(self.means), factors=np.ones_like(self.factors))
        values = np.concatenate([raw.values(one, num_threads) for one in structures])
        numbers = np.concatenate([one[0] for one in structures])
        means, spread = np.zeros_like(self.means), np.zeros_like(self.factors)
        for row, z in enumerate(self.descriptor.elements):
            own = slice(*self.descriptor.feature_range(z))
            found = values[numbers == z, own]
            if len(found):
                means[row, own], spread[own] = found.mean(axis=0), found.std(axis=0)
        varies = spread > LEAST_SPREAD * spread.max()
        return replace(
            self, means=means, factors=np.divide(1.0, spread, out=np.zeros_like(spread), where=varies)
        )

    def described(self) -> dict[str, Any]:
        """What `resolve_node_features` leaves open."""
        return {"means": self.means.tolist(), "factors": self.factors.tolist()}
