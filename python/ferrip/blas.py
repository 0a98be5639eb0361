"""Threads of the BLAS library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

from ferrip import _core

THREADED_COLUMNS = 1500
"""Fewer columns than these leave too little work per call: BLAS threads would wait for each other most of the time,
and for whatever else the cores do."""

MOST_THREADED_COLUMNS = 12_000
"""More columns than these are left to one thread: `dsyrk` and `dpotrf` of 15,880 columns end in a segmentation fault
with two threads of OpenBLAS 0.3.30 on AVX-512 (13,000 do not, nor does one thread)."""


@contextmanager
def blas_threads(n_columns: int, num_threads: int | None) -> Iterator[None]:
    """One BLAS thread for small problems and for the largest ones, else as many as `num_threads` resolves to."""
    threaded = THREADED_COLUMNS <= n_columns <= MOST_THREADED_COLUMNS
    limit = _core.resolve_threads(num_threads) if threaded else 1
    with threadpool_limits(limits=limit, user_api="blas"):
        yield
