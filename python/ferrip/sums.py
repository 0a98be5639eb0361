"""Sums of potentials, which are potentials: one evaluation, one neighbor list, one file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ase.data import chemical_symbols

from ferrip.errors import SettingsError
from ferrip.models.pair_potential import PairPotential
from ferrip.models.pair_terms import among

if TYPE_CHECKING:
    from ferrip.potential import Potential


def add(first: Potential, second: Potential) -> Potential:
    """The sum of two potentials.

    Pair functions become part of the other potential and are evaluated with it, where they cost next to nothing;
    those of elements that it does not know are dropped. Other potentials are evaluated one after the other on one
    neighbor list, for the elements that all of them know. Metadata and uncertainty are those of the first that has
    features.

    Raises
    ------
    SettingsError
        If the potentials have no element in common.
    """
    if PairPotential.name in (first.family, second.family):
        return _with_pairs(first, second)
    kept = sorted(set(first.elements) & set(second.elements))
    if not kept:
        raise SettingsError(f"sum: no element is known to {_known(first)} and to {_known(second)}")
    first, second = _of_elements(first, kept), _of_elements(second, kept)
    return replace(first, added=(*first.added, replace(second, added=()), *second.added))


def _with_pairs(first: Potential, second: Potential) -> Potential:
    from ferrip.pair import of_terms

    if first.family == second.family:
        return of_terms([*first.pairs, *second.pairs])
    pairs, other = (first, second) if first.family == PairPotential.name else (second, first)
    terms = among(pairs.pairs, other.elements)
    if not terms:
        raise SettingsError(f"sum: no pair function is between two of {', '.join(other.symbols)}")
    return replace(other, pairs=(*other.pairs, *terms))


def _of_elements(potential: Potential, elements: list[int]) -> Potential:
    from ferrip.conversion import with_elements

    if potential.elements == elements:
        return potential
    return with_elements(potential, [chemical_symbols[z] for z in elements])


def _known(potential: Potential) -> str:
    return f"a potential of {', '.join(potential.symbols)}"
