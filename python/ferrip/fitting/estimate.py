"""Memory and time of a fit, and the cost of its potential, estimated before it runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ferrip.data import Frame
from ferrip.fitting.folds import N_FOLDS
from ferrip.fitting.memory import GB, check_memory, fit_bytes, training_bytes
from ferrip.fitting.rows import n_rows
from ferrip.fitting.tsqr import RFactor, block_rows
from ferrip.models.family import Descriptor

PROBE_COLUMNS = 256
SVD_FLOPS = 25.0
"""Flops of the singular value decomposition over p³."""
FOLD_FLOPS = 20.0
"""Flops over p³ of one held-out fold: Gram matrices and an eigendecomposition."""
FACTORS = 9
"""Cholesky factorisations of a fit by normal equations, its inverse counted as two."""
STEP_FLOPS = 0.6
"""Flops of an iteration of the training over p³: the linear density is eliminated, and six dampings are tried."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a fit will take.

    Attributes
    ----------
    n_rows, n_columns
        Size of the design matrix, which is never held whole.
    bytes
        Peak memory.
    seconds
        Wall time.
    step
        Wall time of an MD step of the potential in µs per atom on one thread, where it is known.
    """

    n_rows: int
    n_columns: int
    bytes: float
    seconds: float
    step: float | None = None

    def check(self, most: float | None) -> None:
        """Raise SettingsError for more than `most` GB."""
        check_memory(self.bytes, most)

    def __str__(self) -> str:
        step = "" if self.step is None else f"; an MD step about {self.step:.3g} µs/atom on one thread"
        return (
            f"{self.n_rows:,} rows × {self.n_columns:,} columns, "
            f"about {self.bytes / GB:.1f} GB and {_duration(self.seconds)}{step}"
        )


def estimate(
    descriptor: Descriptor,
    frames: Sequence[Frame],
    num_threads: int | None,
    *,
    normal: bool = False,
    before: float = 0.0,
) -> Estimate:
    """Estimate of a linear fit from the sizes, one measured design block and one measured fold.

    `normal` fits solve normal equations, `before` are the bytes of what came before the fit.
    """
    rows, columns = sum(n_rows(frame) for frame in frames), descriptor.n_features
    if normal:
        seconds = (rows * columns**2 + FACTORS / 3 * columns**3) / _product_rate()
    else:
        flops = 2.0 * rows * columns**2 + (SVD_FLOPS + N_FOLDS * FOLD_FLOPS) * columns**3
        seconds = flops / _fold_rate()
    return Estimate(
        n_rows=rows,
        n_columns=columns,
        bytes=max(before, fit_bytes(columns, frames, normal=normal)),
        seconds=_design_seconds(descriptor, frames, num_threads) + seconds,
    )


def estimate_of_training(
    descriptor: Descriptor, frames: Sequence[Frame], num_threads: int | None, n_densities: int
) -> Estimate:
    """Estimate of an iteration of the training of densities on all functions, at most; see `estimate`."""
    rows, columns = sum(n_rows(frame) for frame in frames), n_densities * descriptor.n_features
    flops = rows * columns**2 + STEP_FLOPS * columns**3
    return Estimate(
        n_rows=rows,
        n_columns=columns,
        bytes=training_bytes(columns, frames),
        seconds=_design_seconds(descriptor, frames, num_threads) + flops / _product_rate(),
    )


def _design_seconds(descriptor: Descriptor, frames: Sequence[Frame], num_threads: int | None) -> float:
    """Time of all design rows, from those of a frame of median size."""
    sample = sorted(frames, key=n_rows)[len(frames) // 2]
    started = time.perf_counter()
    descriptor.design([sample.structure], num_threads)
    return (time.perf_counter() - started) / n_rows(sample) * sum(n_rows(frame) for frame in frames)


def _fold_rate() -> float:
    """Measured flops per second of a fold."""
    probe = RFactor(PROBE_COLUMNS)
    rows = np.random.default_rng(0).normal(size=(block_rows(PROBE_COLUMNS), PROBE_COLUMNS))
    target = np.ones(len(rows))
    probe.append(rows, target, 1.0)
    started = time.perf_counter()
    probe.append(rows, target, 1.0)
    return 2.0 * len(rows) * PROBE_COLUMNS**2 / (time.perf_counter() - started)


def _product_rate() -> float:
    """Measured flops per second of a matrix product."""
    matrix = np.random.default_rng(0).normal(size=(2 * PROBE_COLUMNS,) * 2)
    _ = matrix @ matrix
    started = time.perf_counter()
    _ = matrix @ matrix
    return 2.0 * len(matrix) ** 3 / (time.perf_counter() - started)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
