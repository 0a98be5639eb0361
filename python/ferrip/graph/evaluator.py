"""What a potential of a graph network computes with: the same calls as the evaluators of `ferrip._core`."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ferrip import _core
from ferrip.errors import FerripError, ModelFileError
from ferrip.graph.device import torch_device
from ferrip.graph.model import Graph, GraphSample, assign, graph_of
from ferrip.models.node_features import NodeFeatures

F64 = NDArray[np.float64]


class GraphEvaluator:
    """Energies, forces and strain derivatives of a network, E0 and pair functions.

    Parameters
    ----------
    settings
        Complete settings.
    coefficients
        Numbers of the network.
    e0
        Energies of free atoms in eV, in the order of the elements.
    pairs
        Pair functions beside the network.
    precision
        `"float64"` or `"float32"`.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        coefficients: F64,
        e0: Sequence[float],
        pairs: Sequence[_core.PairTerm],
        precision: str,
    ) -> None:
        self.settings = settings
        self.simd = f"torch {precision}"
        self.dtype = getattr(torch, precision)
        self._device = torch_device()
        self._graph, self._features = Graph(settings).to(self.dtype), NodeFeatures.of(settings)
        try:
            assign(self._graph, coefficients)
        except ValueError as error:
            raise ModelFileError(str(error)) from None
        self._graph.requires_grad_(False).to(self._device)
        first = settings["elements"][0]
        knots = np.linspace(0.0, self.cutoff, 9).tolist()
        zero = _core.ClusterDescriptor(list(settings["elements"]), [((first, first), knots, (0, 3))], [])
        self._pairs = zero.evaluator(np.zeros(zero.n_features), list(e0), list(pairs))

    @property
    def conservative(self) -> bool:
        """Whether forces are derivatives of the energy."""
        return not self._graph.direct

    @property
    def cutoff(self) -> float:
        """Å."""
        return float(self.settings["cutoff"])

    def compute(self, structure: _core.Structure, num_threads: int | None = None) -> tuple[F64, F64, F64]:
        """Energies (N,) in eV, forces (N, 3) in eV/Å and strain derivative (3, 3) in eV, NaN for direct forces."""
        return self._compute(structure, num_threads)[0]

    def session(self, skin: float, num_threads: int | None = None) -> GraphSession:
        """A session; lists cost little beside a network, so that every step has its own and `skin` is of no use."""
        return GraphSession(self, num_threads)

    def _compute(
        self, structure: _core.Structure, num_threads: int | None
    ) -> tuple[tuple[F64, F64, F64], GraphSample]:
        energies, forces, strain = self._pairs.compute(structure, num_threads)
        torch.set_num_threads(_core.resolve_threads(num_threads))
        sample = self._sample(structure, num_threads)
        lengths = torch.linalg.vector_norm(sample.vectors, dim=1)
        if len(lengths) and not float(lengths.min()) > 0.0:
            i, j = (int(atoms[lengths.argmin()]) for atoms in (sample.centers, sample.neighbors))
            raise FerripError(f"atoms {i} and {j} lie on each other, 0 Å apart")
        with torch.enable_grad():
            of_network, pulls, strained = self._graph.atoms(sample, create_graph=False)
        voigt = strained[0].double().cpu().numpy()
        own = of_network.detach().double().cpu().numpy()
        matrix = voigt[[[0, 5, 4], [5, 1, 3], [4, 3, 2]]] if self.conservative else np.full((3, 3), np.nan)
        return (energies + own, forces + pulls.detach().double().cpu().numpy(), strain + matrix), sample

    def _sample(self, structure: _core.Structure, num_threads: int | None) -> GraphSample:
        n = len(structure[0])

        def zeros(*shape: int) -> torch.Tensor:
            return torch.zeros(shape, dtype=self.dtype)

        return GraphSample(
            energy=zeros(1),
            forces=zeros(n, 3),
            strain=zeros(1, 6),
            energy_weight=zeros(1),
            forces_weight=zeros(n, 1),
            strain_weight=zeros(1, 1),
            **graph_of(structure, self.settings, self._features, self.dtype, num_threads),
        ).to(self._device)


class GraphSession:
    """Steps of a simulation.

    Parameters
    ----------
    evaluator
        What computes.
    num_threads
        Threads of torch.
    """

    def __init__(self, evaluator: GraphEvaluator, num_threads: int | None) -> None:
        _core.resolve_threads(num_threads)
        self._evaluator = evaluator
        self._num_threads = num_threads
        self._last: tuple[Any, GraphSample] | None = None
        self.rebuilds = 0

    def compute(self, structure: _core.Structure) -> tuple[F64, F64, F64]:
        """As `GraphEvaluator.compute`."""
        self._last = None
        result, sample = self._evaluator._compute(structure, self._num_threads)
        self._last = np.array(structure[0]), sample
        self.rebuilds += 1
        return result

    @property
    def neighbors_per_atom(self) -> float:
        """Mean number of neighbors in the last computation; 0 without one."""
        if self._last is None or len(self._last[0]) == 0:
            return 0.0
        return len(self._last[1].centers) / len(self._last[0])

    def minimum_distances(self) -> dict[tuple[int, int], float]:
        """Shortest distance (Å) within the cutoff per unordered pair of atomic numbers in the last computation."""
        if self._last is None:
            return {}
        numbers, sample = self._last
        ends = (atoms.cpu().numpy() for atoms in (sample.centers, sample.neighbors))
        pairs = np.sort(np.stack([numbers[atoms] for atoms in ends]), axis=0).T
        lengths = sample.vectors.double().norm(dim=1).cpu().numpy()
        found: dict[tuple[int, int], float] = {}
        for low, high in np.unique(pairs, axis=0).tolist():
            found[low, high] = float(lengths[(pairs == (low, high)).all(axis=1)].min())
        return found
