"""Interatomic distances in the training data: what sets cutoffs and warns of extrapolation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ferrip import _core
from ferrip.data import Frame
from ferrip.data.distances import SERIAL_ATOMS

F64 = NDArray[np.float64]

SEARCH_RADIUS = 6.0
"""Å within which neighbors are looked for."""
BIN_WIDTH = 0.05
"""Å; width of the bins of `PairDistances.around`."""
SMOOTHING = 5
"""Bins that `PairDistances.gap` adds up."""


@dataclass(frozen=True, kw_only=True)
class PairDistances:
    """Distances per unordered pair of atomic numbers (low, high), in Å.

    Attributes
    ----------
    minimum
        Shortest distance in the data; pairs never closer than `SEARCH_RADIUS` are missing.
    nearest
        Typical nearest-neighbor distance: median over the atoms of one species of the distance to the nearest
        atom of the other, seen from the species where it is smaller (a bond that few of the common atoms have
        is one that all of the rare ones have).
    neighbors
        Mean number of neighbors per atom within `SEARCH_RADIUS`.
    periodic
        Whether a frame has a periodic direction; false for molecules and clusters alone.
    around
        Mean number of neighbors by distance, in bins of `BIN_WIDTH` up to `SEARCH_RADIUS`, by the atomic numbers of
        the centre and of the neighbor.
    """

    minimum: dict[tuple[int, int], float]
    nearest: dict[tuple[int, int], float]
    neighbors: float
    periodic: bool = True
    around: dict[tuple[int, int], F64] = field(default_factory=dict)

    def mean_sum(self, center: int, neighbor: int, function: Callable[[F64], F64]) -> float:
        """Mean over the atoms of one element of Σ f(r) over their neighbors of another within `SEARCH_RADIUS`.

        Parameters
        ----------
        center, neighbor
            Atomic numbers.
        function
            f of distances in Å.

        Returns
        -------
        float
            0 for elements that never are neighbors.
        """
        counts = self.around.get((center, neighbor))
        if counts is None:
            return 0.0
        middles = BIN_WIDTH * (np.arange(len(counts), dtype=np.float64) + 0.5)
        return float(counts @ function(middles))

    def gap(self, pair: tuple[int, int], factors: tuple[float, float], length: float) -> float | None:
        """Where neighbors of a pair are fewest per volume between two multiples of a distance.

        Parameters
        ----------
        pair
            Atomic numbers.
        factors, length
            Bounds over `length`, and `length` in Å.

        Returns
        -------
        float or None
            Å; `None` where the data have no such pair.
        """
        counts = self.around.get(pair)
        if counts is None or not counts.any():
            return None
        middles = BIN_WIDTH * (np.arange(len(counts), dtype=np.float64) + 0.5)
        density = np.convolve(counts / middles**2, np.ones(SMOOTHING), "same")
        inside = (middles >= factors[0] * length) & (middles <= factors[1] * length)
        return float(middles[inside][np.argmin(density[inside])]) if inside.any() else None


def pair_distances(frames: Sequence[Frame], num_threads: int | None = None) -> PairDistances:
    """Minimum and typical nearest-neighbor distance of every pair of species in `frames`."""
    species = np.unique(np.concatenate([frame.numbers for frame in frames]))
    samples: dict[tuple[int, int], list[np.ndarray]] = {}
    edges = atoms = 0
    n, bins = len(species), round(SEARCH_RADIUS / BIN_WIDTH)
    counts, members = np.zeros(n * n * bins), np.zeros(n)
    for frame in frames:
        threads = 1 if frame.n_atoms < SERIAL_ATOMS else num_threads
        i, j, _, vectors = _core.neighbor_list(*frame.structure, SEARCH_RADIUS, threads)
        kind = np.searchsorted(species, frame.numbers)
        closest = np.full((len(kind), n), np.inf)
        lengths = np.linalg.norm(vectors, axis=1)
        np.minimum.at(closest, (i, kind[j]), lengths)
        place = np.minimum((lengths / BIN_WIDTH).astype(int), bins - 1)
        counts += np.bincount((kind[i] * n + kind[j]) * bins + place, minlength=len(counts))
        members += np.bincount(kind, minlength=n)
        edges, atoms = edges + len(i), atoms + len(kind)
        for a in np.unique(kind):
            for b in np.unique(kind):
                found = closest[kind == a, b]
                samples.setdefault((int(species[a]), int(species[b])), []).append(found[np.isfinite(found)])
    seen = {key: np.concatenate(parts) for key, parts in samples.items()}
    minimum: dict[tuple[int, int], float] = {}
    nearest: dict[tuple[int, int], float] = {}
    for (a, b), values in seen.items():
        if len(values):
            pair = (min(a, b), max(a, b))
            minimum[pair] = min(float(values.min()), minimum.get(pair, np.inf))
            nearest[pair] = min(float(np.median(values)), nearest.get(pair, np.inf))
    return PairDistances(
        minimum=minimum,
        nearest=nearest,
        neighbors=edges / max(atoms, 1),
        periodic=any(bool(frame.pbc.any()) for frame in frames),
        around={
            (int(a), int(b)): row / max(count, 1)
            for (a, count), rows in zip(
                zip(species, members, strict=True), counts.reshape(n, n, bins), strict=True
            )
            for b, row in zip(species, rows, strict=True)
        },
    )
