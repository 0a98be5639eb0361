"""σ of quantities and config types, as in papers on GAP, against a dense Gaussian process of energies and forces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from fitted import frames
from numpy.typing import NDArray

import ferrip
from ferrip.data import Frame
from ferrip.models import gap
from ferrip.models.gap_features import base_descriptor, directions
from ferrip.potential import Potential

F64 = NDArray[np.float64]

ENERGY, FORCES, DELTA = 0.003, 0.08, 2.0
"""σ of energies (eV per atom, times √N) and forces (eV/Å), and δ (eV)."""
OTHER = {"energy": 4.0, "forces": 0.5}
"""σ of one config type over these."""
TYPE = "set 1"
TRAIN = frames()[:20]
STEP = 1e-4
"""Å, of central differences."""


@pytest.fixture(scope="module")
def potential() -> Iterator[Potential]:
    """ζ = 2 of so few functions that the sparse environments span all their products: no approximation is left but
    the variance that is added to sparse values, which is made small.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gap, "JITTER", 1e-10)
        yield _fit()


def _fit() -> Potential:
    return ferrip.fit(
        TRAIN,
        model="gap",
        size="small",
        e0={"Cu": 0.0},
        stress="off",
        repulsion="none",
        progress=False,
        n_max=2,
        l_max=1,
        zeta=2,
        cutoff=4.0,
        linear="none",
        pairs=0,
        sparse=60,
        weights={"energy": 1.0 / ENERGY, "forces": 1.0 / FORCES},
        config_weights={TYPE: {name: 1.0 / factor for name, factor in OTHER.items()}},
        ridge=1.0 / DELTA**2,
    )


@dataclass(frozen=True, kw_only=True)
class Dense:
    """The Gaussian process whose features are all products of two functions of an atom, less those of a free one."""

    potential: Potential

    def atoms(self, frame: Frame, moved: F64 | float = 0.0) -> F64:
        """(N, D²) features of the atoms."""
        base = base_descriptor(self.potential.settings)
        numbers, positions, cell, pbc = frame.structure
        found = directions(base.values((numbers, positions + moved, cell, pbc)), None)
        lone = (np.array([29]), np.zeros((1, 3)), np.zeros((3, 3)), np.zeros(3, bool))
        free = directions(base.values(lone), None)
        return _squares(found) - _squares(free)

    def energy(self, frame: Frame) -> F64:
        """(1, D²) features of the energy."""
        return self.atoms(frame).sum(axis=0, keepdims=True)

    def forces(self, frame: Frame) -> F64:
        """(3 N, D²) features of the forces, by central differences."""
        steps = STEP * np.eye(3 * frame.n_atoms).reshape(-1, frame.n_atoms, 3)
        change = [self.atoms(frame, step) - self.atoms(frame, -step) for step in steps]
        return np.array([-one.sum(axis=0) / (2 * STEP) for one in change])


def _squares(rows: F64) -> F64:
    return np.einsum("ni,nj->nij", rows, rows).reshape(len(rows), -1)


def test_equals_a_dense_process_with_these_deviations(potential: Potential) -> None:
    dense, test = Dense(potential=potential), frames()[23]
    rows, labels, deviations = [], [], []
    for frame in TRAIN:
        own = OTHER if frame.config_type == TYPE else dict.fromkeys(OTHER, 1.0)
        rows += [dense.energy(frame), dense.forces(frame)]
        labels += [[frame.energy], np.ravel(frame.forces)]
        deviations += [
            [ENERGY * own["energy"] * frame.n_atoms**0.5],
            [FORCES * own["forces"]] * (3 * frame.n_atoms),
        ]
    a, b = np.concatenate(rows), np.concatenate(labels)
    covariance = DELTA**2 * a @ a.T + np.diag(np.concatenate(deviations) ** 2)

    def mean(features: F64) -> F64:
        return DELTA**2 * features @ a.T @ np.linalg.solve(covariance, b)

    (found,) = potential.evaluate(test)
    np.testing.assert_allclose(found.energy, mean(dense.energy(test))[0], atol=1e-4)
    np.testing.assert_allclose(found.forces.ravel(), mean(dense.forces(test)), atol=1e-4)
    own = dense.atoms(test)
    cross = DELTA**2 * own @ a.T
    variances = DELTA**2 * np.sum(own**2, axis=1) - np.sum(
        cross * np.linalg.solve(covariance, cross.T).T, axis=1
    )
    scale = (
        potential.metadata["fit"]["noise_variance"] ** 0.5 * potential.metadata["uncertainty"]["energy_scale"]
    )
    np.testing.assert_allclose(potential.energies_uncertainty(test), scale * np.sqrt(variances), rtol=3e-3)
