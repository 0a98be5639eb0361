"""Fewer elements for ACE: the same basis among some of the elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ase.data import chemical_symbols


def fewer_elements(settings: Mapping[str, Any], kept: Sequence[int]) -> dict[str, Any]:
    """Complete settings of the same basis for some of the elements."""
    fewer = dict(settings)
    names = {chemical_symbols[z] for z in kept}
    fewer["elements"] = [int(z) for z in kept]
    for table in ("r0", "cutoffs", "pair_cutoffs", "inner_cutoffs"):
        if table in fewer:
            fewer[table] = {
                pair: value for pair, value in fewer[table].items() if set(pair.split("-")) <= names
            }
    if "species_weights" in fewer:
        places = [settings["elements"].index(z) for z in kept]
        fewer["species_weights"] = [[row[k] for k in places] for row in fewer["species_weights"]]
    if "functions" in fewer:
        fewer["functions"] = [one for one in fewer["functions"] if all(factor[0] in kept for factor in one)]
    return fewer
