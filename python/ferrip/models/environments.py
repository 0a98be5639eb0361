"""Sparse environments: which atoms of the training data stand for all of them.

- `fps`: farthest points, one after the other, from the one that is farthest from the mean.
- `cur`: drawn with their leverage, the squared norm of their part in the leading right singular vectors
  (Mahoney, Drineas, doi:10.1073/pnas.0803205106).
- `kmeans`: those nearest to the centres of clusters.

All compare normalised functions, as dot-product kernels do, and all are repeatable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.linalg import eigh

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

Method = Literal["fps", "cur", "kmeans"]

SEED = 0
DISTINCT = 1e-12
"""Squared distance of normalised rows that count as different."""


def choose_rows(rows: F64, count: int, method: Method) -> I64:
    """Ascending indices of at most `count` distinct rows (n, D)."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    if count >= len(unit):
        return _farthest(unit, len(unit))
    chosen = METHODS[method](unit, count)
    return np.sort(chosen)


def _farthest(unit: F64, count: int) -> I64:
    """Farthest points; fewer where all others are copies."""
    first = int(np.argmin(unit @ unit.mean(axis=0)))
    chosen = [first]
    nearest = 2.0 - 2.0 * (unit @ unit[first])
    while len(chosen) < count:
        far = int(np.argmax(nearest))
        if nearest[far] < DISTINCT:
            break
        chosen.append(far)
        np.minimum(nearest, 2.0 - 2.0 * (unit @ unit[far]), out=nearest)
    return np.sort(np.array(chosen, dtype=np.int64))


def _leverage(unit: F64, count: int) -> I64:
    values, vectors = eigh(unit.T @ unit)
    rank = min(count, int(np.sum(values > values[-1] * 1e-12)))
    leading = vectors[:, -rank:] / np.sqrt(values[-rank:])
    leverage = np.sum((unit @ leading) ** 2, axis=1)
    draw = np.random.default_rng(SEED)
    chosen = draw.choice(len(unit), size=count, replace=False, p=leverage / leverage.sum())
    return np.asarray(chosen[_farthest(unit[chosen], count)], dtype=np.int64)


def _clusters(unit: F64, count: int) -> I64:
    centers, labels = kmeans2(unit, unit[_farthest(unit, count)], iter=10, minit="matrix")
    distance = np.linalg.norm(unit - centers[labels], axis=1)
    order = np.lexsort((distance, labels))
    nearest = order[np.unique(labels[order], return_index=True)[1]]
    return np.asarray(nearest[_farthest(unit[nearest], count)], dtype=np.int64)


METHODS: dict[Method, Callable[[F64, int], I64]] = {
    "fps": _farthest,
    "cur": _leverage,
    "kmeans": _clusters,
}
"""Choices by name."""
