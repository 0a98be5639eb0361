"""Precision in which a potential is evaluated."""

from __future__ import annotations

from ferrip.errors import SettingsError

PRECISIONS = ("double", "mixed")
"""Double: all in 64 bits. Mixed: the energy of an atom and its derivatives in 32 bits, what is
added up over atoms in 64."""


def simd_of(precision: str) -> str | None:
    """The `simd` argument of evaluators for a precision.

    Raises
    ------
    SettingsError
        The precision is neither ``"double"`` nor ``"mixed"``.
    """
    if precision not in PRECISIONS:
        raise SettingsError(f"precision: {precision!r} is none of {', '.join(PRECISIONS)}")
    return "mixed" if precision == "mixed" else None
