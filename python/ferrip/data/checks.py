"""Checks of a data set before it is fitted: every error names file and frame."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from ferrip.data.distances import FrameDistances, measure_distances
from ferrip.data.frame import Frame
from ferrip.data.problems import Problem, name_frames, problem_of_frames
from ferrip.data.reading import non_finite_quantities
from ferrip.data.stress import StressVerdict, stress_consistency
from ferrip.data.units import mixed_energy_units, mixed_force_units

OVERLAP_DISTANCE = 0.3
"""Å; atoms closer than this are on top of each other."""
SMALLEST_SQUARED_VOLUME = 1e-12
"""Of the cell of unit vectors along the periodic directions; less counts as linearly dependent."""
SAME_ENERGY = 1e-4
"""eV per atom; labels of the same structure that differ by more contradict each other."""
CELL_DEPENDENT = ("kgrid", "kpoints")
"""Ends of the names of DFT settings that follow the cell and may differ between frames."""


def check_frames(
    frames: Sequence[Frame],
    required: Sequence[str] = ("energy",),
    *,
    verdicts: Mapping[str, StressVerdict] | None = None,
    distances: Sequence[FrameDistances] | None = None,
    num_threads: int | None = None,
) -> list[Problem]:
    """All problems of a data set, errors first.

    Parameters
    ----------
    frames
        Frames to check.
    required
        Quantities ("energy", "forces", "stress") of which at least one frame must hold a label.
    verdicts
        Result of `stress_consistency` where it is known already.
    distances
        Result of `measure_distances` where it is known already.
    num_threads
        Threads; None follows FERRIP_NUM_THREADS, RAYON_NUM_THREADS, cores.

    Returns
    -------
    list of Problem
        Empty where nothing is wrong. `raise_errors` turns errors into an exception.

    Examples
    --------
    >>> [problem.message for problem in check_frames([Frame(numbers=[14], positions=[[0, 0, 0]])])]
    ['no frame has an energy label (looked for REF_energy, calculator results and known aliases)']
    """
    if not frames:
        return [Problem(severity="error", kind="empty", message="there are no frames")]
    sound = [frame for frame in frames if _is_sound(frame)]
    problems = [*_non_finite(frames), *_without_cell(frames), *_missing_labels(frames, required)]
    problems += _overlaps(frames, measure_distances(frames, num_threads) if distances is None else distances)
    problems += mixed_energy_units(sound)
    problems += mixed_force_units(sound)
    problems += _stress(stress_consistency(sound) if verdicts is None else verdicts)
    problems += _duplicates(sound)
    problems += _mixed_metadata(frames)
    return sorted(problems, key=lambda problem: problem.severity != "error")


def _non_finite(frames: Sequence[Frame]) -> list[Problem]:
    found: dict[str, list[Frame]] = defaultdict(list)
    for frame in frames:
        quantities = non_finite_quantities(frame)
        if quantities:
            found[", ".join(quantities)].append(frame)
    return [
        problem_of_frames("error", "non-finite", members, f"NaN or infinity in {quantities}")
        for quantities, members in found.items()
    ]


def _is_sound(frame: Frame) -> bool:
    """Whether all numbers are finite and the cell spans the periodic directions."""
    return not non_finite_quantities(frame) and not _lacks_cell(frame)


def _lacks_cell(frame: Frame) -> bool:
    """Whether a periodic direction has no lattice vector, or the lattice vectors are linearly dependent."""
    vectors = frame.cell[frame.pbc]
    if not len(vectors):
        return False
    lengths = np.linalg.norm(vectors, axis=1)
    return bool((lengths == 0.0).any()) or np.linalg.matrix_rank(vectors / lengths[:, None], tol=1e-9) < len(
        vectors
    )


def _without_cell(frames: Sequence[Frame]) -> list[Problem]:
    found = [frame for frame in frames if np.isfinite(frame.cell).all() and _lacks_cell(frame)]
    text = "periodic, but without a cell that spans the periodic directions"
    return [problem_of_frames("error", "no-cell", found, text)] if found else []


def _missing_labels(frames: Sequence[Frame], required: Sequence[str]) -> list[Problem]:
    problems = []
    for quantity in required:
        if all(getattr(frame, quantity) is None for frame in frames):
            article = "an" if quantity == "energy" else "a"
            message = (
                f"no frame has {article} {quantity} label "
                f"(looked for REF_{quantity}, calculator results and known aliases)"
            )
            problems.append(Problem(severity="error", kind="missing-labels", message=message))
    unlabelled = [frame for frame in frames if frame.energy is None and frame.forces is None]
    if unlabelled and len(unlabelled) < len(frames):
        problems.append(
            problem_of_frames("warning", "missing-labels", unlabelled, "neither energy nor forces")
        )
    return problems


def _overlaps(frames: Sequence[Frame], distances: Sequence[FrameDistances]) -> list[Problem]:
    """Frames with atoms on top of each other, and sound ones that the neighbor list refuses for another reason."""
    shortest = np.array([min(one.pairs.values(), default=np.inf) for one in distances])
    problems = [
        problem_of_frames("error", "refused", [frame], one.refusal)
        for frame, one in zip(frames, distances, strict=True)
        if one.refusal and _is_sound(frame)
    ]
    found = np.flatnonzero(shortest < OVERLAP_DISTANCE)
    if len(found):
        text = f"atoms overlap (shortest distance {shortest[found].min():.3f} Å)"
        problems.append(problem_of_frames("error", "overlap", [frames[int(k)] for k in found], text))
    return problems


def _stress(verdicts: Mapping[str, StressVerdict]) -> list[Problem]:
    """Wrong sign, wrong unit and constant offsets, one line per verdict text and group."""
    return [
        Problem(
            severity="warning",
            kind="stress",
            message=f"stress of config type '{group}' is unusable: {v.reason}",
        )
        for group, v in verdicts.items()
        if v.decision == "unusable"
    ]


def _duplicates(frames: Sequence[Frame]) -> list[Problem]:
    """Frames that hold the same structure, apart by whether their energies agree."""
    classes: dict[tuple[bytes, ...], list[Frame]] = defaultdict(list)
    for frame in frames:
        classes[_fingerprint(frame)].append(frame)
    copies = [members for members in classes.values() if len(members) > 1]
    contradicting = [members for members in copies if not _energies_agree(members)]
    problems = []
    if copies:
        extra = [frame for members in copies for frame in members[1:]]
        first = name_frames([frame.label for frame in copies[0][:2]])
        message = f"{len(extra)} duplicated frames, for example {first}"
        labels = tuple(frame.label for frame in extra)
        problems.append(Problem(severity="warning", kind="duplicates", message=message, frames=labels))
    if contradicting:
        members = [frame for group in contradicting for frame in group]
        text = "the same structure with different energies"
        problems.append(problem_of_frames("warning", "contradicting-labels", members, text))
    return problems


def _fingerprint(frame: Frame) -> tuple[bytes, ...]:
    rounded = (np.round(array, 6) + 0.0 for array in (frame.positions, frame.cell))
    return (frame.numbers.tobytes(), frame.pbc.tobytes(), *(array.tobytes() for array in rounded))


def _energies_agree(frames: Sequence[Frame]) -> bool:
    energies = [frame.energy for frame in frames if frame.energy is not None]
    return not energies or max(energies) - min(energies) <= SAME_ENERGY * max(frames[0].n_atoms, 1)


def _mixed_metadata(frames: Sequence[Frame]) -> list[Problem]:
    """DFT settings that differ between frames; those that state none at all are one problem."""
    names = dict.fromkeys(name for frame in frames for name in frame.metadata)
    silent = [frame for frame in frames if not frame.metadata]
    frames = [frame for frame in frames if frame.metadata]
    problems = []
    if silent and frames:
        text = f"no DFT settings stated, where other frames state {', '.join(list(names)[:3])}"
        problems.append(problem_of_frames("warning", "mixed-metadata", silent, text))
    for name in [name for name in names if not name.endswith(CELL_DEPENDENT)]:
        counts = Counter(frame.metadata.get(name, "not stated") for frame in frames)
        if len(counts) > 1:
            listed = ", ".join(f"{value} ({count} frames)" for value, count in counts.most_common(4))
            message = f"frames mix DFT settings: {name} is {listed}"
            problems.append(Problem(severity="warning", kind="mixed-metadata", message=message))
    return problems
