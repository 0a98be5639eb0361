"""The streaming QR against dense numpy solutions."""

import numpy as np
import pytest

from ferrip.fitting import LeastSquares, RFactor, combine


def problem(rows=700, columns=40, seed=0):
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.uniform(-3, 3, columns)
    return rng.normal(size=(rows, columns)) * scale, rng.normal(size=rows)


def factor(matrix, target, chunk):
    accumulator = RFactor(matrix.shape[1])
    for start in range(0, len(target), chunk):
        part = slice(start, start + chunk)
        accumulator.append(np.asfortranarray(matrix[part]), target[part], 1.0)
    return accumulator


def test_solution_and_residual_are_those_of_lstsq():
    matrix, target = problem()
    expected, rss, _, _ = np.linalg.lstsq(matrix, target, rcond=None)
    system = LeastSquares.from_factor(factor(matrix, target, 37).factor(), len(target))
    assert np.linalg.solve(system.r, system.q) == pytest.approx(expected, rel=1e-8)
    assert system.rho2 == pytest.approx(rss[0], rel=1e-10)


@pytest.mark.parametrize("chunk", [1, 64, 700])
def test_factor_does_not_depend_on_how_rows_arrive(chunk):
    matrix, target = problem()
    expected = factor(matrix, target, 100).factor()
    assert np.array_equal(factor(matrix, target, chunk).factor(), expected)


def test_fewer_rows_than_columns():
    matrix, target = problem(rows=7, columns=20)
    system = LeastSquares.from_factor(factor(matrix, target, 3).factor(), 7)
    assert system.r.T @ system.r == pytest.approx(matrix.T @ matrix, rel=1e-9, abs=1e-9)
    assert system.r.T @ system.q == pytest.approx(matrix.T @ target, rel=1e-9, abs=1e-9)


def test_weights_of_classes_applied_after_streaming():
    (a, b), (c, d) = problem(seed=1), problem(rows=90, seed=2)
    system = combine([(factor(a, b, 50), 3.0), (factor(c, d, 50), 0.5), (RFactor(40), 1.0)])
    stacked, target = np.vstack([3.0 * a, 0.5 * c]), np.concatenate([3.0 * b, 0.5 * d])
    assert system.n_rows == 790
    assert system.r.T @ system.r == pytest.approx(stacked.T @ stacked, rel=1e-9)
    assert system.r.T @ system.q == pytest.approx(stacked.T @ target, rel=1e-7, abs=1e-6)
    assert system.rho2 + system.q @ system.q == pytest.approx(target @ target)


def test_combine_leaves_its_parts_as_they_are():
    matrix, target = problem()
    part = factor(matrix, target, 50)
    before = part.factor().copy()
    combine([(part, 2.0), (part, 1.0)])
    assert np.array_equal(part.factor(), before)


def test_state_continues_bitwise():
    matrix, target = problem(rows=900)
    whole = factor(matrix, target, 50)
    first = factor(matrix[:410], target[:410], 50)
    second = RFactor.restore({name: array.copy() for name, array in first.state().items()})
    second.append(matrix[410:], target[410:], 1.0)
    assert np.array_equal(second.factor(), whole.factor())
    assert second.n_rows == 900


@pytest.mark.parametrize("rows", [20, 21, 255, 256, 300])
def test_few_rows_are_kept_as_they_are(rows):
    matrix, target = problem(rows=rows, columns=20)
    part, joined = factor(matrix, target, 50), np.column_stack([matrix, target])
    assert part.is_triangular == (rows >= 256)
    assert part.rows().T @ part.rows() == pytest.approx(joined.T @ joined, rel=1e-9, abs=1e-7)
    if rows < 256:
        assert np.array_equal(part.rows(), joined)
    system = combine([(part, 1.0)])
    assert system.r.T @ system.r == pytest.approx(matrix.T @ matrix, rel=1e-9, abs=1e-7)


def test_state_of_few_rows():
    matrix, target = problem(rows=9, columns=20)
    part = RFactor.restore(factor(matrix, target, 4).state())
    assert np.array_equal(part.rows(), np.column_stack([matrix, target]))
    part.append(matrix, target, 2.0)
    assert part.n_rows == 18
    assert len(part.rows()) == 18


def test_no_rows_at_all():
    with pytest.raises(ValueError, match="no rows"):
        combine([(RFactor(3), 1.0)])
