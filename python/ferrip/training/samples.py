"""Labelled frames as tensors, and the squared error of predictions on them."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

F64 = NDArray[np.float64]

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))

S = TypeVar("S", bound="Sample")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One frame, or several behind one another; models add what they compute from, as tensors, or tuples by frame.

    Attributes
    ----------
    species
        (N,) index of the element of every atom.
    frame
        (N,) number of the frame of every atom.
    centers, neighbors
        (E,) atoms of every edge.
    energy, forces, strain
        (F,), (N, 3), (F, 6) labels less what is not trained: eV, eV/Å, eV.
    energy_weight, forces_weight, strain_weight
        (F,), (N, 1), (F, 1) factors on the errors; 0 without a label.
    """

    species: Tensor
    frame: Tensor
    centers: Tensor
    neighbors: Tensor
    energy: Tensor
    forces: Tensor
    strain: Tensor
    energy_weight: Tensor
    forces_weight: Tensor
    strain_weight: Tensor

    @classmethod
    def joined(cls: type[S], samples: Sequence[S]) -> S:
        """All frames of several samples as one."""
        parts: dict[str, list[Any]] = {name: [] for name in cls.__dataclass_fields__}
        atoms = frames = 0
        for one in samples:
            for name, found in parts.items():
                part = getattr(one, name)
                if name in ("centers", "neighbors"):
                    part = part + atoms
                elif name == "frame":
                    part = part + frames
                found.append(part)
            atoms, frames = atoms + len(one.species), frames + len(one.energy)
        return cls(**{name: _behind(found) for name, found in parts.items()})

    def to(self: S, device: torch.device) -> S:
        """The sample on a device."""
        parts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return type(self)(
            **{name: part.to(device) if isinstance(part, Tensor) else part for name, part in parts.items()}
        )

    def squared_error(self, energy: Tensor, forces: Tensor, strain: Tensor) -> Tensor:
        """Weighted sum of the squared errors of predictions."""
        return (
            ((energy - self.energy) * self.energy_weight).square().sum()
            + ((forces - self.forces) * self.forces_weight).square().sum()
            + ((strain - self.strain) * self.strain_weight).square().sum()
        )


def _behind(parts: Sequence[Any]) -> Any:
    """Tensors, or tuples of what is not a tensor, behind one another."""
    return torch.cat(list(parts)) if isinstance(parts[0], Tensor) else tuple(chain(*parts))


@dataclass(kw_only=True)
class Errors:
    """Errors of predictions on samples, one after another.

    Attributes
    ----------
    loss
        Weighted sum of squared errors.
    """

    loss: float = 0.0
    _energy: float = 0.0
    _frames: int = 0
    _forces: float = 0.0
    _components: int = 0

    def add(self, sample: Sample, energy: Tensor, forces: Tensor, strain: Tensor) -> None:
        """Count a sample with its predictions; only labels with a weight count."""
        self.loss += float(sample.squared_error(energy, forces, strain))
        atoms = torch.bincount(sample.frame, minlength=len(energy))
        labelled = sample.energy_weight > 0
        self._energy += float(((energy - sample.energy).abs() / atoms)[labelled].sum())
        self._frames += int(labelled.sum())
        off = (forces - sample.forces).abs()[sample.forces_weight[:, 0] > 0]
        self._forces, self._components = self._forces + float(off.sum()), self._components + off.numel()

    @property
    def energy(self) -> float:
        """Mean absolute error, meV/atom; NaN without labels."""
        return 1e3 * self._energy / self._frames if self._frames else math.nan

    @property
    def forces(self) -> float:
        """Mean absolute error, meV/Å; NaN without labels."""
        return 1e3 * self._forces / self._components if self._components else math.nan


def labels(target: F64, weight: F64, dtype: torch.dtype) -> dict[str, Tensor]:
    """Labels and weights of one frame from those of its design rows."""

    def real(array: F64, *shape: int) -> Tensor:
        return torch.tensor(array.reshape(shape), dtype=dtype)

    return {
        "energy": real(target[:1], 1),
        "forces": real(target[1:-6], -1, 3),
        "strain": real(target[-6:], 1, 6),
        "energy_weight": real(weight[:1], 1),
        "forces_weight": real(weight[1:-6:3], -1, 1),
        "strain_weight": real(weight[-1:], 1, 1),
    }


def from_edges(sample: Sample, vectors: Tensor, gradients: Tensor) -> tuple[Tensor, Tensor]:
    """Forces (N, 3) and strain derivatives (F, 6) from the edges r_ij (E, 3) and the derivatives of E in them."""
    forces = torch.zeros_like(sample.forces)
    forces = forces.index_add(0, sample.centers, gradients).index_add(0, sample.neighbors, -gradients)
    pulls = [0.5 * (vectors[:, a] * gradients[:, b] + vectors[:, b] * gradients[:, a]) for a, b in VOIGT]
    strain = torch.zeros_like(sample.strain)
    return forces, strain.index_add(0, sample.frame[sample.centers], torch.stack(pulls, dim=1))
