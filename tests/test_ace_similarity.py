"""Covariance of coefficients under a similarity of species."""

from __future__ import annotations

import numpy as np
import pytest

from ferrip import _core

ELEMENTS = [6, 14, 32]
ALL_DEGREES = {"cutoff": 4.5, "pair_cutoff": 4.8, "n_pair": 3, "degrees": [6.0, 6.0, 6.0, 6.0]}


def compiled(elements):
    r0 = {(a, b): 2.3 for k, a in enumerate(elements) for b in elements[k:]}
    return _core.Descriptor.ace(elements=elements, r0=r0, **ALL_DEGREES)


@pytest.fixture(scope="module")
def descriptor():
    return compiled(ELEMENTS)


def test_every_function_is_in_one_group(descriptor):
    groups = descriptor.tied_functions(np.eye(3))
    columns = np.concatenate([columns for columns, _ in groups])
    assert sorted(columns) == list(range(descriptor.n_features // 3))
    table = descriptor.feature_table()
    for columns, _ in groups:
        assert len({tuple((n, degree) for _, n, degree in table[k][1]) for k in columns}) == 1


def test_unrelated_species_are_independent(descriptor):
    for columns, covariance in descriptor.tied_functions(np.eye(3)):
        assert covariance == pytest.approx(np.eye(len(columns)), abs=1e-12)


@pytest.mark.parametrize("tie", [0.0, 0.5, 0.99])
def test_covariance_is_positive_definite(descriptor, tie):
    similarity = (1 - tie) * np.eye(3) + tie
    for _, covariance in descriptor.tied_functions(similarity):
        assert covariance == pytest.approx(covariance.T)
        assert np.linalg.eigvalsh(covariance)[0] > 0


def test_identical_species_give_energies_that_ignore_species(descriptor):
    rng = np.random.default_rng(1)
    per_center = descriptor.n_features // 3
    coefficients, rank = np.zeros((3, per_center)), 0
    for columns, covariance in descriptor.tied_functions(np.ones((3, 3))):
        values, vectors = np.linalg.eigh(covariance)
        kept = values > 1e-8
        rank += kept.sum()
        coefficients[:, columns] = vectors[:, kept] @ rng.normal(size=kept.sum())
    assert rank == compiled([14]).n_features
    positions, cell, pbc = rng.uniform(0, 5, (8, 3)), 5.5 * np.eye(3), np.ones(3, bool)
    energies = [
        descriptor.values((numbers, positions, cell, pbc)) @ coefficients.ravel()
        for numbers in (np.full(8, 14), np.full(8, 32), rng.choice(ELEMENTS, 8), rng.choice(ELEMENTS, 8))
    ]
    for other in energies[1:]:
        assert other == pytest.approx(energies[0], rel=1e-9)


def test_bad_similarity(descriptor):
    with pytest.raises(ValueError, match="3 × 3"):
        descriptor.tied_functions(np.eye(2))
    with pytest.raises(ValueError, match="finite"):
        descriptor.tied_functions(np.full((3, 3), np.nan))
