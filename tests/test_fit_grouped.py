"""Gram matrices of rows by their columns: those of all rows, in whatever order and number of groups."""

from __future__ import annotations

import numpy as np
import pytest

from ferrip.fitting import grouped
from ferrip.fitting.grouped import GroupedGram

P = 40


def blocks() -> list[np.ndarray]:
    """Rows of one or two of four kinds of columns, as frames of an alloy have them, some with fewer columns."""
    rng = np.random.default_rng(1)
    found = []
    for k in range(60):
        kinds = rng.choice(4, size=1 + k % 2, replace=False)
        rows = np.where(np.isin(np.arange(P) // 10, kinds), rng.normal(size=(1 + k % 7, P)), 0.0)
        rows[:, rng.choice(P, size=k % 3)] = 0.0
        found.append(rows)
    return [*found, np.zeros((2, P)), rng.normal(size=(300, P))]


@pytest.mark.parametrize("most", [0, 3, 32])
def test_the_matrix_is_that_of_all_rows(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouped, "MOST_GROUPS", most)
    monkeypatch.setattr(grouped, "BLOCK", 5)
    sums, every = GroupedGram(P), np.concatenate(blocks())
    for rows in blocks():
        sums.add(rows)
    np.testing.assert_allclose(sums.matrix(), every.T @ every, atol=1e-10)
    sums.add(every)
    np.testing.assert_allclose(sums.matrix(), 2 * every.T @ every, atol=1e-10)


def test_rows_of_an_alloy_have_few_groups() -> None:
    sums = GroupedGram(P)
    for rows in blocks()[:-2]:
        sums.add(rows)
    sizes = sorted(group.size for group in sums._groups)
    assert len(sizes) <= 4 + 6 + 2 and sizes[-1] <= 20
