"""Frames with pairs closer than any in the data, in which networks are held to the linear potential.

Products of many functions extrapolate worse than the functions themselves, and molecular dynamics of hot atoms goes
where no training frame was. So pairs of neighbors in some training frames are pushed together, to a random distance
between `LOW` times the shortest one of their elements and that one, and the forces of the linear potential there are
labels of the training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ferrip import _core
from ferrip.data import Frame
from ferrip.fitting.distances import SEARCH_RADIUS
from ferrip.fitting.neural.settings import NeuralSettings
from ferrip.fitting.nonlinear.loss import WeightedLabels
from ferrip.fitting.rows import RowSource, n_rows
from ferrip.models.family import Evaluator

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

LOW = 0.9
"""Smallest distance of a pair over the shortest one in the data."""
FROM = 1.5
"""Pairs up to this many times the shortest distance are pushed together."""
TRUSTED = 4.0
"""Largest force of the linear potential over the largest in the data; beyond, it knows nothing and is not followed."""
SEED = 0
"""Of the pairs and their distances, which are the same for networks of every seed."""
CHANGED = 0.3
"""eV/Å by which the force on an atom changes where it is a label."""


def pushed_together(
    frame: Frame,
    shortest: Mapping[tuple[int, int], float],
    rng: np.random.Generator,
    num_threads: int | None = None,
) -> Frame | None:
    """The frame without labels, with disjoint pairs of neighbors closer than any in the data.

    Parameters
    ----------
    frame
        Where the pairs are.
    shortest
        Å, shortest distance of every pair (low, high) of atomic numbers.
    rng
        Source of the order of the pairs and of their distances.
    num_threads
        Threads of the neighbor list.

    Returns
    -------
    Frame or None
        `None` where no pair can be moved.
    """
    radius = min(2.0 * max(shortest.values(), default=0.0), SEARCH_RADIUS)
    if radius <= 0.0:
        return None
    i, j, lengths, vectors, least = _neighbors(frame, shortest, radius, num_threads)
    first = np.searchsorted(i, np.arange(frame.n_atoms + 1))
    positions, taken, moved = frame.positions.copy(), np.zeros(frame.n_atoms, dtype=bool), False
    for edge in rng.permutation(np.flatnonzero((i < j) & (lengths < FROM * least))):
        a, b, length = int(i[edge]), int(j[edge]), least[edge] * rng.uniform(LOW, 1.0)
        if taken[a] or taken[b] or length >= lengths[edge]:
            continue
        step = 0.5 * (1.0 - length / lengths[edge]) * vectors[edge]
        steps = {a: step, b: -step}
        around = {atom: np.arange(first[atom], first[atom + 1]) for atom in steps}
        if any(
            _closer(j[edges], vectors[edges], least[edges], atom, steps) > 1 for atom, edges in around.items()
        ):
            continue
        for atom, edges in around.items():
            positions[atom] += steps[atom]
            taken[j[edges][lengths[edges] < 2.0 * least[edges]]] = True
        moved = True
    if not moved:
        return None
    return replace(frame, positions=positions, energy=None, forces=None, stress=None, keys={})


def with_closer_pairs(
    labels: WeightedLabels,
    linear: Evaluator,
    source: RowSource,
    weights: Mapping[str, float],
    shortest: Mapping[tuple[int, int], float],
    settings: NeuralSettings,
) -> WeightedLabels:
    """The labels, and behind them those of frames with closer pairs: forces of the linear potential on changed atoms.

    Parameters
    ----------
    labels
        Of the training frames.
    linear
        Evaluator of the linear potential.
    source, weights
        What weighs the rows.
    shortest
        See `pushed_together`.
    settings
        How many frames, and their weights.
    """
    most = max((np.abs(one.forces).max() for one in labels.frames if one.forces is not None), default=np.inf)
    rng, threads = np.random.default_rng(SEED), labels.num_threads
    frames, target, weight = list(labels.frames), [labels.target], [labels.weight]
    order = np.argsort([_closest(frame, shortest, threads) for frame in labels.frames], kind="stable")
    for index in order[: round((settings.closer_pairs or 0.0) * len(frames))]:
        before = labels.frames[index]
        after = pushed_together(before, shortest, rng, threads)
        if after is None:
            continue
        old, new = (linear.compute(one.structure, threads)[1] for one in (before, after))
        if not np.abs(new).max() <= TRUSTED * most:
            continue
        labelled = replace(after, forces=new)
        own = WeightedLabels.of(source, [labelled], weights)
        changed = np.zeros(n_rows(labelled))
        changed[1:-6] = np.repeat(np.linalg.norm(new - old, axis=1) > CHANGED, 3)
        frames.append(labelled)
        target.append(own.target)
        weight.append(settings.closer_weight * changed * own.weight)
    return replace(labels, frames=frames, target=np.concatenate(target), weight=np.concatenate(weight))


def _closer(j: I64, vectors: F64, least: F64, atom: int, steps: Mapping[int, F64]) -> int:
    """Neighbors of a moved atom no farther than the shortest distance; one is the other atom of its pair."""
    moved = np.array([steps.get(int(neighbor), np.zeros(3)) for neighbor in j]) - steps[atom]
    return int(np.sum(np.linalg.norm(vectors + moved, axis=1) <= least))


def _closest(frame: Frame, shortest: Mapping[tuple[int, int], float], num_threads: int | None) -> float:
    """Smallest distance of a frame over the shortest one of its elements."""
    radius = min(FROM * max(shortest.values(), default=0.0), SEARCH_RADIUS)
    if radius <= 0.0:
        return np.inf
    _, _, lengths, _, least = _neighbors(frame, shortest, radius, num_threads)
    return float((lengths / least).min(initial=np.inf))


def _neighbors(
    frame: Frame, shortest: Mapping[tuple[int, int], float], radius: float, num_threads: int | None
) -> tuple[I64, I64, F64, F64, F64]:
    """i, j, distances and r_ij of all pairs up to `radius`, and the shortest distance of their elements."""
    i, j, _, vectors = _core.neighbor_list(*frame.structure, radius, num_threads)
    kinds = np.sort(np.stack([frame.numbers[i], frame.numbers[j]], axis=1), axis=1).tolist()
    least = np.array([shortest.get((low, high), np.inf) for low, high in kinds])
    return i, j, np.linalg.norm(vectors, axis=1), vectors, least
