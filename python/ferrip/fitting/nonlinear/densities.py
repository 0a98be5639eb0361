"""Densities of embedded potentials: coefficients of every density, and those of them that are free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferrip import _core

F64 = NDArray[np.float64]

EMBEDDING = "FinnisSinclairShiftedScaled"

Terms = tuple[tuple[float, float], ...]
"""(prefactor, exponent) of the function of each density."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Densities:
    """The densities of `E_i = Σ_p w_p f(ρ_ip; m_p)`, `ρ_ip = Σ_k c_pk B_ik`.

    Attributes
    ----------
    terms
        (w_p, m_p) of every density.
    coefficients
        (P, K) c.
    free
        (P, K) which coefficients are trained; the others keep their value.
    """

    terms: Terms
    coefficients: F64
    free: NDArray[np.bool_]

    @property
    def vector(self) -> F64:
        """The free coefficients, density by density."""
        return self.coefficients[self.free]

    def moved(self, vector: F64) -> Densities:
        """With other values of the free coefficients."""
        coefficients = self.coefficients.copy()
        coefficients[self.free] = vector
        return replace(self, coefficients=coefficients)

    def evaluator(self, descriptor: Any, repulsion: Sequence[_core.PairTerm]) -> _core.Evaluator:
        """The evaluator of energies without E0."""
        return _core.Evaluator.from_readout(descriptor, self.readout(descriptor), repulsion)

    def readout(self, descriptor: Any, e0: Mapping[int, float] | None = None) -> _core.Readout:
        """The readout of the core, with the energies `e0` (eV, none: 0) of the free atoms."""
        ranges = [descriptor.feature_range(z) for z in descriptor.elements]
        energies = [0.0 if e0 is None else e0[z] for z in descriptor.elements]
        parts = [np.ascontiguousarray(self.coefficients[:, start:end]) for start, end in ranges]
        return _core.Readout(descriptor, energies, parts, [(EMBEDDING, list(self.terms))] * len(parts))
