"""Settings that hold arrays, as JSON types and arrays: what a model file and a checkpoint can keep.

An array at `settings["points"]["Si"]` becomes the array `settings/points/Si` and its place in the settings
`{"array": "settings/points/Si"}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

PREFIX = "settings"


def split(settings: Mapping[str, Any]) -> tuple[dict[str, Any], Arrays]:
    """Settings of JSON types, and the arrays by name.

    Examples
    --------
    >>> split({"a": 1, "points": {"Si": np.ones(2)}})[0]
    {'a': 1, 'points': {'Si': {'array': 'settings/points/Si'}}}
    """
    arrays: Arrays = {}
    return _without(settings, PREFIX, arrays), arrays


def joined(settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """What `split` was given.

    Raises
    ------
    KeyError
        For an array that is missing.
    """
    return {name: _with(value, arrays) for name, value in settings.items()}


def _without(settings: Mapping[str, Any], path: str, arrays: Arrays) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in settings.items():
        place = f"{path}/{name}"
        if isinstance(value, np.ndarray):
            arrays[place] = value
            plain[name] = {"array": place}
        else:
            plain[name] = _without(value, place, arrays) if isinstance(value, Mapping) else value
    return plain


def _with(value: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    if not isinstance(value, Mapping):
        return value
    place = value.get("array")
    if set(value) == {"array"} and isinstance(place, str) and place.startswith(f"{PREFIX}/"):
        return arrays[place]
    return joined(value, arrays)
