"""Weighted rows of the linear problem, streamed by structure into one triangular factor per quantity and fold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ferrip import _core
from ferrip.data import Frame
from ferrip.errors import FerripError
from ferrip.fitting.folds import N_FOLDS, assign_folds
from ferrip.fitting.tsqr import RFactor
from ferrip.fitting.weights import QUANTITIES, Quantity, QuantityFactors, row_weight
from ferrip.models.family import Descriptor

if TYPE_CHECKING:
    from ferrip._core import PairTerm, Structure

F64 = NDArray[np.float64]

BLOCK_BYTES = 64 * 1024 * 1024
"""Largest design block of several structures; a single structure may exceed it."""


class TakesRows(Protocol):
    """Where rows of one quantity and fold go."""

    def append(self, rows: F64, target: F64, weight: float) -> None:
        """Add `weight * rows` (m, p) with targets `weight * target` (m,)."""
        ...


@dataclass(frozen=True, kw_only=True)
class RowSource:
    """What turns frames into weighted rows and targets.

    Attributes
    ----------
    descriptor
        Gives the rows.
    e0
        Energies (eV) by atomic number, subtracted from the energies.
    repulsion
        Core repulsion, subtracted from all targets.
    config_weights, size_power
        See `ferrip.fitting.weights`.
    use_stress
        Whether virial rows are formed at all.
    num_threads
        Threads of the descriptor.
    """

    descriptor: Descriptor
    e0: dict[int, float]
    repulsion: Sequence[PairTerm]
    config_weights: dict[str, QuantityFactors]
    size_power: float
    use_stress: bool
    num_threads: int | None = None

    @property
    def n_columns(self) -> int:
        """Number of columns of the rows."""
        return self.descriptor.n_features

    def factors(self) -> dict[str, RFactor]:
        """An empty factor per quantity and fold."""
        return {
            factor_name(quantity, fold): RFactor(self.n_columns)
            for quantity in QUANTITIES
            for fold in range(N_FOLDS)
        }

    def blocks(self, frames: Sequence[Frame], start: int = 0) -> Iterator[range]:
        """Ranges of frames whose rows fit into one block; boundaries do not depend on `start`."""
        limit = max(1, BLOCK_BYTES // (8 * max(self.n_columns, 1)))
        first, rows = 0, 0
        for index, frame in enumerate(frames):
            count = n_rows(frame)
            if index > first and rows + count > limit:
                if index > start:
                    yield range(max(first, start), index)
                first, rows = index, 0
            rows += count
        if len(frames) > max(first, start):
            yield range(max(first, start), len(frames))

    def fold(self, frames: Sequence[Frame], folds: Sequence[int], factors: Mapping[str, TakesRows]) -> None:
        """Add the labelled rows of `frames` to the `factors` of their folds."""
        design, baseline = self._checked(frames)
        start = 0
        for frame, fold in zip(frames, folds, strict=True):
            stop = start + n_rows(frame)
            for quantity, rows, target in self.labelled(frame, start, stop):
                weight = row_weight(frame, quantity, self.config_weights, self.size_power)
                if weight > 0.0:
                    factors[factor_name(quantity, fold)].append(design[rows], target - baseline[rows], weight)
            start = stop

    def labelled(self, frame: Frame, start: int, stop: int) -> Iterator[tuple[Quantity, slice, F64]]:
        """Quantity, rows within the block and target of every label of `frame`."""
        if frame.energy is not None and not frame.is_isolated_atom:
            offset = sum(self.e0[int(z)] for z in frame.numbers)
            yield "energy", slice(start, start + 1), np.array([frame.energy - offset])
        if frame.forces is not None and not frame.is_isolated_atom:
            yield "forces", slice(start + 1, stop - 6), frame.forces.ravel()
        if self.use_stress and has_stress(frame) and frame.stress is not None:
            yield "virial", slice(stop - 6, stop), frame.stress * (frame.volume or 0.0)

    def design(self, frames: Sequence[Frame]) -> tuple[F64, F64]:
        """Rows of `frames`, and what is subtracted from their labels."""
        structures = [frame.structure for frame in frames]
        return self.descriptor.design(structures, self.num_threads), self.baseline(structures)

    def baseline(self, structures: Sequence[Structure]) -> F64:
        """Energy, forces and strain derivatives of the repulsion."""
        if not self.repulsion:
            return np.zeros(sum(1 + 3 * len(numbers) + 6 for numbers, *_ in structures))
        return _core.pair_design_offset(structures, self.repulsion, self.num_threads)

    def _checked(self, frames: Sequence[Frame]) -> tuple[F64, F64]:
        try:
            design, baseline = self.design(frames)
        except FerripError as error:
            raise self._named(frames, error) from None
        if not (np.isfinite(design).all() and np.isfinite(baseline).all()):
            raise self._named(frames, FerripError("the descriptor is not finite (overlapping atoms?)"))
        return design, baseline

    def _named(self, frames: Sequence[Frame], error: FerripError) -> FerripError:
        """`error` with the name of the frame that causes it."""
        for frame in frames:
            try:
                if np.isfinite(self.descriptor.design([frame.structure], self.num_threads)).all():
                    continue
            except FerripError as own:
                error = own
            return type(error)(f"{frame.label}: {error}")
        return error


def factor_name(quantity: str, fold: int) -> str:
    """Name of the factor of one quantity and fold."""
    return f"{quantity}/{fold}"


def quantity_of(name: str) -> str:
    """Quantity of a named factor."""
    return name.partition("/")[0]


def rows_of(factors: dict[str, RFactor], quantity: str) -> int:
    """Number of rows of a quantity over all folds."""
    return sum(factor.n_rows for name, factor in factors.items() if quantity_of(name) == quantity)


def n_rows(frame: Frame) -> int:
    """Design rows of a frame: energy, forces, strain derivatives."""
    return 1 + 3 * len(frame.numbers) + 6


def has_stress(frame: Frame) -> bool:
    """Whether the frame has a stress label and a cell that it refers to."""
    return frame.stress is not None and bool(frame.pbc.all()) and bool(frame.volume)


def stream(
    source: RowSource,
    frames: Sequence[Frame],
    factors: Mapping[str, TakesRows],
    start: int,
    after_block: Callable[[int], None],
) -> None:
    """Fold frames from `start` on; `after_block` gets the number of frames that are done."""
    folds = assign_folds(frames).tolist()
    for block in source.blocks(frames, start):
        source.fold(frames[block.start : block.stop], folds[block.start : block.stop], factors)
        after_block(block.stop)


def streamed(source: RowSource, frames: Sequence[Frame]) -> dict[str, RFactor]:
    """Factors of the rows of all frames."""
    factors = source.factors()
    stream(source, frames, factors, 0, lambda _: None)
    return factors
