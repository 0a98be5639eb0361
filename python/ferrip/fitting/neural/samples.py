"""Training frames as tensors: inputs of the networks, their gradients on all edges, and residual labels."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ferrip.data import Frame
from ferrip.fitting.neural.projection import Projection
from ferrip.fitting.rows import n_rows
from ferrip.models.family import NetworkDescriptor
from ferrip.training.samples import Sample, labels

F64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class NeuralSample(Sample):
    """A sample of networks on features, less the linear potential.

    Attributes
    ----------
    inputs
        (N, M) inputs of the networks.
    vectors
        (E, 3) r_ij in Å.
    gradients
        (E, 3, M) derivatives of the inputs of the centre in r_ij.
    """

    inputs: Tensor
    vectors: Tensor
    gradients: Tensor


def samples(
    descriptor: NetworkDescriptor,
    frames: Sequence[Frame],
    values: Sequence[F64],
    chosen: Mapping[int, Projection],
    residual: F64,
    weight: F64,
    dtype: torch.dtype,
    num_threads: int | None,
) -> list[NeuralSample]:
    """The sample of every frame; `residual` and `weight` are in the order of design rows."""
    elements = list(descriptor.elements)
    rows = {z: chosen[z].own(descriptor.feature_range(z)[0]) for z in elements}
    result, start = [], 0
    for frame, own in zip(frames, values, strict=True):
        stop = start + n_rows(frame)
        inputs = np.zeros((len(frame.numbers), len(chosen[elements[0]].matrix)))
        centers, neighbors, vectors, of_functions = descriptor.feature_edges(frame.structure, num_threads)
        gradients = np.zeros((len(centers), 3, inputs.shape[1]))
        for z in elements:
            of_element = frame.numbers == z
            inputs[of_element] = chosen[z].inputs(own[of_element])
            edges = of_element[centers]
            gradients[edges] = of_functions[edges][:, :, : rows[z].shape[1]] @ rows[z].T
        used = gradients.any(axis=(1, 2))
        label, factor = residual[start:stop], weight[start:stop]
        start = stop

        def real(array: NDArray[np.floating]) -> Tensor:
            return torch.tensor(array, dtype=dtype)

        result.append(
            NeuralSample(
                species=torch.tensor(np.searchsorted(elements, frame.numbers)),
                inputs=real(inputs),
                frame=torch.zeros(len(inputs), dtype=torch.int64),
                centers=torch.tensor(centers[used]),
                neighbors=torch.tensor(neighbors[used]),
                vectors=real(vectors[used]),
                gradients=real(gradients[used]),
                **labels(label, factor, dtype),
            )
        )
    return result
