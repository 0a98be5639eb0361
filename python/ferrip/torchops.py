"""Descriptors as differentiable functions of torch (needs torch).

`features` gives the features of a structure as a tensor whose gradient is the descriptor's `vjp`; the gradient of that
in its cotangent is `jvp`, which is all that training on forces needs:

    positions.requires_grad_()
    energy = head(features(descriptor, numbers, positions, cell, pbc)).sum()
    forces = -torch.autograd.grad(energy, positions, create_graph=True)[0]
    ((forces - labels) ** 2).sum().backward(inputs=list(head.parameters()))

Second derivatives with respect to positions are not offered: a backward pass that arrives there raises, so
`inputs` above says which derivatives are wanted. `vjp` keeps positions out of the graph altogether.
"""

# pyright: reportMissingImports=false, reportFunctionMemberAccess=false
# (torch is optional)
from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ferrip.errors import FerripError

if TYPE_CHECKING:
    from ferrip._core import Structure, _Features

SECOND = (
    "second derivatives with respect to positions or strain are not offered; name the wanted ones in "
    "backward(inputs=...) or autograd.grad, or take forces from ferrip.torchops.vjp"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Environment:
    """What of a call is not a tensor; the ops know it by a number."""

    descriptor: _Features
    numbers: NDArray[np.int64]
    cell: NDArray[np.float64]
    pbc: NDArray[np.bool_]
    num_threads: int | None

    def structure(self, positions: Tensor, strain: Tensor) -> Structure:
        """The strained structure."""
        deformation = np.eye(3) + _array(strain)
        return self.numbers, _array(positions) @ deformation.T, self.cell @ deformation.T, self.pbc


_ENVIRONMENTS: WeakValueDictionary[int, _Environment] = WeakValueDictionary()
_NUMBERS = count()


def features(
    descriptor: _Features,
    numbers: Any,
    positions: Tensor,
    cell: Any,
    pbc: Any,
    strain: Tensor | None = None,
    num_threads: int | None = None,
) -> Tensor:
    """Features (N, n_features) of a structure, differentiable in positions and strain.

    Parameters
    ----------
    descriptor
        Any descriptor.
    numbers, cell, pbc
        (N,) atomic numbers, (3, 3) lattice vectors in Å, (3,) periodic directions.
    positions
        (N, 3) f64 in Å.
    strain
        (3, 3) f64 ε of r' = (1 + ε) r; its derivatives are those at ε = 0.
    num_threads
        Threads of the descriptor.

    Raises
    ------
    FerripError
        For tensors that are not f64, and where a second derivative in positions or strain is asked for.
    """
    number, kept = _registered(descriptor, numbers, cell, pbc, num_threads)
    at, applied = _checked(positions, strain)
    values = _features(at, applied, number)
    del kept  # alive until the op has its own reference
    return values


def vjp(
    descriptor: _Features,
    numbers: Any,
    positions: Tensor,
    cell: Any,
    pbc: Any,
    cotangent: Tensor,
    num_threads: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Gradients (N, 3) and (3, 3) of Σ cotangent · features in positions and strain, differentiable in the cotangent.

    With dE/dB as cotangent they are −forces and the strain derivative of E. Parameters are those of `features`.
    """
    number, kept = _registered(descriptor, numbers, cell, pbc, num_threads)
    at, strain = _checked(positions, None)
    gradients = _vjp(cotangent, at.detach(), strain, number)
    del kept
    return gradients


def _registered(
    descriptor: _Features, numbers: Any, cell: Any, pbc: Any, num_threads: int | None
) -> tuple[int, _Environment]:
    new = _Environment(
        descriptor=descriptor,
        numbers=np.asarray(numbers, dtype=np.int64),
        cell=np.asarray(cell, dtype=np.float64),
        pbc=np.asarray(pbc, dtype=np.bool_),
        num_threads=num_threads,
    )
    number = next(_NUMBERS)
    _ENVIRONMENTS[number] = new
    return number, new


def _checked(positions: Tensor, strain: Tensor | None) -> tuple[Tensor, Tensor]:
    applied: Tensor = positions.new_zeros(3, 3) if strain is None else strain
    for name, tensor in (("positions", positions), ("strain", applied)):
        if tensor.dtype != torch.float64 or tensor.device.type != "cpu":
            raise FerripError(f"{name}: expected f64 on the CPU, got {tensor.dtype} on {tensor.device}")
    return positions, applied


def _array(tensor: Tensor) -> NDArray[np.float64]:
    return np.ascontiguousarray(tensor.detach().numpy())


@torch.library.custom_op("ferrip::features", mutates_args=())
def _features(positions: Tensor, strain: Tensor, environment: int) -> Tensor:
    own = _ENVIRONMENTS[environment]
    return torch.from_numpy(own.descriptor.values(own.structure(positions, strain), own.num_threads))


@torch.library.custom_op("ferrip::features_vjp", mutates_args=())
def _vjp(cotangent: Tensor, positions: Tensor, strain: Tensor, environment: int) -> tuple[Tensor, Tensor]:
    own = _ENVIRONMENTS[environment]
    structure = own.structure(positions, strain)
    gradients = own.descriptor.vjp(structure, _array(cotangent), own.num_threads)
    return torch.from_numpy(gradients[0]), torch.from_numpy(gradients[1])


@torch.library.custom_op("ferrip::features_jvp", mutates_args=())
def _jvp(
    positions_dot: Tensor, strain_dot: Tensor, positions: Tensor, strain: Tensor, environment: int
) -> Tensor:
    own = _ENVIRONMENTS[environment]
    structure = own.structure(positions, strain)
    dot = own.descriptor.jvp(structure, _array(positions_dot), _array(strain_dot), own.num_threads)
    return torch.from_numpy(dot)


@torch.library.custom_op("ferrip::first_order", mutates_args=())
def _first_order(tensor: Tensor) -> Tensor:
    """The same tensor, whose gradient raises."""
    return tensor.clone()


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    *tensors, environment = inputs
    ctx.save_for_backward(*tensors[-2:])
    ctx.environment, ctx.kept = environment, _ENVIRONMENTS[environment]


def _features_backward(ctx: Any, cotangent: Tensor) -> tuple[Tensor | None, ...]:
    positions, strain = ctx.saved_tensors
    return *_vjp(cotangent, _first_order(positions), _first_order(strain), ctx.environment), None


def _vjp_backward(ctx: Any, positions_dot: Tensor, strain_dot: Tensor) -> tuple[Tensor | None, ...]:
    positions, strain = ctx.saved_tensors
    dot = _jvp(positions_dot, strain_dot, positions.detach(), strain.detach(), ctx.environment)
    return dot, torch.zeros_like(positions), torch.zeros_like(strain), None


def _refuse(ctx: Any, gradient: Tensor) -> Tensor:
    raise FerripError(SECOND)


_features.register_autograd(_features_backward, setup_context=_keep)
_vjp.register_autograd(_vjp_backward, setup_context=_keep)
_first_order.register_autograd(_refuse)
