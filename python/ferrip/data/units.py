"""Frames whose labels are in another unit than the rest.

Within one composition, energies per atom of different structures lie within a few ten percent of each other, and the
common units are factors of 13.6 and more apart: frames that sit at such a factor from the others, with nothing in
between, are in another unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ferrip.data.frame import Frame
from ferrip.data.problems import Problem, problem_of_frames

ENERGY_UNITS = {
    "Hartree": 27.211386,
    "Rydberg": 13.605693,
    "kcal/mol": 1.0 / 23.060548,
    "kJ/mol": 1.0 / 96.485332,
}
"""Unit → its size in eV."""
FORCE_UNITS = {"Hartree/bohr": 51.422067, "Rydberg/bohr": 25.711034, "kcal/mol/Å": 1.0 / 23.060548}
"""Unit → its size in eV/Å."""

ENERGY_SPREAD = 1.5
"""Largest ratio to the median energy per atom that passes as physics."""
FORCE_SPREAD = 3.0
"""Largest ratio to the median force of a config type within which all but the odd frames must lie."""
UNIT_TOLERANCE = 1.3
"""Ratio to a unit's size within which frames are taken to be in that unit."""
MIN_FRAMES = 4
MIN_FORCE = 0.02
"""eV/Å; config types with smaller median forces tell nothing about units."""


def mixed_energy_units(frames: Sequence[Frame]) -> list[Problem]:
    """Errors for frames of one composition whose energies per atom are a unit's size away from the others."""
    classes: dict[Hashable, list[Frame]] = defaultdict(list)
    for frame in frames:
        if frame.energy is not None and frame.n_atoms and not frame.is_isolated_atom:
            classes[_composition(frame)].append(frame)
    problems = []
    for members in classes.values():
        values = np.array([(frame.energy or 0.0) / frame.n_atoms for frame in members])
        for unit, odd in _odd_units(values, ENERGY_UNITS, ENERGY_SPREAD).items():
            chosen = [members[k] for k in odd]
            text = (
                f"energy of {values[odd[0]]:.4g} per atom where other frames of this composition have "
                f"{np.median(values):.4g} eV: mixed units ({unit} among eV)?"
            )
            problems.append(problem_of_frames("error", "mixed-units", chosen, text))
    return problems


def mixed_force_units(frames: Sequence[Frame]) -> list[Problem]:
    """Warnings for frames of one config type whose forces are a unit's size away from the others."""
    classes: dict[Hashable, list[Frame]] = defaultdict(list)
    for frame in frames:
        if frame.forces is not None and frame.n_atoms > 1:
            classes[frame.config_type, _composition(frame)].append(frame)
    problems = []
    for members in classes.values():
        values = np.array([np.sqrt(np.mean(np.square(np.asarray(frame.forces)))) for frame in members])
        if np.median(values) < MIN_FORCE:
            continue
        for unit, odd in _odd_units(values, FORCE_UNITS, FORCE_SPREAD).items():
            chosen = [members[k] for k in odd]
            text = (
                f"RMS force of {values[odd[0]]:.3g} where others of config type '{members[0].config_type}' have "
                f"{np.median(values):.3g} eV/Å: mixed units ({unit} among eV/Å)?"
            )
            problems.append(problem_of_frames("warning", "mixed-units", chosen, text))
    return problems


def _composition(frame: Frame) -> tuple[tuple[int, float], ...]:
    """Atomic numbers with their fractions."""
    numbers, counts = np.unique(frame.numbers, return_counts=True)
    return tuple(
        (int(z), round(float(count) / frame.n_atoms, 6)) for z, count in zip(numbers, counts, strict=True)
    )


def _odd_units(
    values: NDArray[np.float64], units: Mapping[str, float], spread: float
) -> dict[str, NDArray[np.int64]]:
    """Indices of the values in another unit, by unit; empty unless every value is near the median or in a unit."""
    median = float(np.median(values))
    if len(values) < MIN_FRAMES or median == 0.0:
        return {}
    ratios = values / median
    usual = (ratios > 1.0 / spread) & (ratios < spread)
    if usual.all():
        return {}
    found: dict[str, NDArray[np.int64]] = {}
    explained = usual.copy()
    for unit, size in units.items():
        inside = ~explained & (ratios * size > 1.0 / UNIT_TOLERANCE) & (ratios * size < UNIT_TOLERANCE)
        if inside.any():
            found[unit] = np.flatnonzero(inside)
            explained |= inside
    return found if explained.all() else {}
