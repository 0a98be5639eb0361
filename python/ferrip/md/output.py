"""Trajectory and log of a run; both can be cut back to the last checkpoint and continued."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms, units
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io.trajectory import TrajectoryReader, TrajectoryWriter
from ase.stress import full_3x3_to_voigt_6_stress

from ferrip.errors import DataError, SettingsError
from ferrip.md.state import Evaluation, State, System
from ferrip.outputs import require_writable

COLUMNS = "# step       time_ps       T_K         Epot_eV         Etot_eV       P_GPa         V_A3"


def frame(atoms: Atoms, state: State, evaluation: Evaluation, time_fs: float) -> Atoms:
    """Return a frame with energy, forces, stress (full cells, unless forces are direct), momenta, step and time.

    Parameters
    ----------
    atoms
        Template: species, periodic directions, constraints.
    state, evaluation
        The configuration and the potential there.
    time_fs
        Time since the start of the run, fs.
    """
    result = atoms.copy()
    result.info = {"step": state.step, "time_fs": time_fs}
    result.set_cell(state.cell)
    result.positions[:] = state.positions
    result.set_momenta(state.momenta, apply_constraint=False)
    results = {"energy": evaluation.energy, "forces": evaluation.forces}
    if atoms.pbc.all() and np.isfinite(evaluation.strain_gradient).all():
        results["stress"] = full_3x3_to_voigt_6_stress(evaluation.strain_gradient / state.volume())
    result.calc = SinglePointCalculator(result, **results)
    return result


@dataclass(kw_only=True)
class TrajectoryFile:
    """A growing `.extxyz`, `.xyz` or `.traj` file.

    Attributes
    ----------
    path
        The file; None writes nothing.
    frames
        Number of frames in it.
    """

    path: Path | None
    frames: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.path is not None and self.path.suffix not in {".extxyz", ".xyz", ".traj"}:
            raise SettingsError(f"output: {self.path.name} should end in .extxyz, .xyz or .traj")

    def start(self) -> None:
        """Begin an empty file."""
        if self.path is not None:
            require_writable(self.path)
            self.path.unlink(missing_ok=True)

    def resume(self, frames: int, length: int) -> None:
        """Keep the first `frames` frames of the file that is there; as text, they are its first `length` bytes.

        Raises
        ------
        DataError
            The file holds less.
        """
        self.frames = frames
        if self.path is None:
            return
        if not self.path.is_file() or (self._is_text and self.path.stat().st_size < length):
            raise DataError(f"{self.path}: less is there than when the restart file was written")
        if self._is_text:
            with self.path.open("r+b") as file:
                file.truncate(length)
        else:
            self._keep_frames(self.path, frames)

    def size(self) -> int:
        """Return the length of the file in bytes."""
        return self.path.stat().st_size if self.path is not None and self.path.is_file() else 0

    @property
    def _is_text(self) -> bool:
        return self.path is not None and self.path.suffix != ".traj"

    @staticmethod
    def _keep_frames(path: Path, frames: int) -> None:
        """Cut an ASE trajectory to its first frames."""
        partial = path.with_name(path.stem + ".partial.traj")
        with TrajectoryReader(path) as reader:
            if len(reader) < frames:
                raise DataError(
                    f"{path}: {len(reader)} frames, but the restart file was written after {frames}"
                )
            if len(reader) == frames:
                return
            with TrajectoryWriter(partial, "w") as writer:
                for index in range(frames):
                    writer.write(reader[index])
        partial.replace(path)

    def append(self, atoms: Atoms) -> None:
        """Write one frame; it is on disk when this returns."""
        self.frames += 1
        if self.path is None:
            return
        if self._is_text:
            ase.io.write(self.path, atoms, format="extxyz", append=True)
        else:
            with TrajectoryWriter(self.path, "a") as file:
                file.write(atoms)


@dataclass(kw_only=True)
class LogFile:
    """A growing text table of step, time, temperature, energies, pressure and volume.

    Attributes
    ----------
    path
        The file; None writes nothing.
    """

    path: Path | None

    def start(self, header: list[str]) -> None:
        """Begin the file with commented header lines."""
        if self.path is not None:
            require_writable(self.path)
            self.path.write_text("".join(f"# {line}\n" for line in header) + COLUMNS + "\n")

    def resume(self, length: int) -> None:
        """Cut the file that is there to `length` bytes."""
        if self.path is not None and self.size() > length:
            with self.path.open("r+b") as file:
                file.truncate(length)

    def size(self) -> int:
        """Return the length of the file in bytes."""
        return self.path.stat().st_size if self.path is not None and self.path.is_file() else 0

    def append(self, state: State, evaluation: Evaluation, system: System, time_fs: float) -> None:
        """Write one line."""
        if self.path is None:
            return
        pressure = state.pressure(system, evaluation)
        gpa = np.nan if pressure is None else pressure / units.GPa
        total = evaluation.energy + state.kinetic_energy(system)
        line = (
            f"{state.step:8d} {time_fs / 1000.0:12.5f} {state.temperature(system):10.3f} "
            f"{evaluation.energy:15.6f} {total:15.6f} {gpa:11.5f} {state.volume():12.4f}\n"
        )
        with self.path.open("a") as file:
            file.write(line)
