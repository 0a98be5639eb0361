"""Frames whose labels come from a potential within the class of `pair_family`."""

import numpy as np
from pair_family import PairDescriptor, PairEvaluator

from ferrip.data import Frame

E0 = {14: -3.0, 8: -5.0}
TRUTH = np.random.default_rng(5).normal(size=16)
TRUTH[8:12] = TRUTH[4:8]  # the data only decide the sum of O-Si and Si-O


def make_frames(n_frames=12, seed=0, stress_offset=0.0, noise=0.0):
    """Rattled Si/O cells with exact labels of a pair potential within the model class."""
    rng = np.random.default_rng(seed)
    oracle = PairEvaluator(PairDescriptor([8, 14], 4.0, 4), TRUTH, [E0[8], E0[14]])
    frames = []
    for index in range(n_frames):
        cell = np.eye(3) * (4.6 + 0.05 * index) + 0.2 * rng.normal(size=(3, 3))
        fractions = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]) + 0.03 * rng.normal(
            size=(4, 3)
        )
        numbers = np.array([14, 8, 8, 14] if index % 2 else [14, 14, 8, 14])
        structure = (numbers, fractions @ cell, cell, np.ones(3, dtype=bool))
        energies, forces, strain = oracle.compute(structure)
        stress = strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]] / abs(np.linalg.det(cell))
        stress[:3] += stress_offset
        frames.append(
            Frame(
                numbers=numbers,
                positions=structure[1],
                cell=cell,
                pbc=structure[3],
                energy=float(energies.sum()) + noise * rng.normal(),
                forces=forces + noise * rng.normal(size=forces.shape),
                stress=stress,
                config_type="bulk" if index < n_frames // 2 else "strained",
                index=index,
            )
        )
    return frames
