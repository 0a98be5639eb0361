"""Weights of direct forces: a linear problem beside trained networks, one per element.

The hidden outputs of the first layer, less their means over the training atoms and over their standard deviations, are
factors of the vectors of a centre (see `ferrip.direct`). The prior of every factor's weights is that of the linear fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from ferrip.direct import gates
from ferrip.fitting.nonlinear.loss import WeightedLabels
from ferrip.fitting.problem import Problem
from ferrip.fitting.progress import Reporter
from ferrip.fitting.regressors import LinearFit
from ferrip.fitting.rows import n_rows
from ferrip.fitting.tsqr import LeastSquares
from ferrip.models.family import NetworkDescriptor, network_inputs
from ferrip.network import Network
from ferrip.potential import Potential

F64 = NDArray[np.float64]


def with_direct_forces(
    potential: Potential,
    problem: Problem,
    solution: LinearFit,
    least_squares: LeastSquares,
    weights: Mapping[str, float],
    reporter: Reporter,
) -> Potential:
    """The potential with weights of direct forces that are fitted to the force labels.

    Parameters
    ----------
    potential
        With networks.
    problem, solution, least_squares, weights
        As in `with_networks`.
    reporter
        Takes a note.
    """
    source, frames = problem.source, [one for one in problem.frames if not one.is_isolated_atom]
    labels = WeightedLabels.of(source, frames, weights)
    target = labels.target - source.baseline([frame.structure for frame in frames])
    penalty = solution.ridge**0.5 * problem.prior.penalty(least_squares)
    assert potential.networks is not None
    descriptor = potential.descriptor
    assert isinstance(descriptor, NetworkDescriptor)
    values = [descriptor.values(frame.structure, source.num_threads) for frame in frames]
    systems: dict[int, _System] = {}
    for z, network in potential.networks.items():
        inputs = network_inputs(descriptor, z, network.n_inputs)
        atoms = [own[frame.numbers == z, inputs] for own, frame in zip(values, frames, strict=True)]
        own = slice(*descriptor.feature_range(z))
        systems[z] = _System(network, np.concatenate(atoms), 1.0 / penalty[own])
    start = 0
    for frame, own_values in zip(frames, values, strict=True):
        stop = start + n_rows(frame)
        forces, weight = (array[start + 1 : stop - 6].reshape(-1, 3) for array in (target, labels.weight))
        start = stop
        if not weight.any():
            continue
        centers, _, _, gradients = descriptor.feature_edges(frame.structure, source.num_threads)
        for z, system in systems.items():
            atoms = np.flatnonzero(frame.numbers == z)
            edges = np.flatnonzero(frame.numbers[centers] == z)
            vectors = np.zeros((len(atoms), 3, len(system.scale)))
            own_gradients = gradients[edges][:, :, : len(system.scale)]
            np.add.at(vectors, np.searchsorted(atoms, centers[edges]), own_gradients)
            inputs = own_values[atoms, network_inputs(descriptor, z, system.network.n_inputs)]
            system.add(inputs, vectors, forces[atoms], weight[atoms])
    reporter.note("direct forces: " + ", ".join(f"{len(one.right)} weights" for one in systems.values()))
    origin = dict(potential.metadata)
    origin["fit"] = origin["fit"] | {"conservative": False}
    direct = {z: system.solve() for z, system in systems.items()}
    return replace(potential, direct=direct, metadata=origin)


class _System:
    """Normal equations of the weights of one element.

    Parameters
    ----------
    network
        That of the element.
    atoms
        (n, inputs) functions of the training atoms.
    scale
        (p,) standard deviations of the prior in units of the rows; 0 for functions that are left out.
    """

    def __init__(self, network: Network, atoms: F64, scale: F64) -> None:
        self.network, self.scale = network, scale
        hidden = gates(network, atoms)[:, 1:]
        self.mean = hidden.mean(axis=0)
        self.spread = np.maximum(hidden.std(axis=0), np.finfo(float).tiny)
        size = (1 + len(self.mean)) * len(scale)
        self.gram, self.right = np.eye(size), np.zeros(size)

    def add(self, inputs: F64, vectors: F64, forces: F64, weight: F64) -> None:
        """Rows of atoms: functions (n, inputs), vectors (n, 3, p), labels and their weights (n, 3)."""
        factors = gates(self.network, inputs)
        factors[:, 1:] = (factors[:, 1:] - self.mean) / self.spread
        scaled = weight[:, :, None] * vectors * self.scale
        rows = (factors[:, None, :, None] * scaled[:, :, None, :]).reshape(3 * len(inputs), -1)
        self.gram += rows.T @ rows
        self.right += rows.T @ (weight * forces).ravel()

    def solve(self) -> F64:
        """(1 + K, p) weights of ones and hidden outputs."""
        found = cho_solve(cho_factor(self.gram), self.right).reshape(-1, len(self.scale)) * self.scale
        found[1:] /= self.spread[:, None]
        found[0] -= self.mean @ found[1:]
        return found
