"""Checkpoint of an interrupted fit: the triangular factors and the position in the data, one safetensors file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_tensors

from ferrip.data import Frame
from ferrip.errors import FerripError
from ferrip.fitting.tsqr import RFactor
from ferrip.modelfile import replace_file

STATE_NAMES = ("factor", "pending", "n_rows")


def data_hash(frames: Sequence[Frame]) -> str:
    """SHA-256 over structures, labels, config types and weights, in order."""
    digest = hashlib.sha256()
    for frame in frames:
        for array in (*frame.structure, frame.forces, frame.stress):
            digest.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
        digest.update(repr((frame.energy, frame.config_type, frame.weight, len(frame.numbers))).encode())
    return digest.hexdigest()


def run_key(frames_hash: str, settings: dict[str, Any]) -> str:
    """Key of a run: equal keys give equal rows."""
    text = json.dumps([frames_hash, settings], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def save(path: str | os.PathLike[str], key: str, position: int, factors: dict[str, RFactor]) -> None:
    """Write the state after `position` frames."""
    arrays = {
        f"{name}.{part}": np.ascontiguousarray(array)
        for name, factor in factors.items()
        for part, array in factor.state().items()
    }
    replace_file(path, save_tensors(arrays, {"key": key, "position": str(position)}))


def load(path: str | os.PathLike[str], key: str) -> tuple[int, dict[str, RFactor]] | None:
    """Position and factors of the checkpoint at `path`; `None` if there is none of this run.

    Raises
    ------
    FerripError
        If the file is there but damaged.
    """
    if not Path(path).exists():
        return None
    try:
        with safe_open(os.fspath(path), framework="np") as file:
            metadata = file.metadata() or {}
            if metadata.get("key") != key:
                return None
            names = sorted({name.rpartition(".")[0] for name in file.keys()})  # noqa: SIM118 (not a dict)
            states = {
                name: {part: file.get_tensor(f"{name}.{part}") for part in STATE_NAMES} for name in names
            }
            return int(metadata["position"]), {name: RFactor.restore(state) for name, state in states.items()}
    except (SafetensorError, OSError, ValueError, KeyError, IndexError) as error:
        raise FerripError(
            f"{os.fspath(path)}: the checkpoint is damaged ({error}); delete it to start anew"
        ) from None
