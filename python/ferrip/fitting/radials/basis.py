"""A problem at given coefficients θ of its radial functions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ferrip.fitting.problem import Problem
from ferrip.fitting.tsqr import F64

EXTRA = 4
"""Functions of the transform beyond as many as there are radial functions."""
MAX_FUNCTIONS = 60


def unchanged(problem: Problem) -> F64:
    """(n, k) θ of the functions of the transform themselves."""
    table = problem.source.descriptor.feature_table()
    n = max((n for _, factors in table if len(factors) > 1 for _, n, _ in factors), default=0)
    return np.eye(n, min(n + EXTRA, MAX_FUNCTIONS))


def at(problem: Problem, theta: F64) -> Problem:
    """`problem` with the radial functions of θ."""
    resolved = problem.resolved | {"radial_coefficients": theta.tolist()}
    descriptor = problem.family.descriptor(resolved)
    return replace(problem, resolved=resolved, source=replace(problem.source, descriptor=descriptor))


def orthonormal(theta: F64) -> F64:
    """The nearest θ with orthonormal rows."""
    u, _, vt = np.linalg.svd(theta, full_matrices=False)
    return u @ vt
