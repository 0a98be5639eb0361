"""Fewer elements for GAP: where the others are not near, their part of a power spectrum is 0.

A sparse environment then only counts with the functions that are left: with a = |p̂_s| of these, k(p, p_s) is a^ζ times
the kernel towards their normalised row. The variance that sparse environments leave open is that of these rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

from ferrip import _core
from ferrip.models.family import many_body, matching_columns

F64 = NDArray[np.float64]


def fewer_elements(settings: Mapping[str, Any], kept: Sequence[int]) -> tuple[dict[str, Any], F64]:
    """Complete settings for some of the elements, and factors (n_features,) on the coefficients of their features."""
    whole: Mapping[str, Any] = settings["soap"]
    soap = {**whole, "elements": [int(z) for z in kept]}
    if "species_weights" in whole:
        places = [whole["elements"].index(z) for z in kept]
        soap["species_weights"] = [[row[k] for k in places] for row in whole["species_weights"]]
    before, after = _core.Descriptor.soap(**whole), _core.Descriptor.soap(**soap)
    columns = np.array(matching_columns(before, after))
    points, scales = {}, []
    for z in kept:
        own = many_body(after, z)
        rows = np.asarray(settings["points"][chemical_symbols[z]])
        rows = rows[:, columns[own] - many_body(before, z).start]
        lengths = np.linalg.norm(rows, axis=1)
        points[chemical_symbols[z]] = rows / lengths[:, None]
        scales += [np.ones(own.start - after.feature_range(z)[0]), lengths ** settings["zeta"]]
    return {**settings, "soap": soap, "points": points}, np.concatenate(scales)
