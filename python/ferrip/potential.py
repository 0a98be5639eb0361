"""The `Potential` object: a readout on a descriptor, with everything needed to evaluate, trust and save it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from numpy.typing import NDArray

from ferrip import _core, committee
from ferrip.data import Frame
from ferrip.direct import DirectEvaluator
from ferrip.direct import check as check_direct
from ferrip.errors import FerripError, SettingsError
from ferrip.evaluations import evaluations
from ferrip.graph.descriptor import GraphDescriptor
from ferrip.models.family import Descriptor, SparseFamily, family, network_inputs
from ferrip.models.pair_terms import reach
from ferrip.network import Network
from ferrip.prediction import Prediction
from ferrip.readout import Embedding
from ferrip.sum_evaluator import sum_of

if TYPE_CHECKING:
    from ferrip._core import PairTerm, Structure

F64 = NDArray[np.float64]
Structures = Frame | Atoms | Sequence[Frame | Atoms]

UNITS = {"length": "Å", "energy": "eV", "force": "eV/Å", "stress": "eV/Å³"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Potential:
    """A potential `E = Σ_i (E0(z_i) + c · B_i) + E_pairs`, with embedded densities or networks; immutable.

    `first + second` is their sum (see `ferrip.sums`).

    Attributes
    ----------
    family
        Name of the family, e.g. `"ace"`.
    descriptor
        The descriptor whose features the coefficients multiply.
    settings
        Complete settings of the descriptor (JSON types).
    coefficients
        (p,) c in eV of a linear potential; with embeddings (densities, p), where rows beyond the densities of a
        feature's element are 0.
    e0
        Energy of the free atom in eV by atomic number.
    pairs
        Pair functions that are not fitted, such as the core repulsion; see `ferrip.pair`.
    metadata
        Fit settings, metrics, minimum distances, DFT settings, citations, … (JSON types).
    posterior_factor
        (number of coefficients, k) L with posterior covariance L Lᵀ of c, row by row, or `None`.
    embeddings
        From densities to energy by atomic number (see `ferrip.readout`); `None` for a linear potential.
    core
        (p,) coefficients of ρ_core on the pair functions, or `None`.
    bin_width
        Width in Å of the grid on which the radial functions are defined (ML-PACE); `None` for functions without one.
    networks
        Network of every element by atomic number (see `ferrip.network`), which adds to a linear potential, or `None`.
    direct
        (1 + K, p) weights of direct forces by atomic number (see `ferrip.direct`) in place of the derivatives of the
        energy, or `None`.
    added
        Potentials of the same elements whose energies add to this one's; they count as exact.

    Examples
    --------
    >>> potential = ferrip.load("Si.ferrip")  # doctest: +SKIP
    >>> prediction = potential.evaluate(atoms)[0]  # doctest: +SKIP
    """

    family: str
    descriptor: Descriptor
    settings: Mapping[str, Any]
    coefficients: F64
    e0: Mapping[int, float]
    pairs: Sequence[PairTerm] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    posterior_factor: F64 | None = None
    embeddings: Mapping[int, Embedding] | None = None
    core: F64 | None = None
    bin_width: float | None = None
    networks: Mapping[int, Network] | None = None
    direct: Mapping[int, F64] | None = None
    added: Sequence[Potential] = ()
    _evaluators: dict[str | None, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        n = self.descriptor.n_features
        expected: tuple[int, ...] = (n,)
        if self.embeddings is not None:
            if set(self.embeddings) != set(self.elements):
                raise FerripError("embeddings: expected one for each element of the descriptor")
            expected = (max(one.n_densities for one in self.embeddings.values()), n)
        if self.coefficients.shape != expected:
            raise FerripError(
                f"coefficients: expected {' × '.join(map(str, expected))} for this descriptor, "
                f"got {' × '.join(map(str, self.coefficients.shape))}"
            )
        if self.core is not None and (self.embeddings is None or self.core.shape != (n,)):
            raise FerripError(f"core: expected {n} coefficients beside embeddings, got {self.core.shape}")
        if self.networks is not None:
            self._check_networks(self.networks)
        if self.direct is not None:
            check_direct(self, self.direct)
        if any(other.elements != self.elements for other in self.added):
            raise FerripError("added: expected potentials of the same elements")

    def __add__(self, other: Potential) -> Potential:
        from ferrip.sums import add

        return add(self, other)

    @property
    def elements(self) -> list[int]:
        """Atomic numbers that the potential knows, ascending."""
        return list(self.descriptor.elements)

    @property
    def symbols(self) -> list[str]:
        """Chemical symbols that the potential knows."""
        return [chemical_symbols[z] for z in self.elements]

    @property
    def cutoff(self) -> float:
        """Largest interaction distance in Å."""
        return max(self.descriptor.cutoff, reach(self.pairs), *(other.cutoff for other in self.added), 0.0)

    @property
    def minimum_distances(self) -> dict[tuple[int, int], float]:
        """Shortest training distance (Å) per unordered pair of atomic numbers (low, high)."""
        symbols = {name: z for z, name in enumerate(chemical_symbols)}
        pairs = self.metadata.get("minimum_distances", {})
        return {(symbols[a], symbols[b]): d for (a, b), d in ((k.split("-"), v) for k, v in pairs.items())}

    @property
    def conservative(self) -> bool:
        """Whether forces are derivatives of the energy; where they are not, there is no stress."""
        direct = isinstance(self.descriptor, GraphDescriptor) and not self.descriptor.conservative
        return not direct and self.direct is None and all(other.conservative for other in self.added)

    def evaluator(self, simd: str | None = None) -> Any:
        """The fast evaluator, built once per SIMD path (`None`: the best of this machine)."""
        if simd not in self._evaluators:
            e0 = [self.e0[z] for z in self.elements]
            if self.networks is not None:
                new = cast("_core._Features", self.descriptor).network_evaluator(
                    self.coefficients,
                    e0,
                    self.networks[self.elements[0]].activation,
                    [self.networks[z].layers for z in self.elements],
                    self.pairs,
                    simd,
                )
            elif self.embeddings is None:
                new = self.descriptor.evaluator(self.coefficients, e0, self.pairs, simd)
            else:
                new = _core.Evaluator.from_readout(
                    cast("_core.Descriptor", self.descriptor),
                    self.readout(),
                    self.pairs,
                    simd,
                    bin_width=self.bin_width,
                )
            if self.direct is not None:
                new = DirectEvaluator(self, new)
            if self.added:
                new = sum_of([new, *(other.evaluator(simd) for other in self.added)])
            self._evaluators[simd] = new
        return self._evaluators[simd]

    def readout(self) -> _core.Readout:
        """The readout of the density engine; for potentials on `ferrip._core.Descriptor` only.

        Raises
        ------
        FerripError
            For a potential with networks, which are no readout of densities.
        """
        if self.networks is not None:
            raise FerripError("a potential with neural networks has no readout of densities")
        descriptor = cast("_core.Descriptor", self.descriptor)
        e0 = [self.e0[z] for z in self.elements]
        if self.embeddings is None:
            return _core.Readout.linear(descriptor, self.coefficients, e0)
        densities, cores = [], []
        for z in self.elements:
            own, embedding = slice(*descriptor.feature_range(z)), self.embeddings[z]
            densities.append(np.ascontiguousarray(self.coefficients[: embedding.n_densities, own]))
            cores.append(self._core_of(z, own, embedding))
        shapes = [(self.embeddings[z].shape, list(self.embeddings[z].terms)) for z in self.elements]
        return _core.Readout(descriptor, e0, densities, shapes, cores)

    def _check_networks(self, networks: Mapping[int, Network]) -> None:
        """Raises FerripError for networks that do not fit."""
        known = isinstance(self.descriptor, _core.Descriptor | _core.AcsfDescriptor)
        if self.embeddings is not None or not known:
            raise FerripError(
                "networks: expected a linear potential of functions that have networks beside them"
            )
        if set(networks) != set(self.elements):
            raise FerripError("networks: expected one for each element of the descriptor")
        if len({network.activation for network in networks.values()}) > 1:
            raise FerripError("networks: expected the same activation for all elements")
        for z, network in networks.items():
            first, last = self.descriptor.feature_range(z)
            expected = last - network_inputs(self.descriptor, z).start, last - first
            if network.n_inputs not in expected:
                either = " or ".join(str(count) for count in dict.fromkeys(expected))
                raise FerripError(
                    f"networks: expected {either} inputs for {chemical_symbols[z]}, got {network.n_inputs}"
                )

    def _core_of(self, z: int, own: slice, embedding: Embedding) -> _core.Core | None:
        """Core repulsion of a centre element: coefficients of its pair functions and the switch."""
        switch = embedding.core_switch if embedding.nearest_switch is None else [*embedding.nearest_switch]
        if self.core is None or switch is None:
            return None
        table = self.descriptor.feature_table()[own]
        n_pair = sum(len(factors) == 1 for _, factors in table)
        return np.ascontiguousarray(self.core[own][:n_pair]), switch

    def evaluate(self, structures: Structures, num_threads: int | None = None) -> list[Prediction]:
        """Energies, forces and stresses.

        Parameters
        ----------
        structures
            One structure or a sequence of them.
        num_threads
            Threads; `None` follows FERRIP_NUM_THREADS, RAYON_NUM_THREADS, cores.

        Returns
        -------
        list of Prediction
            One per structure: eV, eV/Å, eV/Å³; stress is `None` without three periodic directions, and where forces
            are direct.

        Raises
        ------
        UnsupportedElementError
            For an element that the potential does not know.
        """
        chosen = as_list(structures)
        arrays = evaluations(self.evaluator(), [as_structure(one) for one in chosen], num_threads)
        return [self._prediction(one, arrays) for one in chosen]

    def energy_uncertainty(self, structure: Frame | Atoms, num_threads: int | None = None) -> float:
        """Standard deviation of the total energy in eV, from the posterior of the coefficients or a committee.

        What sparse environments leave open counts as if it were the same for all atoms: an upper bound.
        """
        atoms = as_structure(structure)
        if committee.size(self) > 1:
            return committee.spread(self, atoms, num_threads)[0] * self._calibration("energy")
        values = self._value_rows(atoms, num_threads)
        variance = float(np.sum((values.sum(axis=0) @ self._factor) ** 2))
        variance += float(np.sum(np.sqrt(self._unexplained(atoms, values))) ** 2)
        return variance**0.5 * self._calibration("energy")

    def energies_uncertainty(self, structure: Frame | Atoms, num_threads: int | None = None) -> F64:
        """(N,) standard deviations of the per-atom energies in eV."""
        atoms = as_structure(structure)
        if committee.size(self) > 1:
            return committee.spread(self, atoms, num_threads)[1] * self._calibration("energy")
        values = self._value_rows(atoms, num_threads)
        variance = np.sum((values @ self._factor) ** 2, axis=1) + self._unexplained(atoms, values)
        return np.sqrt(variance) * self._calibration("energy")

    def forces_uncertainty(self, structure: Frame | Atoms, num_threads: int | None = None) -> F64:
        """(N, 3) standard deviations of the forces in eV/Å."""
        atoms = as_structure(structure)
        if committee.size(self) > 1:
            return committee.spread(self, atoms, num_threads)[2] * self._calibration("forces")
        rows = self._design_rows(atoms, num_threads)[1:-6]
        return np.linalg.norm(rows @ self._factor, axis=1).reshape(-1, 3) * self._calibration("forces")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the potential to one `.ferrip` file (atomically)."""
        from ferrip.potential_io import save

        save(self, path)

    def _value_rows(self, structure: Structure, num_threads: int | None) -> F64:
        """Derivatives of the per-atom energies in the coefficients."""
        if self.embeddings is None:
            return self.descriptor.values(structure, num_threads)
        descriptor = cast("_core.Descriptor", self.descriptor)
        return descriptor.embedded_values(structure, self.readout(), num_threads)

    def _design_rows(self, structure: Structure, num_threads: int | None) -> F64:
        """Derivatives of energy, forces and strain derivatives in the coefficients."""
        if self.embeddings is None:
            return self.descriptor.design([structure], num_threads)
        descriptor = cast("_core.Descriptor", self.descriptor)
        free = np.ones(self.coefficients.shape, bool)
        return descriptor.embedded_design([structure], self.readout(), free, num_threads)[:, :-1]

    def _unexplained(self, structure: Structure, values: F64) -> F64:
        """(N,) variance in eV² of per-atom energies beyond that of the coefficients: of sparse Gaussian processes."""
        chosen, fit = family(self.family), self.metadata.get("fit", {})
        if not isinstance(chosen, SparseFamily) or not fit.get("ridge"):
            return np.zeros(len(values))
        prior = fit["noise_variance"] / fit["ridge"]
        return prior * chosen.unexplained(self.settings, structure[0], values)

    @property
    def has_uncertainty(self) -> bool:
        """Whether there is a posterior of the coefficients, or a committee."""
        return self.posterior_factor is not None or committee.size(self) > 1

    @property
    def _factor(self) -> F64:
        if self.posterior_factor is None:
            raise SettingsError(
                "uncertainty: this potential was fitted without it (setting uncertainty=False)"
            )
        return self.posterior_factor

    def _calibration(self, quantity: str) -> float:
        return float(self.metadata.get("uncertainty", {}).get(f"{quantity}_scale", 1.0))

    def _prediction(self, one: Frame | Atoms, arrays: Iterator[tuple[F64, F64, F64]]) -> Prediction:
        """That of a structure, whose evaluation is the next of `arrays`."""
        try:
            energies, forces, strain = next(arrays)
        except FerripError as error:
            if isinstance(one, Frame):
                raise type(error)(f"{one.label}: {error}") from None
            raise
        _, _, cell, periodic = as_structure(one)
        volume = abs(float(np.linalg.det(cell)))
        stressed = periodic.all() and self.conservative
        stress = strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]] / volume if stressed else None
        return Prediction(energy=float(energies.sum()), energies=energies, forces=forces, stress=stress)


def as_list(structures: Structures) -> list[Frame | Atoms]:
    """A list from one structure or a sequence of them."""
    return [structures] if isinstance(structures, Frame | Atoms) else list(structures)


def as_structure(one: Frame | Atoms) -> Structure:
    """`(numbers, positions, cell, pbc)` as the core takes it."""
    if isinstance(one, Frame):
        return one.structure
    return (
        np.asarray(one.numbers, dtype=np.int64),
        np.asarray(one.positions, dtype=np.float64),
        np.asarray(one.cell, dtype=np.float64),
        np.asarray(one.pbc, dtype=np.bool_),
    )
