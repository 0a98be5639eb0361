"""Descriptors in torch: gradients of the ops, training on forces, refused second derivatives; needs torch."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from ferrip import _core
from ferrip.errors import FerripError

torch = pytest.importorskip("torch")


def descriptor() -> _core.Descriptor:
    return _core.Descriptor.ace(
        elements=[14],
        cutoff=4.0,
        pair_cutoff=4.0,
        n_pair=2,
        r0={(14, 14): 2.35},
        degrees=[3.0, 4.0],
    )


def crystal() -> Atoms:
    atoms = bulk("Si")
    atoms.rattle(0.1, seed=0)
    return atoms


def arguments(atoms: Atoms) -> tuple:
    return descriptor(), atoms.numbers, torch.tensor(atoms.positions), atoms.cell[:], atoms.pbc


def test_gradcheck_of_features() -> None:
    from ferrip.torchops import features

    basis, numbers, positions, cell, pbc = arguments(crystal())
    positions.requires_grad_()
    strain = torch.zeros(3, 3, dtype=torch.float64, requires_grad=True)
    # the derivative in the strain is that of its symmetric part
    assert torch.autograd.gradcheck(
        lambda x, e: features(basis, numbers, x, cell, pbc, 0.5 * (e + e.T)), (positions, strain), atol=1e-5
    )


def test_gradcheck_of_the_cotangent() -> None:
    from ferrip.torchops import vjp

    basis, numbers, positions, cell, pbc = arguments(crystal())
    cotangent = torch.randn(2, basis.n_features, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda c: vjp(basis, numbers, positions, cell, pbc, c), (cotangent,))


def test_training_on_forces() -> None:
    from ferrip.torchops import features, vjp

    torch.manual_seed(0)
    basis, numbers, positions, cell, pbc = arguments(crystal())
    head = torch.nn.Sequential(
        torch.nn.Linear(basis.n_features, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)
    ).double()
    parameters = list(head.parameters())

    def loss() -> torch.Tensor:
        at = positions.clone().requires_grad_()
        energy = head(features(basis, numbers, at, cell, pbc)).sum()
        (gradient,) = torch.autograd.grad(energy, at, create_graph=True)
        return (gradient**2).sum()

    def loss_by_vjp() -> torch.Tensor:
        values = torch.tensor(basis.values((numbers, positions.numpy(), cell, pbc))).requires_grad_()
        (slopes,) = torch.autograd.grad(head(values).sum(), values, create_graph=True)
        return (vjp(basis, numbers, positions, cell, pbc, slopes)[0] ** 2).sum()

    loss().backward(inputs=parameters)
    gradients = [p.grad.clone() for p in parameters if p.grad is not None]
    step = 1e-5
    numeric = []
    for sign in (step, -step):
        with torch.no_grad():
            parameters[0][1, 4] += sign
        numeric.append(float(loss().detach()))
        with torch.no_grad():
            parameters[0][1, 4] -= sign
    assert float(gradients[0][1, 4]) == pytest.approx((numeric[0] - numeric[1]) / (2 * step), rel=1e-5)
    others = torch.autograd.grad(loss_by_vjp(), parameters[:3])
    assert np.allclose(others[0], gradients[0]) and np.allclose(others[2], gradients[2])


def test_second_derivatives_in_positions_are_refused() -> None:
    from ferrip.torchops import features

    basis, numbers, positions, cell, pbc = arguments(crystal())
    positions.requires_grad_()
    energy = features(basis, numbers, positions, cell, pbc).pow(2).sum()
    (gradient,) = torch.autograd.grad(energy, positions, create_graph=True)
    with pytest.raises(FerripError, match="second derivatives"):
        (gradient**2).sum().backward()


def test_single_precision_is_refused() -> None:
    from ferrip.torchops import features

    basis, numbers, positions, cell, pbc = arguments(crystal())
    with pytest.raises(FerripError, match="expected f64"):
        features(basis, numbers, positions.float(), cell, pbc)
