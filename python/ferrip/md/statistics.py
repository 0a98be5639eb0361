"""Averages and the energy drift of a run, without keeping its history."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from ase import units

from ferrip.md.state import Evaluation, State, System


@dataclass(kw_only=True)
class Statistics:
    """Running sums over the steps of a run.

    Attributes
    ----------
    first, last
        First and last step of the run; means are over the second half of this range.
    timestep_fs
        fs.
    """

    first: int
    last: int
    timestep_fs: float
    _means: np.ndarray = field(default_factory=lambda: np.zeros(7), init=False)
    _line: np.ndarray = field(default_factory=lambda: np.zeros(5), init=False)
    _origin: float | None = field(default=None, init=False)
    _n_atoms: int = field(default=1, init=False)

    def add(self, state: State, evaluation: Evaluation, system: System) -> None:
        """Add one step."""
        total = evaluation.energy + state.kinetic_energy(system)
        if self._origin is None:
            self._origin, self._n_atoms = total, len(system.numbers)
        x, y = (state.step - self.first) * self.timestep_fs / 1000.0, total - self._origin
        self._line += (1.0, x, y, x * x, x * y)
        if state.step >= 0.5 * (self.first + self.last):
            pressure = state.pressure(system, evaluation)
            gpa = np.nan if pressure is None else pressure / units.GPa
            lengths = np.linalg.norm(state.cell, axis=1)
            self._means += (1.0, state.temperature(system), gpa, state.volume(), *lengths)

    @property
    def temperature(self) -> float | None:
        """Mean temperature, K; None before the second half."""
        return self._mean(1)

    @property
    def pressure(self) -> float | None:
        """Mean pressure, GPa; None without a full cell."""
        return self._mean(2)

    @property
    def volume(self) -> float | None:
        """Mean volume, Å³."""
        return self._mean(3)

    @property
    def lengths(self) -> list[float] | None:
        """Mean lengths of the lattice vectors, Å."""
        means = [self._mean(column) for column in (4, 5, 6)]
        return None if None in means else [mean for mean in means if mean is not None]

    @property
    def energy_drift(self) -> float | None:
        """Slope of the total energy, µeV per atom and ps, over all steps of the run."""
        n, x, y, xx, xy = self._line
        spread = n * xx - x * x
        if n < 2 or spread <= 0.0:
            return None
        return float(1e6 * (n * xy - x * y) / spread / self._n_atoms)

    def _mean(self, column: int) -> float | None:
        if self._means[0] == 0.0 or np.isnan(self._means[column]):
            return None
        return float(self._means[column] / self._means[0])
