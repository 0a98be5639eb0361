"""The restart file: the whole state of a run in one safetensors file.

Positions, momenta and cell are arrays; step, random generator, settings and the lengths of the output files
at this moment are JSON in the header. It is replaced atomically, so that there is always a complete one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ferrip.errors import DataError, SettingsError
from ferrip.md.settings import MDSettings
from ferrip.md.state import State
from ferrip.modelfile import replace_file

FORMAT = 1
FREE_TO_CHANGE = {"steps", "check_every", "min_distance_factor", "max_temperature", "keep_velocities"}


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What a restart file holds.

    Attributes
    ----------
    state
        Positions, momenta, cell, step and random generator.
    settings
        The settings of the run.
    numbers
        Atomic numbers, (N,).
    initial_temperature
        Temperature at step 0, K.
    log_bytes
        Length of the log when the checkpoint was taken.
    frames, trajectory_bytes
        Number of frames in the trajectory and its length then.
    """

    state: State
    settings: MDSettings
    numbers: np.ndarray
    initial_temperature: float
    log_bytes: int
    frames: int
    trajectory_bytes: int

    def write(self, path: Path) -> None:
        """Replace the file at `path`."""
        header = {
            "format_version": FORMAT,
            "step": self.state.step,
            "rng": self.state.rng.bit_generator.state,
            "settings": asdict(self.settings),
            "initial_temperature": self.initial_temperature,
            "log_bytes": self.log_bytes,
            "frames": self.frames,
            "trajectory_bytes": self.trajectory_bytes,
        }
        tensors = {
            "numbers": np.ascontiguousarray(self.numbers),
            "positions": self.state.positions,
            "momenta": self.state.momenta,
            "cell": self.state.cell,
        }
        replace_file(path, save(tensors, {"ferrip_md": json.dumps(header)}))

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """Read a restart file.

        Raises
        ------
        DataError
            The file is missing, damaged or of another version.
        """
        if not path.is_file():
            raise DataError(f"{path}: there is no restart file; run without --restart first")
        try:
            with safe_open(path, framework="numpy") as file:
                header = json.loads((file.metadata() or {})["ferrip_md"])
                tensors = {
                    name: file.get_tensor(name) for name in ("numbers", "positions", "momenta", "cell")
                }
            if header["format_version"] != FORMAT:
                raise DataError(
                    f"{path}: restart format {header['format_version']}, this library reads {FORMAT}"
                )
            rng = np.random.Generator(np.random.PCG64())
            rng.bit_generator.state = header["rng"]
            return cls(
                state=State(
                    positions=tensors["positions"],
                    momenta=tensors["momenta"],
                    cell=tensors["cell"],
                    step=int(header["step"]),
                    rng=rng,
                ),
                settings=MDSettings(**header["settings"]),
                numbers=tensors["numbers"],
                initial_temperature=float(header["initial_temperature"]),
                log_bytes=int(header["log_bytes"]),
                frames=int(header["frames"]),
                trajectory_bytes=int(header["trajectory_bytes"]),
            )
        except (SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise DataError(f"{path}: this is no intact ferrip restart file ({error})") from error

    @classmethod
    def refuse_to_overwrite(cls, path: Path) -> None:
        """Check that no unfinished run is here.

        Raises
        ------
        SettingsError
            There is one; the message says how to go on.
        """
        try:
            found = cls.read(path)
        except DataError:
            return
        step, steps = found.state.step, found.settings.steps
        if step < steps:
            raise SettingsError(
                f"output: {path} holds an unfinished run (step {step} of {steps}): continue it with restart, or "
                "start over with overwrite"
            )

    def check_same_run(self, settings: MDSettings, numbers: np.ndarray, path: Path) -> None:
        """Check that a run with these settings and atoms is a continuation of this one.

        Raises
        ------
        SettingsError
            A setting that shapes the trajectory differs.
        DataError
            The atoms are others.
        """
        if not np.array_equal(self.numbers, numbers):
            raise DataError(f"{path}: the restart file holds other atoms than the structure")
        before, now = asdict(self.settings), asdict(settings)
        for name in before.keys() - FREE_TO_CHANGE:
            if before[name] != now[name]:
                raise SettingsError(
                    f"{name}: the run in {path} has {before[name]}, a restart cannot use {now[name]}"
                )
