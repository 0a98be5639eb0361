"""Folds of the training data, and the ridge and weights that predict the held-out ones best.

Neighbors in time of a molecular dynamics run are near-copies, so every config type is cut into contiguous blocks and
fold k holds the k-th block of each. Where the data hold many different sets of elements (binaries of an alloy, say),
each set of several elements falls into one fold as a whole: then the held-out error tells how well the fit carries
to combinations of elements that it has not seen.

The criterion is the product of the held-out errors of energies and forces, each a root mean square: it needs no
relative weight, and it counts what generalised cross-validation cannot, that rows of one structure are correlated.
So it also compares weights of the energy rows, which data sets want differently.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from ferrip.data import Frame
from ferrip.fitting.gram import largest_eigenvalue

F64 = NDArray[np.float64]

N_FOLDS = 4
MIN_FRAMES = 40
"""Fewer frames are one fold: too few to choose by."""
RELATIVE_RIDGES = 10.0 ** np.arange(-16.0, 0.1, 0.5)
"""λ looked at, relative to the largest eigenvalue of the normal equations."""


def assign_folds(frames: Sequence[Frame]) -> NDArray[np.int64]:
    """(n,) fold of every frame, 0 ≤ fold < `N_FOLDS`; all 0 where the frames are few."""
    folds = np.zeros(len(frames), dtype=np.int64)
    if len(frames) < MIN_FRAMES:
        return folds
    types: dict[str, list[int]] = {}
    for index, frame in enumerate(frames):
        types.setdefault(frame.config_type or "", []).append(index)
    for members in types.values():
        for fold, part in enumerate(np.array_split(members, N_FOLDS)):
            folds[part] = fold
    sets: dict[tuple[int, ...], list[int]] = {}
    for index, frame in enumerate(frames):
        sets.setdefault(tuple(np.unique(frame.numbers).tolist()), []).append(index)
    mixed = [members for elements, members in sets.items() if len(elements) > 1]
    if len(mixed) >= N_FOLDS:
        for position, members in enumerate(mixed):
            folds[members] = position % N_FOLDS
    return folds


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the held-out folds choose.

    Attributes
    ----------
    ridge
        λ.
    weights
        Factor on the rows of each quantity.
    criterion
        Logarithm of the mean squared held-out errors of energies and forces, summed, up to a constant of the data.
    """

    ridge: float
    weights: Mapping[str, float]
    criterion: float


def choose(
    folds: Sequence[dict[str, F64]],
    candidates: Sequence[Mapping[str, float]],
    penalty: F64,
    tied: Callable[[F64], F64] = lambda rows: rows,
) -> Choice | None:
    """λ and weights of the smallest held-out error.

    Parameters
    ----------
    folds
        Per fold and quantity, (k, p + 1) rows `[A b]` or their triangular factor.
    candidates
        Weights to choose from: factors on the rows of each quantity.
    penalty
        (p,) Γ of the penalty λ ‖Γ u‖²; infinite entries force u to 0.
    tied
        Columns of u from the columns of the rows.

    Returns
    -------
    Choice or None
        `None` where fewer than two folds have rows.
    """
    folds = [fold for fold in folds if fold]
    if len(folds) < 2:
        return None
    active = np.flatnonzero(np.isfinite(penalty))
    gamma, kept = np.append(penalty[active], 1.0), [*active.tolist(), -1]
    grams = [{name: _gram(tied(rows)[:, kept] / gamma) for name, rows in fold.items()} for fold in folds]
    found = [(*_best_ridge(grams, weights), weights) for weights in candidates]
    criterion, ridge, weights = min(found, key=lambda one: one[0])
    return Choice(ridge=ridge, weights=weights, criterion=criterion)


def _best_ridge(folds: Sequence[dict[str, F64]], weights: Mapping[str, float]) -> tuple[float, float]:
    """Smallest criterion over λ, and its λ, from the Gram matrices of every fold."""
    total = np.zeros_like(next(iter(folds[0].values())))
    for fold in folds:
        total += _weighted(fold, weights)
    ridges = RELATIVE_RIDGES * largest_eigenvalue(total[:-1, :-1].__matmul__, total[:-1, :-1].diagonal())
    errors = {name: np.zeros(len(ridges)) for fold in folds for name in fold}
    for fold in folds:
        train = total - _weighted(fold, weights)
        values, vectors = eigh(train[:-1, :-1], check_finite=False)
        shrunk = (vectors.T @ train[:-1, -1])[:, None] / (np.maximum(values, 0.0)[:, None] + ridges)
        solutions = np.vstack([vectors @ shrunk, np.full(len(ridges), -1.0)])
        for name, gram in fold.items():
            errors[name] += np.einsum("ir,ir->r", solutions, gram @ solutions)
    judged = [errors[name] for name in ("energy", "forces") if name in errors] or list(errors.values())
    criterion = np.sum(np.log(np.maximum(judged, 1e-300)), axis=0)
    best = int(np.argmin(criterion))
    return float(criterion[best]), float(ridges[best])


def _weighted(grams: Mapping[str, F64], weights: Mapping[str, float]) -> F64:
    """Gram matrix of the weighted rows of one fold."""
    total = np.zeros_like(next(iter(grams.values())))
    for name, gram in grams.items():
        total += weights[name] ** 2 * gram
    return total


def _gram(factor: F64) -> F64:
    return factor.T @ factor
