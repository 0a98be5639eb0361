"""Noise of every quantity and amplitude of every part of the prior, by maximum marginal likelihood.

The rows A_q, b_q of quantity q have noise of variance 1/β_q, and the coefficients u of part g the prior variance 1/α_g.
With Λ = Σ β_q A_qᵀ A_q + diag(α) and its solution m,

    −2 log p = log |Λ| − Σ k_g log α_g − Σ n_q log β_q + Σ β_q ‖A_q m − b_q‖² + Σ α_g ‖m_g‖² + n log 2π,

which for kernels with sparse environments is the marginal likelihood of the sparse Gaussian process (the projected
process, or DTC). Its derivatives with respect to log β and log α need Λ⁻¹ and the Gram matrices alone: O(p³) per step,
however many rows there are. Sources: MacKay, doi:10.1162/neco.1992.4.3.415; Quiñonero-Candela, Rasmussen, Journal of
Machine Learning Research 6, 1939 (2005).

Rows of one structure are correlated where the model is wrong and not the labels, so the noise is a lower bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.optimize import minimize

from ferrip.fitting.gram import inverse, largest_eigenvalue, solved

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

START_RIDGE = 1e-8
"""First λ, relative to the largest eigenvalue of the weighted Gram matrix."""
MAX_STEPS = 60
TOLERANCE = 1e-8
"""Change of the evidence per row at which the steps end."""
WIDEST = 1e8
"""Largest factor between a noise or amplitude and the first one."""
IMPOSSIBLE = 1e300
"""Minus log evidence where rounding makes Λ indefinite."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Where the evidence is largest.

    Attributes
    ----------
    ridge
        λ of the first part for rows with `weights`.
    weights
        Factor on the rows of each quantity, proportional to √β; the largest given one stays.
    scales
        (p,) factor on the penalty of every function, √(α_g / α_first).
    noise
        Standard deviation of the rows of each quantity.
    amplitudes
        Standard deviation 1/√α_g of the prior of each part.
    objective
        Minus the log evidence of the rows.
    """

    ridge: float
    weights: Mapping[str, float]
    scales: F64
    noise: Mapping[str, float]
    amplitudes: tuple[float, ...]
    objective: float


def minus_log_evidence(
    grams: Sequence[F64], counts: Sequence[int], parts: Sequence[I64], logs: F64
) -> tuple[float, F64]:
    """−log p, and its derivatives with respect to `logs`.

    Parameters
    ----------
    grams
        Per quantity, (p + 1, p + 1) Gram matrix of [A b].
    counts
        Rows of each quantity.
    parts
        Columns of each part of the prior; together every column once.
    logs
        log β of each quantity, then log α of each part.

    Examples
    --------
    One row 1 · u = 1, with noise and prior of variance 1:

    >>> gram = np.ones((2, 2))
    >>> value, slope = minus_log_evidence([gram], [1], [np.array([0])], np.zeros(2))
    >>> round(float(value - 0.5 * np.log(2 * np.pi * 2.0)), 9), slope.round(9).tolist()
    (0.25, [-0.125, -0.125])
    """
    beta, alpha = np.exp(logs[: len(grams)]), np.exp(logs[len(grams) :])
    whole = _sum(beta, grams)
    precision, right = np.array(whole[:-1, :-1], order="F"), whole[:-1, -1]
    diagonal = np.empty(len(right))
    for a, columns in zip(alpha, parts, strict=True):
        diagonal[columns] = a
    precision[np.diag_indices(len(right))] += diagonal
    factor, info = lapack.dpotrf(precision, lower=0, clean=0, overwrite_a=1)  # pyright: ignore[reportAttributeAccessIssue]
    if info != 0:
        return IMPOSSIBLE, np.zeros(len(logs))
    log_det = 2.0 * float(np.sum(np.log(factor.diagonal())))
    mean = np.append(solved(factor, right), -1.0)
    root = inverse(factor)
    covariance = root @ root.T
    value, slope = log_det + sum(counts) * np.log(2.0 * np.pi), []
    for b, gram, count in zip(beta, grams, counts, strict=True):
        misfit = b * max(float(mean @ gram @ mean), 0.0)
        value += misfit - count * np.log(b)
        slope.append(b * float(np.sum(covariance * gram[:-1, :-1])) + misfit - count)
    variances = covariance.diagonal()
    for a, columns in zip(alpha, parts, strict=True):
        size = a * float(mean[columns] @ mean[columns])
        value += size - len(columns) * np.log(a)
        slope.append(a * float(variances[columns].sum()) + size - len(columns))
    return 0.5 * float(value), 0.5 * np.array(slope)


def maximise(
    grams: Mapping[str, F64],
    counts: Mapping[str, int],
    weights: Mapping[str, float],
    parts: Sequence[I64],
) -> Evidence:
    """Noise and amplitudes of the largest evidence, from `weights` and equal amplitudes on.

    Parameters
    ----------
    grams, counts
        Per quantity, (p + 1, p + 1) Gram matrix of the rows [A b], and their number.
    weights
        Factor on the rows of each quantity to start from; those of 0 are left out.
    parts
        Columns of each part of the prior; together every column once. The first sets λ.
    """
    used = [name for name in grams if weights[name] > 0 and counts[name] > 0]
    chosen, numbers = [grams[name] for name in used], [counts[name] for name in used]
    relative = np.log([weights[name] ** 2 for name in used])
    whole = _sum(np.exp(relative), chosen)
    ridge = START_RIDGE * largest_eigenvalue(whole[:-1, :-1].__matmul__, whole[:-1, :-1].diagonal())
    noise = _noise(whole, ridge) / sum(numbers)
    start = np.append(relative, np.full(len(parts), np.log(ridge))) - np.log(noise)

    def objective(logs: F64) -> tuple[float, F64]:
        value, slope = minus_log_evidence(chosen, numbers, parts, logs)
        return value / sum(numbers), slope / sum(numbers)

    reach = np.log(WIDEST)
    found = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(x - reach, x + reach) for x in start],
        options={"maxiter": MAX_STEPS, "ftol": TOLERANCE},
    )
    beta, alpha = found.x[: len(used)], found.x[len(used) :]
    top = int(np.argmax(relative))
    unit = relative[top] - beta[top]
    scales = np.empty(len(whole) - 1)
    for a, columns in zip(alpha, parts, strict=True):
        scales[columns] = np.exp(0.5 * (a - alpha[0]))
    chosen_weights = {name: float(np.exp(0.5 * (b + unit))) for name, b in zip(used, beta, strict=True)}
    return Evidence(
        ridge=float(np.exp(alpha[0] + unit)),
        weights=dict.fromkeys(weights, 0.0) | chosen_weights,
        scales=scales,
        noise={name: float(np.exp(-0.5 * b)) for name, b in zip(used, beta, strict=True)},
        amplitudes=tuple(np.exp(-0.5 * alpha).tolist()),
        objective=float(found.fun) * sum(numbers),
    )


def _sum(beta: F64, grams: Sequence[F64]) -> F64:
    whole = np.zeros_like(grams[0])
    for b, gram in zip(beta, grams, strict=True):
        whole += b * gram
    return whole


def _noise(whole: F64, ridge: float) -> float:
    """Squared residual of the ridge solution at λ."""
    size = len(whole) - 1
    solution = np.linalg.solve(whole[:-1, :-1] + ridge * np.eye(size), whole[:-1, -1])
    mean = np.append(solution, -1.0)
    return max(float(mean @ whole @ mean), 1e-300)
