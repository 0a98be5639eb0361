"""The settings of a molecular dynamics run, checked once."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ferrip.errors import SettingsError
from ferrip.precision import simd_of

ENSEMBLES = ("nve", "nvt", "npt")
BAROSTATS = {
    "isotropic": ("isotropic stochastic cell rescaling", "10.1063/5.0020514"),
    "anisotropic": ("stochastic cell rescaling of each axis x, y, z", "10.3390/app12031139"),
    "full": ("stochastic cell rescaling of lengths and angles", "10.3390/app12031139"),
}
"""What a barostat changes, and its source."""


@dataclass(frozen=True, kw_only=True)
class MDSettings:
    """How a trajectory is propagated and when it is written, checked and stopped.

    Attributes
    ----------
    ensemble
        ``"nve"``, ``"nvt"`` or ``"npt"``.
    temperature
        Temperature of the thermostat and of the initial velocities, K.
    pressure
        Pressure of the barostat, GPa.
    barostat
        What the barostat changes: ``"isotropic"`` all lengths alike, ``"anisotropic"`` the lengths along x, y and z
        one by one (no shear), ``"full"`` lengths and angles. Liquids resist no shear: use isotropic there.
    timestep
        Time step, fs.
    steps
        Number of steps of the whole trajectory, those before a restart included.
    seed
        Seed of the initial velocities and of thermostat and barostat noise.
    every
        A frame and a log line are written every so many steps.
    restart_every
        The restart file is written every so many steps (and at the end).
    thermostat_time
        Time constant of the thermostat, fs.
    barostat_time
        Time constant of the barostat, fs.
    compressibility
        Isothermal compressibility that sets the barostat's rate, 1/GPa; an estimate is enough.
    check_every
        Interatomic distances are checked every so many steps; temperature and finiteness at every step.
    min_distance_factor
        The run stops when a distance falls below this factor times the training minimum of its pair.
    max_temperature
        The run stops above this instantaneous temperature, K; by default three times the larger of the
        initial and the target temperature plus 1000 K.
    keep_velocities
        Start from the velocities of the structure instead of drawing them.
    skin
        Verlet skin of the neighbor list, Å.
    precision
        ``"double"`` or ``"mixed"``, see `ferrip.Calculator`.

    Raises
    ------
    SettingsError
        A value is out of its range; the message names it.
    """

    ensemble: str = "nvt"
    temperature: float = 300.0
    pressure: float = 0.0
    barostat: str = "isotropic"
    timestep: float = 1.0
    steps: int = 1000
    seed: int = 0
    every: int = 100
    restart_every: int = 1000
    thermostat_time: float = 100.0
    barostat_time: float = 1000.0
    compressibility: float = 0.01
    check_every: int = 10
    min_distance_factor: float = 0.9
    max_temperature: float | None = None
    keep_velocities: bool = False
    skin: float = 0.7
    precision: str = "double"

    def __post_init__(self) -> None:
        if self.ensemble not in ENSEMBLES:
            raise SettingsError(f"ensemble: {self.ensemble!r} is none of {', '.join(ENSEMBLES)}")
        simd_of(self.precision)
        if self.barostat not in BAROSTATS:
            raise SettingsError(f"barostat: {self.barostat!r} is none of {', '.join(BAROSTATS)}")
        for name in ("timestep", "thermostat_time", "barostat_time", "compressibility", "skin"):
            _check(name, getattr(self, name), positive=True)
        for name in ("temperature", "min_distance_factor"):
            _check(name, getattr(self, name), positive=False)
        if self.max_temperature is not None:
            _check("max_temperature", self.max_temperature, positive=True)
        if not math.isfinite(self.pressure):
            raise SettingsError(f"pressure: expected a finite number of GPa, got {self.pressure}")
        for name, least in (
            ("steps", 0),
            ("seed", 0),
            ("every", 1),
            ("restart_every", 1),
            ("check_every", 1),
        ):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise SettingsError(f"{name}: expected an integer of at least {least}, got {value}")
        if self.ensemble != "nve" and self.temperature == 0.0:
            raise SettingsError("temperature: a thermostat at 0 K is undefined; use nve or a temperature > 0")

    def describe(self) -> list[str]:
        """Return lines that name ensemble, thermostat and barostat with their time constants."""
        lines = [f"ensemble {self.ensemble.upper()}, velocity Verlet, time step {self.timestep:g} fs"]
        if self.ensemble != "nve":
            lines.append(
                f"thermostat: stochastic velocity rescaling (doi 10.1063/1.2408420), {self.temperature:g} K, "
                f"time constant {self.thermostat_time:g} fs"
            )
        if self.ensemble == "npt":
            method, doi = BAROSTATS[self.barostat]
            lines.append(
                f"barostat: {method} (doi {doi}), {self.pressure:g} GPa, "
                f"time constant {self.barostat_time:g} fs at compressibility {self.compressibility:g} /GPa"
            )
        return lines


def _check(name: str, value: float, *, positive: bool) -> None:
    low = value > 0.0 if positive else value >= 0.0
    if not (math.isfinite(value) and low):
        raise SettingsError(
            f"{name}: expected a {'positive' if positive else 'non-negative'} number, got {value}"
        )
