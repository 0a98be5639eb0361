"""Combinations of the functions that networks are trained on.

Functions of a basis are many, and close to linearly dependent on the environments of a data set. The first layer is
trained on the principal components of the functions, weighted by the smoothness prior of the linear fit, so that the
gradients of all edges fit into memory; the trained layer is folded back onto the functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ferrip.data import Frame
from ferrip.models.family import Descriptor, many_body

F64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Projection:
    """Inputs x = A (B − μ) of the networks of one element.

    Attributes
    ----------
    columns
        Columns of the functions B among the features.
    matrix
        (M, functions) A.
    mean
        (functions,) μ, the mean over the training atoms.
    """

    columns: slice
    matrix: F64
    mean: F64

    def inputs(self, values: F64) -> F64:
        """(n, M) inputs of atoms of the element with these features (n, n_features)."""
        return (values[:, self.columns] - self.mean) @ self.matrix.T

    @property
    def free(self) -> F64:
        """(M,) inputs of a free atom."""
        return -self.matrix @ self.mean

    def own(self, start: int) -> F64:
        """(M, own features) A for the features of the element, whose first column is `start`."""
        return np.pad(self.matrix, [(0, 0), (self.columns.start - start, 0)])


def projections(
    descriptor: Descriptor, frames: Sequence[Frame], count: int, whitening: float, num_threads: int | None
) -> tuple[dict[int, Projection], list[F64]]:
    """The projection of every element, and the features of every frame."""
    values = [descriptor.values(frame.structure, num_threads) for frame in frames]
    roughness = np.asarray(descriptor.smoothness(), dtype=float)
    result = {}
    for z in descriptor.elements:
        columns = many_body(descriptor, z)
        parts = [rows[frame.numbers == z, columns] for rows, frame in zip(values, frames, strict=True)]
        atoms = np.concatenate(parts)
        mean = atoms.mean(axis=0)
        scale = roughness[columns.start] / roughness[columns]
        variances, vectors = np.linalg.eigh(np.cov((atoms - mean) * scale, rowvar=False))
        kept = np.argsort(variances)[::-1][: min(count, int(np.sum(variances > 1e-14 * variances.max())))]
        power = variances[kept] ** (0.5 * whitening) * variances.max() ** (0.5 * (1.0 - whitening))
        matrix = (vectors[:, kept] / power).T * scale
        full = np.zeros((count, matrix.shape[1]))
        full[: len(kept)] = matrix
        result[z] = Projection(columns=columns, matrix=full, mean=mean)
    return result, values
