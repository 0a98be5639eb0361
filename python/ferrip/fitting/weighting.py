"""Weights of whole frames by their energy: low-lying structures count most.

A frame whose energy per atom lies ΔE above the reference is weighted with

    w = (δ / (ΔE + δ))²,

δ the energy scale of the settings. The reference is the lowest energy in the data of the same composition
(`"lowest"`), or the lower convex hull of energy against composition (`"hull"`). Source: Bochkarev et al.,
doi:10.1103/PhysRevMaterials.6.013804; there, force rows are moreover weighted by the size of the force, here they
share the weight of their frame. Frames without an energy keep their weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from ferrip.data import Frame

F64 = NDArray[np.float64]

Weighting = Literal["uniform", "lowest", "hull"]

DIGITS = 9
"""Decimals to which concentrations are compared."""


def energy_weighted(frames: Sequence[Frame], weighting: Weighting, scale: float) -> list[Frame]:
    """The frames with their weights multiplied by the energy-based ones.

    Parameters
    ----------
    frames
        Frames; those of isolated atoms neither count nor change.
    weighting
        `"uniform"` changes nothing.
    scale
        δ in eV/atom.

    Examples
    --------
    >>> low, high = (Frame(numbers=[1, 1], positions=[[0, 0, 0], [0, 0, r]], energy=-r) for r in (3, 1))
    >>> [frame.weight for frame in energy_weighted([low, high], "lowest", 1.0)]
    [1.0, 0.25]
    """
    counted = [f for f in frames if f.energy is not None and not f.is_isolated_atom]
    if weighting == "uniform" or not counted:
        return list(frames)
    elements = np.unique(np.concatenate([frame.numbers for frame in counted]))
    lowest: dict[tuple[float, ...], float] = {}
    for frame in counted:
        key = _composition(frame, elements)
        lowest[key] = min(lowest.get(key, np.inf), _energy_per_atom(frame))
    reference = _hull(lowest) if weighting == "hull" else lowest

    def weighted(frame: Frame) -> Frame:
        if frame.energy is None or frame.is_isolated_atom:
            return frame
        above = max(0.0, _energy_per_atom(frame) - reference[_composition(frame, elements)])
        return replace(frame, weight=frame.weight * (scale / (above + scale)) ** 2)

    return [weighted(frame) for frame in frames]


def _energy_per_atom(frame: Frame) -> float:
    return (frame.energy or 0.0) / frame.n_atoms


def _composition(frame: Frame, elements: NDArray[np.int64]) -> tuple[float, ...]:
    """Concentration of every element."""
    counts = (frame.numbers[:, None] == elements).sum(axis=0)
    return tuple(np.round(counts / frame.n_atoms, DIGITS).tolist())


def _hull(lowest: dict[tuple[float, ...], float]) -> dict[tuple[float, ...], float]:
    """Energy of the lower convex hull at every composition: the cheapest mixture of the known ones."""
    points, energies = np.array(list(lowest)), np.array(list(lowest.values()))
    hull = {}
    for composition, own in lowest.items():
        mixture = linprog(energies, A_eq=points.T, b_eq=np.array(composition), bounds=(0, None))
        hull[composition] = min(own, float(mixture.fun)) if mixture.success else own
    return hull
