"""Radial functions of MTP in coordinates in which they are learned.

Per ordered pair of species, the polynomials q_β of `ferrip._core.MomentDescriptor` are combined to functions
`φ_k = Σ_β T_kβ q_β` that are orthogonal in the ball of the cutoff, each with the root mean square `SIZE` there. The
radial functions are `f_μ = S Σ_k θ_μk φ_k` with S elements, so that rows of θ of length 1 over all pairs are functions
of the size of the φ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from ase.data import chemical_symbols
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import eval_jacobi

from ferrip.errors import SettingsError

F64 = NDArray[np.float64]

Range = tuple[float, float, float]
"""(min, max, softness) in Å."""

SIZE = 0.2
"""Root mean square of a radial function in the ball of the cutoff."""
NODES = 200
"""Nodes of the Gauss quadrature of the scalar products: exact for all polynomials."""


def ordered_pairs(elements: Sequence[int]) -> list[str]:
    """Names `centre-neighbor` of all ordered pairs, row by row."""
    return [f"{chemical_symbols[a]}-{chemical_symbols[b]}" for a in elements for b in elements]


@dataclass(frozen=True, kw_only=True)
class RadialFunctions:
    """Radial functions up to their coefficients.

    Attributes
    ----------
    elements
        Atomic numbers, ascending.
    ranges
        Of every ordered pair by name.
    n_polynomials
        Number of polynomials q_β.
    polynomials
        `"chebyshev"` or `"jacobi"`.
    scaling
        Factor s on all q_β, 1/Å².
    """

    elements: Sequence[int]
    ranges: Mapping[str, Range]
    n_polynomials: int
    polynomials: str = "chebyshev"
    scaling: float = 1.0

    @classmethod
    def of(cls, resolved: Mapping[str, Any]) -> RadialFunctions:
        """Those of complete settings."""
        radial = resolved["radial"]
        first = next(iter(radial["coefficients"].values()))
        return cls(
            elements=resolved["elements"],
            ranges={pair: (low, high, soft) for pair, (low, high, soft) in radial["ranges"].items()},
            n_polynomials=len(first[0]),
            polynomials=radial["polynomials"],
            scaling=radial["scaling"],
        )

    def settings(self, theta: F64) -> dict[str, Any]:
        """The entry `radial` of complete settings."""
        blocks = np.split(theta, len(self.ranges), axis=1)
        coefficients = {
            pair: (len(self.elements) * block @ own).tolist()
            for (pair, own), block in zip(self._orthogonal.items(), blocks, strict=True)
        }
        return {
            "polynomials": self.polynomials,
            "scaling": self.scaling,
            "ranges": {pair: list(own) for pair, own in self.ranges.items()},
            "coefficients": coefficients,
        }

    def theta(self, radial: Mapping[str, Any]) -> F64:
        """(functions, pairs · polynomials) θ of the coefficients in the entry `radial` of complete settings."""
        blocks = [
            solve_triangular(own.T, np.array(radial["coefficients"][pair], float).T).T
            for pair, own in self._orthogonal.items()
        ]
        return np.hstack(blocks) / len(self.elements)

    def unlearned(self, n_functions: int) -> F64:
        """θ of the φ themselves, alike for all pairs.

        Raises
        ------
        SettingsError
            For more functions than polynomials.
        """
        if n_functions > self.n_polynomials:
            raise SettingsError(
                f"radial_size: {n_functions} radial functions need as many polynomials, got {self.n_polynomials}"
            )
        own = np.eye(n_functions, self.n_polynomials) / len(self.elements)
        return np.tile(own, len(self.ranges))

    def columns(self, rows: F64) -> F64:
        """Derivatives in θ, row by row, from those in the coefficients (rows, pairs · functions · polynomials)."""
        n_pairs = len(self.ranges)
        derivatives = rows.reshape(len(rows), n_pairs, -1, self.n_polynomials)
        transforms = len(self.elements) * np.array(list(self._orthogonal.values()))
        mixed = np.einsum("rpmb,pkb->rmpk", derivatives, transforms, optimize=True)
        return mixed.reshape(len(rows), -1)

    def values(self, pair: str, coefficients: F64, r: F64) -> F64:
        """(functions, len(r)) functions of a pair at distances in its range."""
        return coefficients @ self._polynomials(pair, r)

    def nearest(self, pair: str, r: F64, values: F64) -> F64:
        """(functions, polynomials) θ of a pair whose functions come nearest to `values` (functions, len(r))."""
        basis = self._orthogonal[pair] @ self._polynomials(pair, r)
        return np.linalg.lstsq((basis * r).T, (values * r).T)[0].T / len(self.elements)

    def _polynomials(self, pair: str, r: F64) -> F64:
        """(polynomials, len(r)) q_β."""
        low, high, _ = self.ranges[pair]
        xi = (2 * r - low - high) / (high - low)
        if self.polynomials == "jacobi":
            powers = np.array(
                [eval_jacobi(k, 4, 0, xi) * ((2 * k + 5) / 32) ** 0.5 for k in range(self.n_polynomials)]
            )
        else:
            powers = chebyshev.chebvander(xi, self.n_polynomials - 1).T
        return self.scaling * (r - high) ** 2 * powers

    @cached_property
    def _orthogonal(self) -> dict[str, F64]:
        """T of every pair, lower triangular."""
        return {pair: self._transform(pair) for pair in self.ranges}

    def _transform(self, pair: str) -> F64:
        low, high, _ = self.ranges[pair]
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        r = 0.5 * (low + high) + 0.5 * (high - low) * nodes
        measure = 0.5 * (high - low) * weights * 3.0 * r**2 / high**3
        triangle = np.linalg.qr((self._polynomials(pair, r) * np.sqrt(measure)).T, mode="r")
        triangle *= np.sign(np.diag(triangle))[:, None]
        return SIZE * solve_triangular(triangle, np.eye(self.n_polynomials)).T


def in_one_range(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """The entry `radial` of complete settings with the same functions in one range, without softness.

    Raises
    ------
    SettingsError
        For pairs with different cutoffs.
    """
    old = RadialFunctions.of(resolved)
    cutoffs = {high for _, high, _ in old.ranges.values()}
    if len(cutoffs) > 1:
        raise SettingsError(
            "the format has one cutoff for all pairs of species, "
            f"this potential has {', '.join(f'{cutoff:g}' for cutoff in sorted(cutoffs))} Å"
        )
    low, high = min(low for low, _, _ in old.ranges.values()), cutoffs.pop()
    if all(own == (low, high, 0.0) for own in old.ranges.values()):
        return dict(resolved["radial"])
    new = replace(old, ranges=dict.fromkeys(old.ranges, (low, high, 0.0)))
    r = 0.5 * (low + high) - 0.5 * (high - low) * np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
    given = resolved["radial"]["coefficients"]
    wanted = {pair: old.values(pair, np.array(rows, float), r) for pair, rows in given.items()}
    return new.settings(np.hstack([new.nearest(pair, r, values) for pair, values in wanted.items()]))


def started_from(path: str, radial: RadialFunctions, theta: F64) -> F64:
    """`theta` with its first functions from a potential file.

    Functions of pairs that the file does not have are those of the pair that comes nearest in its range, stretched to
    the pair's own.

    Raises
    ------
    SettingsError
        For a potential of another family.
    """
    from ferrip.potential_io import load

    potential = load(path)
    if potential.family != "mtp":
        raise SettingsError(
            f"start: expected a potential of the family 'mtp', {path} is {potential.family!r}"
        )
    known = RadialFunctions.of(potential.settings)
    coefficients = {
        pair: np.array(own, float) for pair, own in potential.settings["radial"]["coefficients"].items()
    }
    n = min(len(theta), min(map(len, coefficients.values())))
    blocks = []
    for pair, (low, high, _) in radial.ranges.items():
        distance = {
            other: abs(start - low) + abs(end - high) for other, (start, end, _) in known.ranges.items()
        }
        source = pair if pair in known.ranges else min(distance, key=lambda other: distance[other])
        start, end, _ = known.ranges[source]
        x = 0.5 - 0.5 * np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
        r = low + (high - low) * x
        there = np.minimum(r, end) if source == pair else start + (end - start) * x
        blocks.append(radial.nearest(pair, r, known.values(source, coefficients[source][:n], there)))
    return np.vstack([np.hstack(blocks), theta[n:]])
