"""The `.ferrip` file: one safetensors file with a JSON header and binary arrays, written atomically.

The safetensors metadata hold two strings: `ferrip`, the JSON header, and `sha256`, the digest of header and
arrays. Arrays: `coefficients` (p,) f64 and, if stored, `posterior_factor` (p, k) f32 (its use needs no more; f64 for
kernels). Since format 2, potentials with embedded densities have `coefficients` (densities, p), an optional `core`
(p,) f64, and `embeddings` and `bin_width` in the header; all others are as in format 1. Since format 3, `pairs` holds
all pair functions (before, `repulsion` those of ZBL alone), and `added` the headers of potentials that add to this one;
the arrays of the first of these start with `added/0/`. Arrays that settings hold (see `ferrip.settingsfile`) start
with `settings/`; `networks` in the header describes those that start with `network/` (see `ferrip.network`).
Nothing in the file is executed; files are read as untrusted bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from ferrip.errors import ModelFileError

FORMAT_VERSION = 3
"""Format that is written."""
READABLE = (1, 2, 3)
"""Formats that are read."""
FIRST_WITH_PAIRS = 3
"""Format from which on all pair functions are in one list."""
MAX_HEADER = 64 * 1024 * 1024
"""Bytes; a longer header is refused."""

REQUIRED = {
    "format_version": int,
    "library_version": str,
    "family": str,
    "settings": dict,
    "elements": list,
    "units": dict,
    "e0": dict,
    "fingerprint": dict,
    "metadata": dict,
}
"""Keys of the header and their types; `pairs`, or before format 3 `repulsion`, is a list."""

Arrays = dict[str, NDArray[Any]]


def write(path: str | os.PathLike[str], header: dict[str, Any], arrays: Arrays) -> None:
    """Write a model file; an existing file is replaced only when the new one is complete.

    Parameters
    ----------
    path
        Destination.
    header
        JSON types only; must hold the keys of `REQUIRED`.
    arrays
        Arrays by name.
    """
    text = json.dumps(header, allow_nan=False)
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    metadata = {"ferrip": text, "sha256": _digest(text, contiguous)}
    replace_file(path, save_tensors(contiguous, metadata))


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], Arrays]:
    """Header and arrays of a model file.

    Raises
    ------
    ModelFileError
        If the file cannot be read, is truncated or corrupt, or is of another version.
    """
    name = os.fspath(path)
    try:
        data = Path(name).read_bytes()
    except OSError as error:
        raise ModelFileError(f"{name}: {error.strerror or error}") from None
    return parse(data, name)


def parse(data: bytes, name: str = "model file") -> tuple[dict[str, Any], Arrays]:
    """Header and arrays from the bytes of a model file; see `read`."""
    metadata = _metadata(data, name)
    text, digest = metadata.get("ferrip"), metadata.get("sha256")
    if not isinstance(text, str) or not isinstance(digest, str):
        raise ModelFileError(f"{name}: a safetensors file, but not a ferrip potential")
    header = _header(text, name)
    try:
        arrays = load_tensors(data)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise ModelFileError(f"{name}: truncated or corrupt arrays ({error})") from None
    if _digest(text, arrays) != digest:
        raise ModelFileError(f"{name}: corrupt (the checksum does not match the content)")
    _check(header, arrays, name)
    return header, arrays


def _check(header: dict[str, Any], arrays: Arrays, name: str) -> None:
    """Raises ModelFileError where keys or arrays are missing, also of potentials that are added."""
    pairs = "pairs" if header["format_version"] >= FIRST_WITH_PAIRS else "repulsion"
    for key, kind in (REQUIRED | {pairs: list}).items():
        if not isinstance(header.get(key), kind):
            raise ModelFileError(f"{name}: the header has no valid {key!r}")
    coefficients = arrays.get("coefficients")
    dimensions = 2 if "embeddings" in header else 1
    if coefficients is None or coefficients.ndim != dimensions or coefficients.dtype != np.float64:
        raise ModelFileError(f"{name}: no coefficients of type f64 in {dimensions} dimensions")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ModelFileError(f"{name}: an array holds numbers that are not finite")
    for other, parts in added_parts(header, arrays):
        if not isinstance(other, dict) or other.get("format_version") != header["format_version"]:
            raise ModelFileError(f"{name}: the header of an added potential is corrupt")
        if other.get("added"):
            raise ModelFileError(f"{name}: an added potential has potentials added to it")
        _check(other, parts, name)


def added_parts(header: dict[str, Any], arrays: Arrays) -> list[tuple[dict[str, Any], Arrays]]:
    """Header and arrays of every potential that is added to the one of the file."""
    added = header.get("added", [])
    parts = []
    for k, other in enumerate(added if isinstance(added, list) else [added]):
        prefix = added_prefix(k)
        own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
        parts.append((other, own))
    return parts


def added_prefix(k: int) -> str:
    """Start of the names of the arrays of the added potential `k`."""
    return f"added/{k}/"


def replace_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` beside `path` and rename it into place."""
    target = Path(path)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _metadata(data: bytes, name: str) -> dict[str, Any]:
    """The metadata of a safetensors file, after checks of its sizes."""
    if len(data) < 8:
        raise ModelFileError(f"{name}: truncated ({len(data)} bytes)")
    length = int.from_bytes(data[:8], "little")
    if length > MAX_HEADER:
        raise ModelFileError(f"{name}: not a ferrip potential")
    if 8 + length > len(data):
        raise ModelFileError(
            f"{name}: truncated (the header needs {length} bytes, {len(data) - 8} are there)"
        )
    try:
        outer = json.loads(data[8 : 8 + length])
        metadata = outer["__metadata__"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ModelFileError(f"{name}: not a ferrip potential, or its header is corrupt") from None
    if not isinstance(metadata, dict):
        raise ModelFileError(f"{name}: the header is corrupt")
    return metadata


def _header(text: str, name: str) -> dict[str, Any]:
    """The JSON header, if its version can be read."""
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise ModelFileError(f"{name}: the JSON header is corrupt") from None
    version = header.get("format_version") if isinstance(header, dict) else None
    if not isinstance(version, int):
        raise ModelFileError(f"{name}: the header has no format_version")
    if version not in READABLE:
        newer = "a newer ferrip" if version > FORMAT_VERSION else "an older ferrip"
        raise ModelFileError(
            f"{name}: format version {version} was written by {newer} "
            f"({header.get('library_version', 'unknown')}); this one reads versions {READABLE[0]} to {READABLE[-1]}"
        )
    return header


def _digest(text: str, arrays: Arrays) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    for key in sorted(arrays):
        array = arrays[key]
        digest.update(f"{key} {array.dtype} {array.shape}".encode("utf-8", "surrogatepass"))
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
