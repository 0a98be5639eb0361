"""What a data set holds, per config type."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from ferrip.data.distances import FrameDistances, measure_distances, smallest_of
from ferrip.data.frame import Frame
from ferrip.data.reading import non_finite_quantities

QUANTITIES = ("energy", "forces", "stress")


@dataclass(frozen=True, kw_only=True)
class LabelSummary:
    """Labels of one quantity in a group of frames.

    Attributes
    ----------
    n_frames : int
        Frames that have the label.
    keys : mapping
        Key that it was read from → number of frames.
    """

    n_frames: int
    keys: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class GroupSummary:
    """What the frames of one config type hold.

    Attributes
    ----------
    n_frames, n_atoms, n_isolated_atoms : int
        Frames, atoms in all of them, and how many frames are isolated atoms.
    elements : tuple of str
        Chemical symbols.
    labels : mapping
        "energy", "forces", "stress" → what there is of it.
    energy_per_atom : (float, float) or None
        Smallest and largest energy per atom, eV; isolated atoms left out.
    max_force : float or None
        Length of the largest force, eV/Å.
    shortest_distances : mapping
        "A-B" → shortest distance, Å; pairs that never come close are missing.
    """

    n_frames: int
    n_atoms: int
    n_isolated_atoms: int
    elements: tuple[str, ...]
    labels: Mapping[str, LabelSummary]
    energy_per_atom: tuple[float, float] | None
    max_force: float | None
    shortest_distances: Mapping[str, float]

    def to_dict(self) -> dict[str, object]:
        """The summary in JSON's types."""
        return asdict(self)


def summarize(
    frames: Sequence[Frame],
    *,
    distances: Sequence[FrameDistances] | None = None,
    num_threads: int | None = None,
) -> dict[str, GroupSummary]:
    """Summary per config type, in the order in which they appear.

    Parameters
    ----------
    frames
        Any frames; numbers that are not finite are passed over.
    distances
        Result of `measure_distances` where it is known already.
    num_threads
        Threads; None follows FERRIP_NUM_THREADS, RAYON_NUM_THREADS, cores.

    Examples
    --------
    >>> summary = summarize([Frame(numbers=[14], positions=[[0, 0, 0]], energy=-100.0)])
    >>> summary["default"].n_isolated_atoms
    1
    """
    measured = measure_distances(frames, num_threads) if distances is None else distances
    groups: dict[str, list[int]] = defaultdict(list)
    for k, frame in enumerate(frames):
        groups[frame.config_type].append(k)
    return {
        name: _summarize_group([frames[k] for k in chosen], [measured[k] for k in chosen])
        for name, chosen in groups.items()
    }


def _summarize_group(frames: Sequence[Frame], measured: Sequence[FrameDistances]) -> GroupSummary:
    from ase.data import chemical_symbols

    finite = [frame for frame in frames if not non_finite_quantities(frame)]
    energies = [
        frame.energy / frame.n_atoms
        for frame in finite
        if frame.energy is not None and frame.n_atoms and not frame.is_isolated_atom
    ]
    forces = [
        np.linalg.norm(frame.forces, axis=1).max(initial=0.0) for frame in finite if frame.forces is not None
    ]
    distances = smallest_of(one.pairs for one in measured)
    elements = np.unique(np.concatenate([frame.numbers for frame in frames]))
    return GroupSummary(
        n_frames=len(frames),
        n_atoms=sum(frame.n_atoms for frame in frames),
        n_isolated_atoms=sum(frame.is_isolated_atom for frame in frames),
        elements=tuple(chemical_symbols[z] for z in elements),
        labels={quantity: _summarize_label(frames, quantity) for quantity in QUANTITIES},
        energy_per_atom=(min(energies), max(energies)) if energies else None,
        max_force=float(max(forces)) if forces else None,
        shortest_distances={
            f"{chemical_symbols[low]}-{chemical_symbols[high]}": distance
            for (low, high), distance in distances.items()
        },
    )


def _summarize_label(frames: Sequence[Frame], quantity: str) -> LabelSummary:
    labelled = [frame for frame in frames if getattr(frame, quantity) is not None]
    keys = Counter(frame.keys.get(quantity, "given") for frame in labelled)
    return LabelSummary(n_frames=len(labelled), keys=dict(keys))
