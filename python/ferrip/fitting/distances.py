"""Interatomic distances in the training data: what sets cutoffs and warns of extrapolation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ferrip import _core
from ferrip.data import Frame
from ferrip.data.distances import SERIAL_ATOMS

SEARCH_RADIUS = 6.0
"""Å within which neighbors are looked for."""


@dataclass(frozen=True, kw_only=True)
class PairDistances:
    """Distances per unordered pair of atomic numbers (low, high), in Å.

    Attributes
    ----------
    minimum
        Shortest distance in the data; pairs never closer than `SEARCH_RADIUS` are missing.
    nearest
        Median over atoms of the distance to the nearest neighbor of that species.
    neighbors
        Mean number of neighbors per atom within `SEARCH_RADIUS`.
    """

    minimum: dict[tuple[int, int], float]
    nearest: dict[tuple[int, int], float]
    neighbors: float


def pair_distances(frames: Sequence[Frame], num_threads: int | None = None) -> PairDistances:
    """Minimum and typical nearest-neighbor distance of every pair of species in `frames`."""
    species = np.unique(np.concatenate([frame.numbers for frame in frames]))
    samples: dict[tuple[int, int], list[np.ndarray]] = {}
    edges = atoms = 0
    for frame in frames:
        threads = 1 if frame.n_atoms < SERIAL_ATOMS else num_threads
        i, j, _, vectors = _core.neighbor_list(*frame.structure, SEARCH_RADIUS, threads)
        kind = np.searchsorted(species, frame.numbers)
        closest = np.full((len(kind), len(species)), np.inf)
        np.minimum.at(closest, (i, kind[j]), np.linalg.norm(vectors, axis=1))
        edges, atoms = edges + len(i), atoms + len(kind)
        for a in np.unique(kind):
            for b in np.unique(kind):
                found = closest[kind == a, b]
                key = (int(species[min(a, b)]), int(species[max(a, b)]))
                samples.setdefault(key, []).append(found[np.isfinite(found)])
    joined = {key: np.concatenate(parts) for key, parts in samples.items()}
    joined = {key: values for key, values in joined.items() if len(values)}
    return PairDistances(
        minimum={key: float(values.min()) for key, values in joined.items()},
        nearest={key: float(np.median(values)) for key, values in joined.items()},
        neighbors=edges / max(atoms, 1),
    )
