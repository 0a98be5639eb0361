"""Comparisons that name the check, the structure and the deviation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from ferrip._core import Structure

F64 = NDArray[np.float64]


class CheckError(AssertionError):
    """An object does not keep the contract; the message says which check failed, where and by how much."""


def expect(condition: bool, message: str) -> None:
    """Raise `CheckError` with `message` unless `condition` holds."""
    if not condition:
        raise CheckError(message)


def expect_same(check: str, got: ArrayLike, wanted: ArrayLike) -> None:
    """Raise `CheckError` unless both arrays are bitwise the same."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    expect(got.shape == wanted.shape, f"{check}: shape {got.shape} instead of {wanted.shape}")
    if got.tobytes() != wanted.tobytes():
        difference = np.abs(got.astype(float) - wanted.astype(float))
        raise CheckError(f"{check}: not the same bits, the largest difference is {difference.max():.3e}")


def expect_zeros(check: str, got: ArrayLike, shape: tuple[int, ...]) -> None:
    """Raise `CheckError` unless the array has this shape and only zeros."""
    got = np.asarray(got)
    expect(got.shape == shape, f"{check}: shape {got.shape} instead of {shape}")
    expect(not got.any(), f"{check}: not zero")


def expect_close(check: str, got: ArrayLike, wanted: ArrayLike, *, rtol: float, scale: ArrayLike) -> None:
    """Raise `CheckError` where |got − wanted| exceeds `rtol * scale`.

    Parameters
    ----------
    check
        Name of the check and the structure, for the message.
    got, wanted
        Arrays of one shape.
    rtol
        Allowed deviation in units of `scale`.
    scale
        Natural size of the quantity, not negative; broadcast against the arrays (one number per feature, say).
    """
    got, wanted = np.asarray(got, dtype=float), np.asarray(wanted, dtype=float)
    expect(got.shape == wanted.shape, f"{check}: shape {got.shape} instead of {wanted.shape}")
    expect(bool(np.isfinite(got).all()), f"{check}: a number is not finite")
    excess = np.abs(got - wanted) - rtol * np.asarray(scale, dtype=float)
    if got.size and excess.max() > 0:
        worst = np.unravel_index(int(np.argmax(excess)), got.shape)
        place = tuple(map(int, worst))
        raise CheckError(f"{check}: got {got[worst]:.12e} instead of {wanted[worst]:.12e} at index {place}")


@contextmanager
def untouched(check: str, structure: Structure) -> Iterator[None]:
    """Raise `CheckError` at the end where an array of the structure was changed inside."""
    before = [array.copy() for array in structure]
    yield
    for array, copy in zip(structure, before, strict=True):
        expect_same(f"{check}: input was changed", array, copy)
