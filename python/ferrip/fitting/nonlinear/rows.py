"""Rows of the problem linearised at given densities, in the form of the linear fit.

With the energy E(c), its Jacobian J at c₀ and labels y, one Gauss–Newton step is the linear problem

    min ‖J c − (y − E(c₀) + J c₀)‖²,

whose rows stream as those of a linear potential do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from ferrip import _core
from ferrip.data import Frame
from ferrip.fitting.nonlinear.densities import Densities
from ferrip.fitting.rows import F64, RowSource


@dataclass(frozen=True, kw_only=True)
class LinearizedRows(RowSource):
    """A `RowSource` of the free coefficients of `densities`, linearised there."""

    densities: Densities

    @classmethod
    def of(cls, source: RowSource, densities: Densities) -> LinearizedRows:
        """The rows of `source` at `densities`."""
        return cls(**vars(source), densities=densities)

    @property
    def n_columns(self) -> int:
        """Number of free coefficients."""
        return int(self.densities.free.sum())

    def design(self, frames: Sequence[Frame]) -> tuple[F64, F64]:
        """Jacobian J of `frames` and what is subtracted from the labels, E(c₀) − J c₀ and the repulsion."""
        structures = [frame.structure for frame in frames]
        densities = self.densities
        descriptor = cast("_core.Descriptor", self.descriptor)
        rows = descriptor.embedded_design(
            structures, densities.readout(descriptor), densities.free, self.num_threads
        )
        jacobian, values = rows[:, :-1], rows[:, -1]
        offset = values - jacobian @ densities.coefficients[densities.free]
        return jacobian, offset + self.baseline(structures)
