"""Checkpoints: one safetensors file with the key of its run.

`write` and `read` serve every kind of run; `save` and `load` are those of an interrupted linear fit, which keeps
the triangular factors and the position in the data.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_tensors

from ferrip.data import Frame
from ferrip.errors import FerripError
from ferrip.fitting.tsqr import RFactor
from ferrip.modelfile import Arrays, replace_file

STATE_NAMES = ("factor", "pending", "n_rows")

State = TypeVar("State")


def data_hash(frames: Sequence[Frame]) -> str:
    """SHA-256 over structures, labels, config types and weights, in order."""
    digest = hashlib.sha256()
    for frame in frames:
        for array in (*frame.structure, frame.forces, frame.stress):
            digest.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
        digest.update(repr((frame.energy, frame.config_type, frame.weight, len(frame.numbers))).encode())
    return digest.hexdigest()


def arrays_hash(arrays: Arrays) -> str:
    """SHA-256 over arrays and their names."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


def run_key(frames_hash: str, settings: dict[str, Any]) -> str:
    """Key of a run: equal keys give equal rows."""
    text = json.dumps([frames_hash, settings], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def write(path: str | os.PathLike[str], key: str, arrays: Arrays, text: dict[str, str]) -> None:
    """Write the checkpoint of a run: arrays and strings by name."""
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    replace_file(path, save_tensors(contiguous, {"key": key} | text))


def part(path: str | os.PathLike[str], number: int) -> Path:
    """Path of the checkpoint of one of several trainings within a run."""
    return Path(f"{os.fspath(path)}.{number}")


def discard(path: str | os.PathLike[str]) -> None:
    """Remove the checkpoint of a run and those of its parts, where there are any."""
    whole = Path(path)
    parts = whole.parent.glob(f"{glob.escape(whole.name)}.*")
    for found in (whole, *(one for one in parts if one.suffix[1:].isdigit() and one.stem == whole.name)):
        found.unlink(missing_ok=True)


def read(
    path: str | os.PathLike[str], key: str, restore: Callable[[Arrays, dict[str, str]], State]
) -> State | None:
    """What `restore` makes of the arrays and strings of a checkpoint; `None` if there is none of this run.

    Raises
    ------
    FerripError
        If the file is there but damaged.
    """
    if not Path(path).exists():
        return None
    try:
        with safe_open(os.fspath(path), framework="np") as file:
            text = file.metadata() or {}
            if text.get("key") != key:
                return None
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        return restore(arrays, text)
    except (SafetensorError, OSError, ValueError, LookupError, TypeError, RuntimeError) as error:
        raise FerripError(
            f"{os.fspath(path)}: the checkpoint is damaged ({error}); delete it to start anew"
        ) from None


def save(path: str | os.PathLike[str], key: str, position: int, factors: dict[str, RFactor]) -> None:
    """Write the state after `position` frames."""
    arrays = {
        f"{name}.{part}": array for name, factor in factors.items() for part, array in factor.state().items()
    }
    write(path, key, arrays, {"position": str(position)})


def load(path: str | os.PathLike[str], key: str) -> tuple[int, dict[str, RFactor]] | None:
    """Position and factors of the checkpoint at `path`; see `read`."""

    def restore(arrays: Arrays, text: dict[str, str]) -> tuple[int, dict[str, RFactor]]:
        names = sorted({name.rpartition(".")[0] for name in arrays})
        states = {name: {part: arrays[f"{name}.{part}"] for part in STATE_NAMES} for name in names}
        return int(text["position"]), {name: RFactor.restore(state) for name, state in states.items()}

    return read(path, key, restore)
