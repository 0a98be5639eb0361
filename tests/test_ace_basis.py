"""The ACE basis against explicit cluster sums, and its completeness."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from oracle_ace import clebsch_gordan, cluster_sums

from ferrip import _core
from ferrip.errors import SettingsError

SETTINGS = {
    "cutoff": 4.0,
    "pair_cutoff": 4.5,
    "n_pair": 3,
    "r0": {(8, 8): 2.0, (8, 14): 1.6, (14, 14): 2.3},
}


def cluster(numbers, positions):
    return (
        np.asarray(numbers, dtype=np.int64),
        np.ascontiguousarray(positions, dtype=float),
        np.zeros((3, 3)),
        np.zeros(3, dtype=bool),
    )


def radial_values(distances, n):
    """R_1 … R_n of the many-body channels, read off single-neighbor order-2 features (R_n R_1 at l = 0)."""
    names = [[(14, k + 1, 0), (14, 1, 0)] for k in range(n)]
    descriptor = _core.Descriptor.ace(
        elements=[14], cutoff=4.0, pair_cutoff=4.5, n_pair=0, r0={(14, 14): 2.3}, functions=names
    )
    table = [sorted(factors) for _, factors in descriptor.feature_table()]
    columns = [table.index(sorted(name)) for name in names]
    rows = []
    for r in distances:
        values = descriptor.values(cluster([14, 14], [[0, 0, 0], [0, 0, r]]))[0]
        first = np.sqrt(values[columns[0]] * np.sqrt(2))  # order 2 of equal factors: A²/√2
        rows.append([values[c] * (np.sqrt(2) if k == 0 else 1.0) / first for k, c in enumerate(columns)])
    return np.array(rows)


def test_clebsch_gordan_known_values():
    assert clebsch_gordan(1, 0, 1, 0, 2, 0) == pytest.approx(np.sqrt(2 / 3))
    assert clebsch_gordan(1, 1, 1, -1, 0, 0) == pytest.approx(np.sqrt(1 / 3))
    assert clebsch_gordan(2, 1, 1, 0, 2, 1) == pytest.approx(1 / np.sqrt(6))


def blocks(descriptor, centre):
    """(factors, columns) of each block of features of order ≥ 2 with the same factors."""
    start, end = descriptor.feature_range(centre)
    table = descriptor.feature_table()[start:end]
    columns = range(start, end)
    for key, group in groupby(columns, key=lambda k: tuple(table[k - start][1])):
        if len(key) > 1:
            yield list(key), list(group)


@pytest.mark.parametrize(
    "factors",
    [
        [(14, 1, 0), (14, 2, 0)],
        [(14, 1, 2), (14, 2, 2)],
        [(14, 1, 1), (14, 1, 1), (14, 2, 2)],
        [(14, 1, 2), (14, 1, 2), (14, 1, 2)],
        [(14, 1, 1), (14, 1, 1), (14, 2, 1), (14, 2, 1)],
        [(14, 1, 2), (14, 1, 2), (14, 2, 1), (14, 1, 1)],
    ],
    ids=lambda f: "-".join(f"{n}{degree}" for _, n, degree in f),
)
def test_spans_the_clebsch_gordan_couplings(factors):
    """Over random environments, our functions of a block span the cluster sums of all coupling trees."""
    descriptor = _core.Descriptor.ace(
        elements=[14], cutoff=4.0, pair_cutoff=4.5, n_pair=0, r0={(14, 14): 2.3}, functions=[factors]
    )
    rng = np.random.default_rng(5)
    ours, oracle = [], []
    for _ in range(5):
        vectors = rng.normal(size=(3, 3))
        vectors *= (rng.uniform(1.5, 3.5, size=3) / np.linalg.norm(vectors, axis=1))[:, None]
        structure = cluster([14] * 4, np.vstack([np.zeros(3), vectors]))
        ours.append(descriptor.values(structure)[0])
        radial = radial_values(np.linalg.norm(vectors, axis=1), 2)
        oracle.append(cluster_sums(factors, vectors, np.full(3, 14), radial))
    ours, oracle = np.array(ours), np.array(oracle)
    ours /= np.abs(ours).max(axis=0)
    oracle = oracle[:, np.abs(oracle).max(axis=0) > 1e-9 * np.abs(oracle).max()]
    oracle /= np.abs(oracle).max(axis=0)

    def rank(matrix):
        return np.linalg.matrix_rank(matrix, tol=1e-7)

    assert rank(ours) == ours.shape[1]
    assert rank(oracle) == rank(ours)
    assert rank(np.hstack([ours, oracle])) == rank(ours)


def test_two_species_pair_products_by_hand():
    """Order 2 is Σ_jk R_n R_n' (2l+1)/√(2l+1) P_l(cos θ), for neighbors of the right species only."""
    factors = [(8, 1, 1), (14, 1, 1)]
    descriptor = _core.Descriptor.ace(elements=[8, 14], functions=[factors], **{**SETTINGS, "n_pair": 0})
    positions = np.array([[0.0, 0, 0], [1.7, 0, 0], [0.3, 2.1, 0], [0, 0.2, 1.9]])
    a = descriptor.values(cluster([14, 8, 14, 8], positions))[0]
    b = descriptor.values(cluster([14, 8, 14, 8], positions * [1, 1, -1]))[0]
    assert np.count_nonzero(a) == 1
    np.testing.assert_allclose(a, b, rtol=1e-12)
    swapped = descriptor.values(cluster([14, 14, 8, 14], positions))[0]
    assert not np.allclose(a, swapped)


@pytest.mark.parametrize(
    ("elements", "degrees"), [([14], [6, 6, 6, 6]), ([8, 14], [4, 4, 4]), ([14], [4, 4, 0, 9])]
)
def test_numerical_rank_is_the_size(elements, degrees):
    rng = np.random.default_rng(3)
    descriptor = _core.Descriptor.ace(elements=elements, degrees=degrees, **SETTINGS)
    rows = []
    while sum(len(r) for r in rows) < 3 * descriptor.n_features:
        positions = rng.uniform(0, 5.0, size=(12, 3))
        numbers = rng.choice(elements, size=12)
        rows.append(descriptor.values(cluster(numbers, positions)))
    values = np.concatenate(rows)
    values /= np.linalg.norm(values, axis=0)
    singular = np.linalg.svd(values, compute_uv=False)
    assert singular[-1] > 1e-9 * singular[0]


def test_degree_rule_and_table():
    descriptor = _core.Descriptor.ace(elements=[8, 14], degrees=[5, 5], l_weight=1.5, **SETTINGS)
    table = descriptor.feature_table()
    assert len(table) == descriptor.n_features
    for _, factors in table:
        if len(factors) > 1:
            assert sum(n + 1.5 * degree for _, n, degree in factors) <= 5 + 1e-9
            assert sum(degree for _, _, degree in factors) % 2 == 0
    assert descriptor.smoothness(1.0, 0.0)[0] == 1.0


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"elements": [14, 8]}, "elements"),
        ({"cutoff": -1.0}, "cutoff"),
        ({"cutoff": float("nan")}, "cutoff"),
        ({"degrees": [8] * 5}, "degrees"),
        ({"degrees": [float("inf")]}, "degrees"),
        ({"degrees": [60.0] * 4}, "too large"),
        ({"l_weight": 0.0}, "l_weight"),
        ({"r0": {}}, "r0"),
        ({"exponents": (4, 2)}, "transform"),
        ({"outer_zero": 0}, "envelope"),
        ({"degrees": None, "functions": [[(14, 1, 0)]]}, "functions"),
        ({"degrees": None, "functions": [[(6, 1, 0), (14, 1, 0)]]}, "functions"),
    ],
)
def test_bad_settings_are_named(change, match):
    settings = {"elements": [8, 14], "degrees": [5.0, 5.0], **SETTINGS, **change}
    with pytest.raises(SettingsError, match=match):
        _core.Descriptor.ace(**settings)
