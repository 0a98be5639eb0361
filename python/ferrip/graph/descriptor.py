"""A graph network in the place of a descriptor: its coefficients are the numbers of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ferrip.errors import SettingsError
from ferrip.graph.architectures import ARCHITECTURES
from ferrip.torch_needed import require_torch

if TYPE_CHECKING:
    from ferrip._core import PairTerm, Structure
    from ferrip.graph.evaluator import GraphEvaluator

F64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class GraphDescriptor:
    """What potentials and files need to know of a network.

    Attributes
    ----------
    settings
        Complete settings, with `architecture`, `elements`, `cutoff` and `n_parameters`.
    """

    settings: Mapping[str, Any]

    @property
    def elements(self) -> list[int]:
        """Atomic numbers, ascending."""
        return list(self.settings["elements"])

    @property
    def cutoff(self) -> float:
        """Length in Å up to which atoms exchange messages."""
        return float(self.settings["cutoff"])

    @property
    def conservative(self) -> bool:
        """Whether forces are derivatives of the energy, so that there is a stress as well."""
        return self.settings.get("forces") != "direct"

    @property
    def n_features(self) -> int:
        """Number of coefficients: all numbers of the network."""
        return int(self.settings["n_parameters"])

    def smoothness(self) -> F64:
        """(n_features,) ones: there is no linear prior."""
        return np.ones(self.n_features)

    def feature_table(self) -> list[tuple[int, list[tuple[int, int, int]]]]:
        """Empty: no coefficient belongs to a function."""
        return []

    def feature_range(self, element: int) -> tuple[int, int]:
        """All coefficients for every element."""
        return 0, self.n_features

    def evaluator(
        self,
        coefficients: F64,
        e0: Sequence[float],
        pairs: Sequence[PairTerm] = (),
        simd: str | None = None,
    ) -> GraphEvaluator:
        """The evaluator, in double precision, or with `simd="mixed"` in single.

        Raises
        ------
        SettingsError
            There is no torch, or another path of the processor is asked for.
        """
        if simd not in (None, "mixed"):
            raise SettingsError(f"simd: graph networks have no path {simd!r}")
        name = str(self.settings["architecture"])
        require_torch(name, "is computed", ARCHITECTURES[name].packages)
        from ferrip.graph.evaluator import GraphEvaluator

        precision = "float64" if simd is None else "float32"
        return GraphEvaluator(self.settings, coefficients, e0, pairs, precision)

    def values(self, structure: Structure, num_threads: int | None = None) -> NoReturn:
        """Raises SettingsError: there are no features."""
        raise SettingsError(
            f"{self.settings['architecture']}: a graph network has no features of single atoms"
        )

    def design(self, structures: Sequence[Structure], num_threads: int | None = None) -> NoReturn:
        """Raises SettingsError: there are no features."""
        self.values(structures[0], num_threads)
