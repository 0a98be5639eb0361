"""Fewer elements for GAP: where the others are not near, their part of the functions is 0.

A sparse environment then only counts with the functions that are left. With a = |p̂_s| of these, the power k(p, p_s) is
a^ζ times the kernel towards their normalised row, and the variance that sparse environments leave open is that of these
rows. A squared exponential has no such factor, and the rows stay shorter than 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

from ferrip.models import ace_subset
from ferrip.models.ace import Ace
from ferrip.models.family import many_body, matching_columns
from ferrip.models.gap_features import base_descriptor

F64 = NDArray[np.float64]


def fewer_elements(settings: Mapping[str, Any], kept: Sequence[int]) -> tuple[dict[str, Any], F64]:
    """Complete settings for some of the elements, and factors (n_features,) on the coefficients of their features."""
    linear = {"linear": ace_subset.fewer_elements(settings["linear"], kept)} if "linear" in settings else {}
    if "soap" in settings:
        fewer = {**settings, "soap": _fewer_soap(settings["soap"], kept)}
    else:
        fewer = {**settings, "ace": ace_subset.fewer_elements(settings["ace"], kept)}
    before, after = base_descriptor(settings), base_descriptor(fewer)
    columns = np.array(matching_columns(before, after))
    points, scales, factors = {}, {}, []
    for z in kept:
        symbol, own = chemical_symbols[z], many_body(after, z)
        within = columns[own] - many_body(before, z).start
        rows = np.asarray(settings["points"][symbol])
        if "scales" in settings:
            scales[symbol] = np.asarray(settings["scales"][symbol])[within]
            within = np.append(within, rows.shape[1] - 1)
        rows = rows[:, within]
        lengths = np.linalg.norm(rows, axis=1) if "zeta" in settings else np.ones(len(rows))
        points[symbol] = rows / lengths[:, None]
        factors += [np.ones(own.start - after.feature_range(z)[0]), lengths ** settings.get("zeta", 1)]
        if linear:
            start, stop = Ace().descriptor(linear["linear"]).feature_range(z)
            factors.append(np.ones(stop - start))
    fewer |= linear | {"points": points} | ({"scales": scales} if scales else {})
    return fewer, np.concatenate(factors)


def _fewer_soap(whole: Mapping[str, Any], kept: Sequence[int]) -> dict[str, Any]:
    """Settings of the power spectrum of some of the elements."""
    soap = {**whole, "elements": [int(z) for z in kept]}
    if "species_weights" in whole:
        places = [whole["elements"].index(z) for z in kept]
        soap["species_weights"] = [[row[k] for k in places] for row in whole["species_weights"]]
    return soap
