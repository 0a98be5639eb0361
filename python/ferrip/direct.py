"""Direct forces beside the energy of a network: not derivatives of it, so not conservative, and without a stress.

    F_i = F_pairs + Σ_k w_k(B_i) Σ_j ∂B_k(i)/∂r_ij,    w(B) = w_0 + Σ_h σ(a_h(B)) w_h

with the functions B of a centre, a_h and σ of the first layer of the network of its element. The sums over the edges of
a centre turn with the structure: those of pair functions are its l = 1 densities, others have products of densities as
factors. Weights are invariant, so that forces are equivariant; nothing is differentiated through the network, and atoms
take no forces from the energies of their neighbors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferrip import _core
from ferrip.errors import FerripError
from ferrip.models.family import network_inputs
from ferrip.network import Network, activate

if TYPE_CHECKING:
    from ferrip.potential import Potential

F64 = NDArray[np.float64]

PREFIX = "direct"
"""Start of the names of the arrays in model files."""


def gates(network: Network, functions: F64) -> F64:
    """(n, 1 + K) ones and hidden outputs of the first layer, for functions (n, inputs)."""
    weights, biases = network.layers[0]
    hidden, _ = activate(network.activation, functions @ weights.T + biases)
    return np.column_stack([np.ones(len(functions)), hidden])


def check(potential: Potential, direct: Mapping[int, F64]) -> None:
    """Check that weights of direct forces fit to a potential.

    Raises
    ------
    FerripError
        For a potential without networks, a committee, or weights of another shape.
    """
    networks = potential.networks
    if networks is None or set(direct) != set(potential.elements):
        raise FerripError("direct forces: expected weights for each element, beside networks")
    for z, weights in direct.items():
        first, last = potential.descriptor.feature_range(z)
        expected = (1 + networks[z].widths[0], last - first)
        if weights.shape != expected or networks[z].members > 1:
            raise FerripError(f"direct forces: expected weights of {expected}, and no committee")


class DirectEvaluator:
    """Energies of a potential and its direct forces, with the calls of `ferrip._core.Evaluator`.

    Parameters
    ----------
    potential
        What has the weights.
    energies
        Evaluator of its energies.
    """

    def __init__(self, potential: Potential, energies: Any) -> None:
        self._potential, self._energies = potential, energies
        zero = np.zeros(potential.descriptor.n_features)
        free = [0.0] * len(potential.elements)
        self._pairs = potential.descriptor.evaluator(zero, free, potential.pairs) if potential.pairs else None

    @property
    def simd(self) -> str:
        """Path of the energies."""
        return str(self._energies.simd)

    @property
    def cutoff(self) -> float:
        """Å."""
        return float(self._energies.cutoff)

    def compute(self, structure: _core.Structure, num_threads: int | None = None) -> tuple[F64, F64, F64]:
        """Energies (N,) in eV, direct forces (N, 3) in eV/Å and NaN (3, 3) in place of a strain derivative."""
        energies, *_ = self._energies.compute(structure, num_threads)
        return energies, self.forces(structure, num_threads), np.full((3, 3), np.nan)

    def forces(self, structure: _core.Structure, num_threads: int | None = None) -> F64:
        """(N, 3) direct forces in eV/Å."""
        potential, numbers = self._potential, np.asarray(structure[0])
        assert potential.networks is not None
        assert potential.direct is not None
        values = potential.descriptor.values(structure, num_threads)
        bars = np.zeros_like(values)
        for z, weights in potential.direct.items():
            network = potential.networks[z]
            own, columns = np.flatnonzero(numbers == z), slice(*potential.descriptor.feature_range(z))
            inputs = values[own, network_inputs(potential.descriptor, z, network.n_inputs)]
            bars[own, columns] = gates(network, inputs) @ weights
        descriptor: Any = potential.descriptor
        forces = descriptor.center_vectors(structure, bars, num_threads)
        if self._pairs is not None:
            forces = forces + self._pairs.compute(structure, num_threads)[1]
        return forces

    def session(self, skin: float = 0.5, num_threads: int | None = None) -> DirectSession:
        """A session whose neighbor list is that of the energies; direct forces have their own in every step."""
        return DirectSession(self, self._energies.session(skin, num_threads), num_threads)


class DirectSession:
    """Steps of a simulation, with the calls of `ferrip._core.Session`.

    Parameters
    ----------
    evaluator
        What computes the forces.
    energies
        Session of the energies.
    num_threads
        Threads.
    """

    def __init__(self, evaluator: DirectEvaluator, energies: Any, num_threads: int | None) -> None:
        self._evaluator, self._energies, self._num_threads = evaluator, energies, num_threads

    def compute(self, structure: _core.Structure) -> tuple[F64, F64, F64]:
        """As `DirectEvaluator.compute`."""
        energies, *_ = self._energies.compute(structure)
        return energies, self._evaluator.forces(structure, self._num_threads), np.full((3, 3), np.nan)

    @property
    def rebuilds(self) -> int:
        """Neighbor lists built for the energies."""
        return int(self._energies.rebuilds)

    @property
    def neighbors_per_atom(self) -> float:
        """Mean number of neighbors in the last computation."""
        return float(self._energies.neighbors_per_atom)

    def minimum_distances(self) -> dict[tuple[int, int], float]:
        """Shortest distance (Å) per unordered pair of atomic numbers in the last computation."""
        return dict(self._energies.minimum_distances())
