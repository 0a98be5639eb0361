"""Evaluations of many structures, small ones side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ferrip import _core
from ferrip.errors import FerripError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ferrip._core import Structure
    from ferrip.models.family import Evaluator

    F64 = NDArray[np.float64]

LARGE = 1000
"""Atoms of a structure that all threads share; of smaller ones every thread has its own."""
ATOMS_TOGETHER = 5_000
"""Atoms that are evaluated at a time, about; Ctrl-C waits for them."""


def evaluations(
    evaluator: Evaluator, structures: Sequence[Structure], num_threads: int | None
) -> Iterator[tuple[F64, F64, F64]]:
    """Energies (N,), forces (N, 3) and strain derivative (3, 3) of one structure after the other.

    Raises
    ------
    FerripError
        Where `compute` does, when it comes to that structure.
    """
    waiting: list[Structure] = []
    n_atoms = 0
    for structure in structures:
        if len(structure[0]) >= LARGE or not isinstance(evaluator, _core.Evaluator):
            yield from _together(evaluator, waiting, num_threads)
            waiting, n_atoms = [], 0
            yield evaluator.compute(structure, num_threads)
            continue
        waiting.append(structure)
        n_atoms += len(structure[0])
        if n_atoms >= ATOMS_TOGETHER:
            yield from _together(evaluator, waiting, num_threads)
            waiting, n_atoms = [], 0
    yield from _together(evaluator, waiting, num_threads)


def _together(
    evaluator: Evaluator, structures: Sequence[Structure], num_threads: int | None
) -> Iterator[tuple[F64, F64, F64]]:
    if len(structures) > 1 and isinstance(evaluator, _core.Evaluator):
        try:
            yield from evaluator.compute_all(structures, num_threads)
            return
        except FerripError:  # one of them cannot be evaluated, those before it can
            pass
    for structure in structures:
        yield evaluator.compute(structure, num_threads)
