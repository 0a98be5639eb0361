"""What every user of a descriptor needs of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ferrip._core import Structure

F64 = NDArray[np.float64]


class Features(Protocol):
    """Invariant features of atomic environments; all descriptors of `ferrip._core` are such."""

    @property
    def elements(self) -> list[int]:
        """Atomic numbers that it knows, ascending."""
        ...

    @property
    def cutoff(self) -> float:
        """Largest distance that matters, Å."""
        ...

    @property
    def n_features(self) -> int:
        """Number of features over all elements: the columns of the design matrix."""
        ...

    def values(self, structure: Structure, num_threads: int | None = None) -> F64:
        """(N, n_features) features of every atom; zero outside the columns of its own element."""
        ...

    def design(self, structures: Sequence[Structure], num_threads: int | None = None) -> F64:
        """Rows of energies (1), forces (3 N) and strain derivatives (6, Voigt) per structure, Fortran order."""
        ...
