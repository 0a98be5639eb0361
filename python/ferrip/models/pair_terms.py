"""Pair functions as the core takes them, `ferrip._core.PairTerm`, and as model files hold them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ferrip.models.pairs import pair_name

if TYPE_CHECKING:
    from ferrip._core import PairTerm

ZBL = "zbl"
"""Form of the core repulsion."""


def zbl(z1: int, z2: int, start: float, cutoff: float) -> PairTerm:
    """ZBL repulsion between two elements, switched off from `start` to `cutoff` (Å)."""
    return (z1, z2, ZBL, (), ("switch", start, cutoff))


def reach(terms: Iterable[PairTerm]) -> float:
    """Largest cutoff, Å; 0 without terms."""
    return max((ending[2] for *_, ending in terms), default=0.0)


def among(terms: Iterable[PairTerm], elements: Collection[int]) -> list[PairTerm]:
    """The terms between some elements (atomic numbers)."""
    return [term for term in terms if term[0] in elements and term[1] in elements]


def beyond_zbl(terms: Iterable[PairTerm]) -> list[PairTerm]:
    """The terms that are no core repulsion."""
    return [term for term in terms if term[2] != ZBL]


def to_json(terms: Iterable[PairTerm]) -> list[list[Any]]:
    """The terms in JSON types."""
    return [[z1, z2, form, list(numbers), list(ending)] for z1, z2, form, numbers, ending in terms]


def from_json(rows: Sequence[Sequence[Any]]) -> list[PairTerm]:
    """The terms that `to_json` described."""
    return [
        (
            int(z1),
            int(z2),
            str(form),
            tuple(float(x) for x in numbers),
            (str(ending), float(start), float(cutoff)),
        )
        for z1, z2, form, numbers, (ending, start, cutoff) in rows
    ]


def described(term: PairTerm) -> str:
    """One term in words, such as `Ar-Ar lennard-jones(0.0104, 3.4), switch 7.5 to 8.5 Å`."""
    z1, z2, form, numbers, (ending, start, cutoff) = term
    values = f"{len(numbers) // 3} points" if form == "table" else ", ".join(f"{x:g}" for x in numbers)
    span = f"{start:g} to {cutoff:g}" if ending == "switch" else f"at {cutoff:g}"
    return f"{pair_name(z1, z2)} {form}{f'({values})' if values else ''}, {ending} {span} Å"
