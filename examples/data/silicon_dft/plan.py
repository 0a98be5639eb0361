"""The list of all frames, cheapest and most needed first."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from .crystals import (
    elastic_strains,
    equation_of_state,
    one_atom_paths,
    optical_displacements,
    other_phases,
    tetrahedral_phases,
)
from .frame import Frame
from .liquid import molecular_dynamics_frames
from .rattled import large_cells, small_cells
from .vacancy import vacancies


def all_frames(trajectories: Path) -> list[Frame]:
    """Return all planned frames in the order in which they are calculated.

    Parameters
    ----------
    trajectories
        Folder in which the molecular dynamics of the disordered frames are kept.
    """
    frames = [
        *equation_of_state(),
        *elastic_strains(),
        *optical_displacements(),
        *other_phases(),
        *one_atom_paths(),
        *tetrahedral_phases(),
        *vacancies(),
        *small_cells(),
        *large_cells(),
        *molecular_dynamics_frames(trajectories),
    ]
    repeated = [name for name, n in Counter(f.name for f in frames).items() if n > 1]
    if repeated:
        raise ValueError(f"frame names used twice: {repeated}")
    return sorted(frames, key=lambda f: f.priority)
