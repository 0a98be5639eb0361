"""Combinations of the functions that networks are trained on.

Functions of a basis are many, and close to linearly dependent on the environments of a data set. Adam trains the first
layer on the principal components of the functions, weighted by the smoothness prior of the linear fit, so that the
gradients of all edges fit into memory; Gauss-Newton steps take all functions, in coordinates in which the linear
problem is isotropic. The trained layer is folded back onto the functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from ferrip.data import Frame
from ferrip.models.family import Descriptor, network_inputs

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
        columns = network_inputs(descriptor, z)
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


def whitened(
    inputs: Mapping[int, slice], frames: Sequence[Frame], values: Sequence[F64], r: F64, penalty: F64
) -> tuple[dict[int, Projection], dict[int, F64]]:
    """Coordinates of all functions of every element in which the linear problem is isotropic, and the prior in them.

    With H = Rᵀ R of the functions and the prior Γ² of their coefficients, H + Γ² = A⁻¹ A⁻ᵀ, so that weights w of
    x = A B cost ‖w‖² in the linear problem with its prior, and wᵀ A Γ² Aᵀ w in the prior alone.

    Parameters
    ----------
    inputs
        Columns of the functions that the network of every element takes.
    frames, values
        Training frames and their features.
    r
        (k, p) R of the linear problem.
    penalty
        (p,) Γ in units of the rows; infinite where nothing is known of a function, which is left out.
    """
    result, priors = {}, {}
    for z, columns in inputs.items():
        mean = np.concatenate(
            [rows[frame.numbers == z, columns] for rows, frame in zip(values, frames, strict=True)]
        ).mean(axis=0)
        inverse = 1.0 / penalty[columns]
        triangle = np.linalg.qr(np.vstack([r[:, columns] * inverse, np.eye(len(inverse))]), mode="r")
        root = solve_triangular(triangle, np.eye(len(inverse)), trans=1)
        result[z] = Projection(columns=columns, matrix=root * inverse, mean=mean)
        priors[z] = root @ root.T
    return result, priors
