"""A sparse Gaussian process as a regressor: least squares on kernels, under the prior that these imply.

With sparse points s, f(x) = Σ_s c_s k(x, s) has the prior c ~ N(0, K⁻¹), K_st = k(s, t) (subset of regressors), so that

    ‖R c − q‖² + λ cᵀ K c,      λ = σ² / δ²,

is the problem of any linear regressor in the coordinates u = K^½ c, which `ferrip.fitting.prior` solves; this is the
QR of [K; L] of GAP. Rows may be values, sums and derivatives of kernels, or of features of any kind whose prior has the
precision K. Fits of `--model gap` go the same way, with a block of K for each part (`Gap.correlated_functions`).

Sources: Quiñonero-Candela, Rasmussen, Journal of Machine Learning Research 6, 1939 (2005); Foster et al., Journal of
Machine Learning Research 10, 857 (2009).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ferrip.errors import SettingsError
from ferrip.fitting.prior import Prior, TiedGroup
from ferrip.fitting.regressors import LinearFit, Regressor, Ridge
from ferrip.fitting.tsqr import LeastSquares

F64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class SparseGP:
    """Sparse Gaussian process on given kernels.

    Attributes
    ----------
    kernel
        (p, p) symmetric K between the sparse points, positive semidefinite.
    regressor
        What finds λ and solves in the coordinates of the prior; by default ridge with λ by GCV.
    jitter
        Added to the diagonal of K, over its mean, for stability.

    Raises
    ------
    SettingsError
        For a kernel that is none.

    Examples
    --------
    f(x) = sin x from values, with sparse points on a grid:

    >>> from ferrip.fitting.tsqr import RFactor
    >>> def k(a, b): return np.exp(-0.5 * (a[:, None] - b) ** 2)
    >>> x, sparse = np.linspace(0, 6, 50), np.linspace(0, 6, 12)
    >>> rows = RFactor(len(sparse))
    >>> rows.append(k(x, sparse), np.sin(x), 1.0)
    >>> problem = LeastSquares.from_factor(rows.factor(), rows.n_rows)
    >>> fit = SparseGP(kernel=k(sparse, sparse)).solve(problem, np.ones(len(sparse)))
    >>> bool(abs(k(np.array([1.3]), sparse) @ fit.coefficients - np.sin(1.3)) < 1e-4)
    True
    """

    kernel: F64
    regressor: Regressor = field(default_factory=Ridge)
    jitter: float = 1e-8

    def __post_init__(self) -> None:
        kernel = self.kernel
        if kernel.ndim != 2 or kernel.shape[0] != kernel.shape[1]:
            raise SettingsError(f"kernel: expected a square matrix, got shape {kernel.shape}")
        if not np.isfinite(kernel).all():
            raise SettingsError("kernel: expected finite numbers")
        if not np.allclose(kernel, kernel.T, rtol=1e-9, atol=1e-12 * np.abs(kernel).max(initial=0.0)):
            raise SettingsError("kernel: expected a symmetric matrix")
        if not (np.isfinite(self.jitter) and self.jitter >= 0.0):
            raise SettingsError(f"jitter: expected a number ≥ 0, got {self.jitter}")
        lowest = float(np.linalg.eigvalsh(self._stable())[0])
        if lowest <= 0.0:
            raise SettingsError(f"kernel: expected no negative eigenvalue, got {lowest:.3g} with the jitter")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SparseGP):
            return NotImplemented
        same = (self.regressor, self.jitter) == (other.regressor, other.jitter)
        return same and np.array_equal(self.kernel, other.kernel)

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def precision(self, penalty: F64) -> F64:
        """(a, a) prior precision Γ K Γ of the coefficients with a finite penalty, up to λ."""
        active = np.flatnonzero(np.isfinite(penalty))
        gamma = penalty[active]
        return gamma[:, None] * self._stable()[np.ix_(active, active)] * gamma

    def solve(self, problem: LeastSquares, penalty: F64) -> LinearFit:
        """Solve `problem` with penalty λ (Γ c)ᵀ K (Γ c), Γ = diag(penalty); entries of infinity force c to 0."""
        if penalty.shape != (len(self.kernel),):
            raise ValueError(f"penalty: expected {len(self.kernel)} numbers, got shape {penalty.shape}")
        active = np.isfinite(penalty)
        values, vectors = np.linalg.eigh(self.precision(penalty))
        root = (vectors / np.sqrt(values)) @ vectors.T
        prior = Prior(
            roughness=np.where(active, 1.0, np.inf),
            column_scaling=0.0,
            groups=[TiedGroup(columns=np.flatnonzero(active), root=root)],
        )
        return prior.solve(self.regressor, problem)

    def _stable(self) -> F64:
        """K with the jitter."""
        return self.kernel + self.jitter * self.kernel.diagonal().mean() * np.eye(len(self.kernel))
