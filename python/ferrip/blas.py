"""Threads of the BLAS library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

from ferrip import _core

THREADED_COLUMNS = 1500
"""Fewer columns than these leave too little work per call: BLAS threads would wait for each other most of the time,
and for whatever else the cores do."""


@contextmanager
def blas_threads(n_columns: int, num_threads: int | None) -> Iterator[None]:
    """One BLAS thread for small problems, else as many as `num_threads` resolves to."""
    limit = _core.resolve_threads(num_threads) if n_columns >= THREADED_COLUMNS else 1
    with threadpool_limits(limits=limit, user_api="blas"):
        yield
