"""Settings per pair of species, keyed by symbols such as `Si-O` in either order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from ase.data import atomic_numbers, chemical_symbols

from ferrip.errors import SettingsError

Pair = tuple[int, int]
"""Atomic numbers (low, high)."""
T = TypeVar("T")


def pair_name(a: int, b: int) -> str:
    """`Si-O` for atomic numbers."""
    return f"{chemical_symbols[a]}-{chemical_symbols[b]}"


def pair_key(setting: str, name: str) -> Pair:
    """Atomic numbers (low, high) of a name.

    Raises
    ------
    SettingsError
        For anything but two symbols joined by a hyphen; `setting` is named.
    """
    parts = name.split("-")
    if len(parts) != 2 or any(part not in atomic_numbers for part in parts):
        raise SettingsError(f"{setting}: expected a pair of symbols such as Si-O, got {name!r}")
    low, high = sorted(atomic_numbers[part] for part in parts)
    return low, high


def by_pair(setting: str, given: Mapping[str, T]) -> dict[Pair, T]:
    """Values by atomic numbers."""
    return {pair_key(setting, name): value for name, value in given.items()}


def lengths(setting: str, given: Mapping[str, float], elements: Sequence[int]) -> dict[Pair, float]:
    """Positive lengths (Å) of pairs of `elements`.

    Raises
    ------
    SettingsError
        For a pair of other elements or a length that is not positive.

    Examples
    --------
    >>> lengths("cutoffs", {"Si-O": 4.5}, [8, 14])
    {(8, 14): 4.5}
    """
    found = by_pair(setting, given)
    for pair, value in found.items():
        if not set(pair) <= set(elements):
            raise SettingsError(f"{setting}: {pair_name(*pair)} holds an element that is not in the data")
        if not (np.isfinite(value) and value > 0):
            raise SettingsError(
                f"{setting}: expected a positive distance for {pair_name(*pair)}, got {value}"
            )
    return found
