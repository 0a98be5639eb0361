"""Fits of many columns: the same solutions as by triangular factors, λ by held-out rows, interruption."""

from __future__ import annotations

import numpy as np
import pytest
from fitted import frames
from threadpoolctl import threadpool_info

import ferrip
from ferrip.blas import blas_threads
from ferrip.errors import SettingsError
from ferrip.fitting import driver, gram, many_columns, normal
from ferrip.fitting.gram import Gram, inverse, solved
from ferrip.fitting.normal import NormalEquations, lowest
from ferrip.fitting.prior import Prior, TiedGroup
from ferrip.fitting.regressors import Ridge
from ferrip.fitting.rows import factor_name
from ferrip.fitting.tsqr import RFactor, combine

P = 11
OPTIONS = {"size": "small", "shape": "wide", "progress": False, "stress": "force"}
WEIGHTS = {"energy": 3.0, "forces": 1.0, "virial": 0.5}


@pytest.fixture
def panels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Panels that do not divide the size."""
    monkeypatch.setattr(gram, "PANEL", 4)


def prior() -> Prior:
    rng = np.random.default_rng(3)
    root = rng.normal(size=(3, 3))
    group = TiedGroup(columns=np.array([1, 4, 9]), root=root @ root.T)
    return Prior(roughness=rng.uniform(0.5, 2.0, P), column_scaling=0.5, groups=[group])


def rows_of(quantity: str, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, P)) * np.linspace(1.0, 5.0, P)
    return rows, rows @ np.sin(np.arange(P)) + 0.1 * rng.normal(size=n)


def parts() -> list[tuple[str, int, np.ndarray, np.ndarray]]:
    """Rows of quantities and folds."""
    sizes = {"energy": 5, "forces": 10, "virial": 8}
    return [
        (quantity, fold, *rows_of(quantity, n, 10 * fold + n))
        for fold in range(4)
        for quantity, n in sizes.items()
    ]


def equations(ridge: float | None = None, **options) -> NormalEquations:
    made = NormalEquations(P, WEIGHTS, prior(), ridge, **options)
    takers = made.parts()
    for quantity, fold, rows, target in parts():
        takers[factor_name(quantity, fold)].append(rows, target, 0.7)
    return made


def test_factors_leave_the_matrix(panels: None) -> None:
    rows = np.random.default_rng(0).normal(size=(30, P))
    matrix = Gram(P)
    matrix.add(rows[:20])
    for ridge in (0.1, 2.0):
        factor = np.triu(matrix.factor(ridge))
        expected = rows[:20].T @ rows[:20] + ridge * np.eye(P)
        assert factor.T @ factor == pytest.approx(expected, abs=1e-12)
    assert matrix.factor(-100.0) is None
    matrix.add(rows[20:])
    scale = np.linspace(0.0, 1.0, P)
    matrix.scale(scale)
    whole = scale[:, None] * (rows.T @ rows) * scale
    assert matrix.diagonal() == pytest.approx(np.diag(whole))
    assert matrix.largest_eigenvalue() == pytest.approx(np.linalg.eigvalsh(whole)[-1], rel=1e-3)
    factor = matrix.factor(0.5)
    right = np.arange(P) + 1.0
    dense = whole + 0.5 * np.eye(P)
    assert solved(factor, right) == pytest.approx(np.linalg.solve(dense, right))
    root = inverse(factor)
    assert root @ root.T == pytest.approx(np.linalg.inv(dense))


def test_given_ridge_agrees_with_triangular_factors(panels: None) -> None:
    factors = {quantity: RFactor(P) for quantity in WEIGHTS}
    for quantity, _, rows, target in parts():
        factors[quantity].append(rows, target, 0.7)
    problem = combine([(factors[quantity], weight) for quantity, weight in WEIGHTS.items()])
    expected = prior().solve(Ridge(ridge=30.0), problem)
    found = equations(30.0).solve(lambda _: None)
    assert found.coefficients == pytest.approx(expected.coefficients, rel=1e-9)
    assert found.effective_parameters == pytest.approx(expected.effective_parameters, rel=1e-9)
    covariances = [
        fit.posterior_factor @ fit.posterior_factor.T / fit.noise_variance for fit in (found, expected)
    ]
    assert covariances[0] == pytest.approx(covariances[1], rel=1e-8, abs=1e-10)


def test_the_last_fold_chooses_the_ridge() -> None:
    found = equations().solve(lambda _: None)
    weighted = [(fold, rows * 0.7 * WEIGHTS[q], t * 0.7 * WEIGHTS[q]) for q, fold, rows, t in parts()]
    norms = np.sqrt(sum((rows**2).sum(axis=0) for _, rows, _ in weighted))
    scaled = [(fold, prior().tied(rows) / prior().penalty_of(norms), t) for fold, rows, t in weighted]
    matrix = sum(rows.T @ rows for fold, rows, _ in scaled if fold < 3)
    moment = sum(rows.T @ t for fold, rows, t in scaled if fold < 3)

    def criterion(ridge: float) -> float:
        u = np.linalg.solve(matrix + ridge * np.eye(P), moment)
        return sum(np.log(np.sum((rows @ u - t) ** 2)) for fold, rows, t in scaled if fold == 3)

    tried = np.linalg.eigvalsh(matrix)[-1] * normal.RELATIVE_RIDGES
    place = int(np.argmin(np.abs(np.log(tried / found.ridge))))
    assert found.ridge == pytest.approx(tried[place], rel=1e-3)
    for other in range(max(place - 1, 0), min(place + 2, len(tried))):
        assert criterion(tried[place]) <= criterion(tried[other]) + 1e-9


def test_lowest_goes_downhill_to_the_end() -> None:
    asked = []

    def criterion(place: int) -> float:
        asked.append(place)
        return -place

    assert lowest(criterion, 4, 10) == 9
    assert len(asked) == len(set(asked))
    assert lowest(lambda place: place, 4, 10) == 0
    assert lowest(lambda _: np.inf, 4, 10) == 4


def test_a_state_continues(panels: None) -> None:
    whole = equations().solve(lambda _: None)
    first = NormalEquations(P, WEIGHTS, prior())
    half = len(parts()) // 2
    for quantity, fold, rows, target in parts()[:half]:
        first.parts()[factor_name(quantity, fold)].append(rows, target, 0.7)
    second = NormalEquations(P, WEIGHTS, prior())
    assert second.restored(first.state(), {"position": "7"}) == 7
    for quantity, fold, rows, target in parts()[half:]:
        second.parts()[factor_name(quantity, fold)].append(rows, target, 0.7)
    assert second.solve(lambda _: None).coefficients == pytest.approx(whole.coefficients, rel=1e-7)
    with pytest.raises(ValueError, match="another shape"):
        NormalEquations(P + 1, WEIGHTS, prior()).restored(first.state(), {"position": "7"})


def test_a_zero_design_is_refused() -> None:
    made = NormalEquations(P, WEIGHTS, prior())
    made.parts()[factor_name("forces", 0)].append(np.zeros((3, P)), np.ones(3), 1.0)
    with pytest.raises(ValueError, match="design matrix is zero"):
        made.solve(lambda _: None)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fit has many columns."""
    for module in (normal, many_columns):
        monkeypatch.setattr(module, "MOST_TRIANGULAR", 10)


def test_a_fit_by_normal_equations(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    found = ferrip.fit(frames(), ridge=0.1, **OPTIONS)
    assert found.posterior_factor is None
    monkeypatch.setattr(many_columns, "MOST_TRIANGULAR", 4000)
    expected = ferrip.fit(frames(), ridge=0.1, uncertainty=False, **OPTIONS)
    assert found.coefficients == pytest.approx(expected.coefficients, rel=1e-5, abs=1e-6)


def test_undecided_stress_is_left_out(few: None) -> None:
    with pytest.warns(UserWarning, match="no pairs of strained cells"):
        found = ferrip.fit(frames(), **(OPTIONS | {"stress": "auto"}))
    assert "left out" in found.metadata["fit"]["stress"]


def test_an_interrupted_fit_continues(few: None, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = OPTIONS | {"checkpoint": tmp_path / "fit"}
    expected = ferrip.fit(frames(), **options)
    solve = NormalEquations.solve

    def interrupted(self: NormalEquations, note: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(NormalEquations, "solve", interrupted)
    with pytest.raises(KeyboardInterrupt, match="continues from"):
        ferrip.fit(frames(), **options)
    monkeypatch.setattr(NormalEquations, "solve", solve)
    monkeypatch.setattr(driver, "stream", lambda source, frames, factors, start, after: None)
    again = ferrip.fit(frames(), **options)
    assert np.array_equal(again.coefficients, expected.coefficients)
    assert not (tmp_path / "fit").exists()


def test_other_solvers_are_refused(few: None) -> None:
    for settings in ({"solver": "bayes"}, {"ridge_by": "gcv"}):
        with pytest.raises(SettingsError, match="need solver='ridge'"):
            ferrip.fit(frames(), **OPTIONS, **settings)
    with pytest.raises(SettingsError, match="size: expected one of small, medium, large"):
        ferrip.fit(frames(), model="uf3", size="huge", progress=False)


@pytest.mark.parametrize(("n_columns", "threads"), [(100, 1), (4000, 2), (16_000, 1)])
def test_blas_threads_follow_the_number_of_columns(n_columns, threads):
    with blas_threads(n_columns, 2):
        counts = [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]
    assert counts and all(count <= threads for count in counts)
