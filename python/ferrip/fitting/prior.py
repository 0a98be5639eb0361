"""The Gaussian prior of the coefficients: smooth functions first, and species that resemble each other.

The coefficients of functions that differ only in species are correlated. A similarity κ of neighbor species implies
the covariance C of such functions of one centre (`tied_functions` of the descriptor), a similarity κ₀ of centre
species the covariance κ₀ ⊗ C over all centres. With T = (κ₀ ⊗ C)^½ the coefficients are c = T u of uncorrelated u,
and any regressor that penalises ‖Γ u‖² solves for u. What the data never show together takes from what resembles
it; the posterior of such functions is as wide as the prior says. A family may state the covariance of functions
itself (`CorrelatedFamily`), as splines do with their curvature.

Both similarities are `1` on and `tie` off the diagonal; 0 leaves species independent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ferrip.fitting.evidence import Evidence, maximise
from ferrip.fitting.folds import Choice, choose
from ferrip.fitting.regressors import LinearFit, Regressor
from ferrip.fitting.tsqr import LeastSquares
from ferrip.models.family import Descriptor

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@runtime_checkable
class TiedDescriptor(Protocol):
    """A descriptor that knows which of its functions differ only in species; the same for every centre."""

    def tied_functions(self, similarity: F64) -> list[tuple[I64, F64]]:
        """Columns within the features of one centre, and covariance of their coefficients, per group."""
        ...


@runtime_checkable
class CorrelatedFamily(Protocol):
    """A family that knows the prior covariance of its functions."""

    def correlated_functions(self, resolved: dict[str, Any]) -> list[tuple[I64, F64]]:
        """Columns and covariance of their coefficients, per group, for complete settings."""
        ...


@runtime_checkable
class PartedFamily(Protocol):
    """A family with kernels of several kinds, the amplitudes of which are open."""

    def parts(self, resolved: dict[str, Any]) -> list[I64]:
        """Columns of each kind, for complete settings; together every column once."""
        ...


@dataclass(frozen=True, kw_only=True)
class SpeciesTies:
    """Prior correlation of coefficients of functions that differ in one species.

    Attributes
    ----------
    neighbor, center
        Correlation, 0 ≤ tie < 1, for each differing neighbor and for a differing centre.
    """

    neighbor: float
    center: float


@dataclass(frozen=True, kw_only=True)
class TiedGroup:
    """Functions with correlated coefficients.

    Attributes
    ----------
    columns
        (k,) their columns.
    root
        (k, k) symmetric square root T of their prior covariance.
    """

    columns: I64
    root: F64


def tied_groups(descriptor: Descriptor, ties: SpeciesTies) -> list[TiedGroup]:
    """The groups of a descriptor; none where there is one species, no tie, or nothing is known of species."""
    n_species = len(descriptor.elements)
    if n_species == 1 or not (ties.neighbor or ties.center) or not isinstance(descriptor, TiedDescriptor):
        return []
    per_center = descriptor.n_features // n_species
    first = per_center * np.arange(n_species)
    center_root = _root(_similarity(ties.center, n_species))
    return [
        TiedGroup(
            columns=(first[:, None] + columns).ravel(),
            root=np.asarray(np.kron(center_root, _root(covariance)), np.float64),
        )
        for columns, covariance in descriptor.tied_functions(_similarity(ties.neighbor, n_species))
    ]


def family_groups(family: object, resolved: dict[str, Any]) -> list[TiedGroup]:
    """The groups that the family states."""
    if not isinstance(family, CorrelatedFamily):
        return []
    stated = family.correlated_functions(resolved)
    return [TiedGroup(columns=columns, root=_root(covariance)) for columns, covariance in stated]


def family_parts(family: object, resolved: dict[str, Any], n_columns: int) -> list[I64]:
    """Parts of the prior with an amplitude each: those of the family, or one."""
    return family.parts(resolved) if isinstance(family, PartedFamily) else [np.arange(n_columns)]


@dataclass(frozen=True, kw_only=True)
class Prior:
    """Prior of the coefficients up to one scale, λ, which a regressor finds.

    Attributes
    ----------
    roughness
        (p,) factor on the penalty Γ of each function.
    column_scaling
        Power of the column norms in Γ; 1 makes the prior independent of the scale of the columns.
    groups
        Functions with correlated coefficients.
    parts
        Columns of each part whose amplitude is open; together all columns. Empty: one amplitude.
    """

    roughness: F64
    column_scaling: float
    groups: list[TiedGroup]
    parts: Sequence[I64] = ()

    def penalty(self, problem: LeastSquares) -> F64:
        """(p,) Γ; infinite where neither the data nor the relatives of a function say anything about it.

        Columns of `problem` beyond the functions are left alone.
        """
        return self.penalty_of(np.linalg.norm(problem.r[:, : len(self.roughness)], axis=0))

    def penalty_of(self, norms: F64) -> F64:
        """The same from the norms (p,) of the columns of all rows."""
        return self._scale(norms) * self.roughness

    def solve(
        self,
        regressor: Regressor,
        problem: LeastSquares,
        used: NDArray[np.bool_] | None = None,
    ) -> LinearFit:
        """Coefficients under this prior; those that the data and their relatives leave open are 0.

        Parameters
        ----------
        regressor
            What solves.
        problem
            All rows.
        used
            (p,) functions that are used, whole groups; the coefficients of the others are 0.
        """
        penalty = self.penalty(problem)
        if used is not None:
            penalty = np.where(used, penalty, np.inf)
        if not self.groups:
            return regressor.solve(problem, penalty)
        fit = regressor.solve(replace(problem, r=self.tied(problem.r)), penalty)
        coefficients, factor = fit.coefficients.copy(), fit.posterior_factor.copy()
        for vectors in (coefficients, factor):
            self.untie(vectors)
        return replace(fit, coefficients=coefficients, posterior_factor=factor)

    def choose(
        self,
        problem: LeastSquares,
        folds: Sequence[dict[str, F64]],
        candidates: Sequence[Mapping[str, float]],
    ) -> Choice | None:
        """λ and weights that `folds` choose under this prior (see `ferrip.fitting.folds.choose`).

        `problem` holds all rows; its column norms enter the penalty.
        """
        return choose(folds, candidates, self.penalty(problem), self.tied)

    def most_evident(
        self,
        folds: Sequence[Mapping[str, F64]],
        counts: Mapping[str, int],
        weights: Mapping[str, float],
        problem: LeastSquares,
    ) -> tuple[Evidence, Prior]:
        """Noise and amplitudes of the largest marginal likelihood, and the prior with these amplitudes.

        `folds` holds rows, or their triangular factors, per fold and quantity, `counts` the rows of each quantity, and
        `problem` all of them, whose column norms enter the penalty.
        """
        penalty = self.penalty(problem)
        active = np.flatnonzero(np.isfinite(penalty))
        gamma, kept = np.append(penalty[active], 1.0), [*active.tolist(), -1]
        grams: dict[str, F64] = {}
        for fold in folds:
            for name, rows in fold.items():
                scaled = self.tied(rows)[:, kept] / gamma
                grams[name] = grams.get(name, 0.0) + scaled.T @ scaled
        parts = [np.flatnonzero(np.isin(active, columns)) for columns in self.parts or [active]]
        found = maximise(grams, counts, weights, [columns for columns in parts if len(columns)])
        penalty[active] *= found.scales
        return found, replace(self, roughness=penalty, column_scaling=0.0)

    def tied(self, matrix: F64) -> F64:
        """Columns of the coefficients as columns of the uncorrelated u; further columns stay."""
        if not self.groups:
            return matrix
        tied = np.array(matrix)
        for group in self.groups:
            tied[:, group.columns] = matrix[:, group.columns] @ group.root
        return tied

    def untie(self, vectors: F64) -> None:
        """Turns uncorrelated u, the first axis, into coefficients, in place."""
        for group in self.groups:
            vectors[group.columns] = group.root @ vectors[group.columns]

    def _scale(self, norms: F64) -> F64:
        """Column norms to the power of the settings; in a group, the root mean square of those that occur."""
        if self.column_scaling == 0.0:
            return np.ones(len(self.roughness))
        norms = norms.copy()
        for group in self.groups:
            seen = norms[group.columns]
            seen = seen[seen > 0]
            norms[group.columns] = np.sqrt(np.mean(seen**2)) if len(seen) else 0.0
        return np.where(norms > 0, norms, np.inf) ** self.column_scaling


def _similarity(tie: float, n_species: int) -> F64:
    return (1.0 - tie) * np.eye(n_species) + tie


def _root(covariance: F64) -> F64:
    """Symmetric square root."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
