"""Linear regressors on the triangular form: ridge with GCV, Bayesian ridge with evidence maximisation.

With the penalty Γ = diag(γ), the singular values s and rotated targets β of `R Γ⁻¹ = U S Vᵀ`, `β = Uᵀ q`, the
ridge solution for any λ is `c = Γ⁻¹ V diag(s / (s² + λ)) β`: the whole path costs one SVD. Where λ > 0 is given, one
QR of `[R; √λ Γ] = Q P` does, for a tenth of the time: the posterior factor is P⁻¹.

- Ridge picks λ by generalised cross-validation (Golub, Heath, Wahba, doi:10.1080/00401706.1979.10489751),
  `GCV(λ) = n RSS / (n − κ dof)²`; κ > 1 is the robust form for correlated rows.
- Bayesian ridge maximises the evidence over λ = α/β (MacKay, doi:10.1162/neco.1992.4.3.415), with the noise
  precision β profiled out; its fixed points are those of MacKay's α, β updates.

The rows of one structure are correlated (forces add up to zero, neighbors see each other), so n counts more
independent rows than there are; noise and variances are therefore lower bounds, and `Potential` calibrates them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular, svd
from scipy.optimize import minimize_scalar

from ferrip.errors import SettingsError
from ferrip.fitting.evidence import Evidence
from ferrip.fitting.tsqr import LeastSquares, stacked

F64 = NDArray[np.float64]

RELATIVE_RANGE = (1e-16, 1e2)
"""Smallest and largest λ looked at, relative to the largest s²."""
GRID_POINTS = 145
ZERO_DESIGN = "the design matrix is zero: no atom has a neighbor within the cutoff"
RANK_TOLERANCE = 1e-14
"""Directions with s below this times the largest s carry no data: c is 0 there, with the variance of the prior."""


@dataclass(frozen=True, kw_only=True)
class LinearFit:
    """Result of a regressor.

    Attributes
    ----------
    coefficients
        (p,) solution c.
    ridge
        λ that was used.
    effective_parameters
        Σ s² / (s² + λ).
    noise_variance
        Variance of a weighted row around the fit.
    posterior_factor
        (p, k) L with posterior covariance L Lᵀ of c.
    objective
        Value of the criterion at λ (GCV, or minus the log evidence); NaN where λ was given.
    weights
        Factor on the rows of each quantity; `None` where the rows were weighted before.
    evidence
        Noise and amplitudes, where they were found with λ.
    """

    coefficients: F64
    ridge: float
    effective_parameters: float
    noise_variance: float
    posterior_factor: F64
    objective: float
    weights: Mapping[str, float] | None = None
    evidence: Evidence | None = None


@runtime_checkable
class Regressor(Protocol):
    """Settings of a linear regression; solving returns a new object and changes nothing."""

    def solve(self, problem: LeastSquares, penalty: F64) -> LinearFit:
        """Solve `problem` with penalty λ ‖diag(penalty) c‖²; entries of infinity force c to 0."""
        ...


class _Path:
    """Ridge solutions of one problem for every λ."""

    def __init__(self, problem: LeastSquares, penalty: F64) -> None:
        _check_penalty(problem, penalty)
        self.active = np.isfinite(penalty)
        self.gamma = penalty[self.active]
        u, s, vt = svd(problem.r[:, self.active] / self.gamma, full_matrices=False, check_finite=False)
        keep = s > RANK_TOLERANCE * s[0] if len(s) else np.zeros(0, bool)
        if not keep.any():
            raise ValueError(ZERO_DESIGN)
        self.s, self.vt, self.unseen = s[keep], vt[keep], vt[~keep]
        self.beta = u[:, keep].T @ problem.q
        self.rho2 = problem.rho2 + max(0.0, float(problem.q @ problem.q - self.beta @ self.beta))
        self.n = problem.n_rows
        self.size = len(penalty)

    def dof(self, ridge: float) -> float:
        return float(np.sum(self.s**2 / (self.s**2 + ridge)))

    def rss(self, ridge: float) -> float:
        return self.rho2 + float(np.sum((ridge / (self.s**2 + ridge) * self.beta) ** 2))

    def gcv(self, ridge: float, inflation: float) -> float:
        room = self.n - inflation * self.dof(ridge)
        return self.n * self.rss(ridge) / room**2 if room > 0 else np.inf

    def penalised(self, ridge: float) -> float:
        """RSS + λ ‖Γ c‖², without cancellation."""
        return self.rho2 + float(np.sum(ridge / (self.s**2 + ridge) * self.beta**2))

    def minus_log_evidence(self, ridge: float) -> float:
        n, k = self.n, len(self.s)
        log_det = float(np.sum(np.log(self.s**2 + ridge)))
        return 0.5 * (log_det - k * np.log(ridge) + n * np.log(2 * np.pi * np.e * self.penalised(ridge) / n))

    def minimum(self, objective: Callable[[float], float]) -> float:
        """λ of the lowest `objective`: the best of a logarithmic grid, refined."""
        low, high = np.log(np.array(RELATIVE_RANGE) * self.s[0] ** 2)
        grid = np.linspace(low, high, GRID_POINTS)
        values = [objective(float(np.exp(x))) for x in grid]
        best = int(np.argmin(values))
        bounds = (grid[max(best - 1, 0)], grid[min(best + 1, GRID_POINTS - 1)])
        refined = minimize_scalar(lambda x: objective(float(np.exp(x))), bounds=bounds, method="bounded")
        return float(np.exp(refined.x if refined.fun < values[best] else grid[best]))

    def fit(self, ridge: float, noise_variance: float, objective: float) -> LinearFit:
        """The solution at λ; the posterior precision is (Rᵀ R + λ Γ²) / noise variance."""
        shrunk = self.s / (self.s**2 + ridge) * self.beta
        coefficients = np.zeros(self.size)
        coefficients[self.active] = shrunk @ self.vt / self.gamma
        directions, precision = self.vt, self.s**2 + ridge
        if ridge > 0:
            directions = np.vstack([self.vt, self.unseen])
            precision = np.append(precision, np.full(len(self.unseen), ridge))
        factor = np.zeros((self.size, len(directions)))
        factor[self.active] = directions.T * np.sqrt(noise_variance / precision) / self.gamma[:, None]
        return LinearFit(
            coefficients=coefficients,
            ridge=ridge,
            effective_parameters=self.dof(ridge),
            noise_variance=noise_variance,
            posterior_factor=factor,
            objective=objective,
        )


def _at_ridge(problem: LeastSquares, penalty: F64, ridge: float) -> LinearFit:
    """The solution at λ > 0 from one QR."""
    _check_penalty(problem, penalty)
    active = np.isfinite(penalty)
    gamma, n = penalty[active], int(active.sum())
    seen = replace(problem, r=problem.r[:, active])
    if not seen.r.any():
        raise ValueError(ZERO_DESIGN)
    penalised = stacked(seen, ridge**0.5 * gamma, np.zeros(n))
    inverse = solve_triangular(penalised.r, np.eye(n), check_finite=False)
    solution = inverse @ penalised.q
    dof = n - ridge * float(np.sum((gamma[:, None] * inverse) ** 2))
    residual = seen.r @ solution - seen.q
    rss = problem.rho2 + float(residual @ residual)
    noise = rss / max(problem.n_rows - dof, 1.0)
    coefficients, factor = np.zeros(len(penalty)), np.zeros((len(penalty), n))
    coefficients[active], factor[active] = solution, noise**0.5 * inverse
    return LinearFit(
        coefficients=coefficients,
        ridge=ridge,
        effective_parameters=dof,
        noise_variance=noise,
        posterior_factor=factor,
        objective=np.nan,
    )


def _check_penalty(problem: LeastSquares, penalty: F64) -> None:
    if penalty.shape != problem.q.shape or not (penalty > 0).all():
        raise ValueError(f"penalty: expected {problem.q.shape} positive numbers, got shape {penalty.shape}")


def _check_ridge(ridge: float | None) -> None:
    if ridge is not None and not (np.isfinite(ridge) and ridge >= 0):
        raise SettingsError(f"ridge: expected a number ≥ 0, got {ridge}")


@dataclass(frozen=True, kw_only=True)
class Ridge:
    """Ridge regression, λ given or chosen by GCV.

    Attributes
    ----------
    ridge
        λ in units of the squared penalised columns; `None` chooses it by GCV.
    inflation
        κ ≥ 1 of the robust GCV; larger values regularise more.
    """

    ridge: float | None = None
    inflation: float = 1.0

    def __post_init__(self) -> None:
        _check_ridge(self.ridge)
        if not self.inflation >= 1:
            raise SettingsError(f"inflation: expected a number ≥ 1, got {self.inflation}")

    def solve(self, problem: LeastSquares, penalty: F64) -> LinearFit:
        """Solve `problem` with penalty λ ‖diag(penalty) c‖²."""
        if self.ridge:
            return _at_ridge(problem, penalty, self.ridge)
        path = _Path(problem, penalty)
        ridge, objective = self.ridge, np.nan
        if ridge is None:
            ridge = path.minimum(lambda value: path.gcv(value, self.inflation))
            objective = path.gcv(ridge, self.inflation)
        noise = path.rss(ridge) / max(problem.n_rows - path.dof(ridge), 1.0)
        return path.fit(ridge, noise, objective)


@dataclass(frozen=True, kw_only=True)
class BayesianRidge:
    """Bayesian ridge: Gaussian prior with precision α Γ², noise precision β, both by maximum evidence.

    Attributes
    ----------
    ridge
        λ = α/β; `None` maximises the evidence over it.
    """

    ridge: float | None = None

    def __post_init__(self) -> None:
        _check_ridge(self.ridge)

    def solve(self, problem: LeastSquares, penalty: F64) -> LinearFit:
        """Solve `problem` with penalty λ ‖diag(penalty) c‖²."""
        path = _Path(problem, penalty)
        ridge, objective = self.ridge, np.nan
        if ridge is None:
            ridge = path.minimum(path.minus_log_evidence)
            objective = path.minus_log_evidence(ridge)
        return path.fit(ridge, path.penalised(ridge) / problem.n_rows, objective)
