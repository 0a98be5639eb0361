"""The linear part of GAP: functions of ACE beside the kernels, under a prior of their own.

Kernels of power spectra know the neighbors of an atom by pairs of them; products of ACE of order 3 and 4 know triplets
and quadruplets, so each finds what is hard for the other. Both are fitted as one: with a linear part that is fitted
first and kept (`reference`) less is gained. Held-out forces of half the training frames of mlearn_Mo: kernels 96.0
meV/Å, beside 300 fixed functions 93.3, with 300 functions 90.7, with 1,300 85.1 (these alone: 89.5).

The prior of the functions c_k ~ N(0, (d s_min / s_k)²) has their roughness s, and d such that energies of the training
environments vary by `linear_delta` times the standard deviation of those of kernels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferrip import _core
from ferrip.models.ace import Ace, AceSettings
from ferrip.models.family import many_body, roughness
from ferrip.models.gap_features import pool

if TYPE_CHECKING:
    from ferrip.data import Frame
    from ferrip.fitting.distances import PairDistances
    from ferrip.models.gap_settings import GapSettings

F64 = NDArray[np.float64]

SIZES = ("small", "medium", "large")
"""Sizes of ACE."""
MOST_COLUMNS = 4200
"""Features of all elements together that the default size keeps to: fits of more have no uncertainty."""


def resolve_linear(
    settings: GapSettings,
    size: str,
    elements: Sequence[int],
    distances: PairDistances,
    others: int,
) -> dict[str, Any] | None:
    """Complete settings of ACE beside `others` features; `None` for kernels alone.

    The size is that of the settings, or the largest one up to `size` that leaves room for the others (the smallest one
    if none does).
    """
    if settings.linear == "none":
        return None
    ace = AceSettings(cutoff=settings.cutoff, pair_cutoff=settings.pair_cutoff, shape=settings.shape)
    sizes = SIZES[: SIZES.index(size) + 1] if settings.linear is None else (settings.linear,)
    resolved: dict[str, Any] = {}
    for one in reversed(sizes):
        resolved = Ace().resolve(ace, one, elements, distances)
        if Ace().descriptor(resolved).n_features + others <= MOST_COLUMNS:
            break
    return resolved


def linear_descriptor(resolved: Mapping[str, Any]) -> _core.Descriptor:
    """The functions beside the kernels."""
    return Ace().descriptor(resolved["linear"])


def linear_deviation(
    resolved: Mapping[str, Any], delta: float, frames: Sequence[Frame], num_threads: int | None
) -> float:
    """d, standard deviation of the coefficients of the smoothest functions over that of energies of kernels."""
    functions = linear_descriptor(resolved)
    variances, count = 0.0, 0
    for z, rows in pool(functions, frames, num_threads).items():
        held_down = relative_roughness(functions)[many_body(functions, z)]
        variances += len(rows) * float(np.sum(np.var(rows, axis=0) / held_down**2))
        count += len(rows)
    return delta * (count / variances) ** 0.5 if variances > 0.0 else delta


def relative_roughness(functions: _core.Descriptor) -> F64:
    """(n_features,) roughness, as linear ACE penalises it, over the least one."""
    found = roughness(functions, Ace.order_penalty)
    return found / found.min()


def linear_variances(resolved: Mapping[str, Any]) -> list[F64]:
    """Prior variance of the functions of every element, in units of that of the environments."""
    functions = linear_descriptor(resolved)
    variances = (resolved["linear_deviation"] / relative_roughness(functions)) ** 2
    return [variances[slice(*functions.feature_range(z))] for z in functions.elements]
