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

from ferrip import _core
from ferrip.data import Frame
from ferrip.fitting.neural.projection import Projection
from ferrip.fitting.rows import n_rows

F64 = NDArray[np.float64]

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One frame, or several behind one another.

    Attributes
    ----------
    species
        (N,) index of the element of every atom.
    inputs
        (N, M) inputs of the networks.
    frame
        (N,) number of the frame of every atom.
    centers, neighbors
        (E,) atoms of every edge.
    vectors
        (E, 3) r_ij in Å.
    gradients
        (E, 3, M) derivatives of the inputs of the centre in r_ij.
    energy, forces, strain
        (F,), (N, 3), (F, 6) labels less the linear potential: eV, eV/Å, eV.
    energy_weight, forces_weight, strain_weight
        (F,), (N, 1), (F, 1) factors on the errors; 0 without a label.
    """

    species: Tensor
    inputs: Tensor
    frame: Tensor
    centers: Tensor
    neighbors: Tensor
    vectors: Tensor
    gradients: Tensor
    energy: Tensor
    forces: Tensor
    strain: Tensor
    energy_weight: Tensor
    forces_weight: Tensor
    strain_weight: Tensor

    @classmethod
    def joined(cls, samples: Sequence[Sample]) -> Sample:
        """All frames of several samples as one."""
        parts: dict[str, list[Tensor]] = {name: [] for name in cls.__dataclass_fields__}
        atoms = frames = 0
        for one in samples:
            for name, tensors in parts.items():
                tensor = getattr(one, name)
                if name in ("centers", "neighbors"):
                    tensor = tensor + atoms
                elif name == "frame":
                    tensor = tensor + frames
                tensors.append(tensor)
            atoms, frames = atoms + len(one.species), frames + len(one.energy)
        return cls(**{name: torch.cat(tensors) for name, tensors in parts.items()})


def samples(
    descriptor: _core.Descriptor,
    frames: Sequence[Frame],
    values: Sequence[F64],
    chosen: Mapping[int, Projection],
    residual: F64,
    weight: F64,
    dtype: torch.dtype,
    num_threads: int | None,
) -> list[Sample]:
    """The sample of every frame; `residual` and `weight` are in the order of design rows."""
    elements = list(descriptor.elements)
    rows = [np.ascontiguousarray(chosen[z].own(descriptor.feature_range(z)[0])) for z in elements]
    result, start = [], 0
    for frame, own in zip(frames, values, strict=True):
        stop = start + n_rows(frame)
        inputs = np.zeros((len(frame.numbers), len(rows[0])))
        for z in elements:
            of_element = frame.numbers == z
            inputs[of_element] = chosen[z].inputs(own[of_element])
        centers, neighbors, vectors, gradients = _core.projected_edges(
            descriptor, frame.structure, rows, num_threads
        )
        used = gradients.any(axis=(1, 2))
        label, factor = residual[start:stop], weight[start:stop]
        start = stop

        def real(array: NDArray[np.floating], shape: tuple[int, ...] = ()) -> Tensor:
            return torch.tensor(array.reshape(shape) if shape else array, dtype=dtype)

        result.append(
            Sample(
                species=torch.tensor(np.searchsorted(elements, frame.numbers)),
                inputs=real(inputs),
                frame=torch.zeros(len(inputs), dtype=torch.int64),
                centers=torch.tensor(centers[used]),
                neighbors=torch.tensor(neighbors[used]),
                vectors=real(vectors[used]),
                gradients=real(gradients[used]),
                energy=real(label[:1]),
                forces=real(label[1:-6], (-1, 3)),
                strain=real(label[-6:], (1, 6)),
                energy_weight=real(factor[:1]),
                forces_weight=real(factor[1:-6:3], (-1, 1)),
                strain_weight=real(factor[-1:], (1, 1)),
            )
        )
    return result
