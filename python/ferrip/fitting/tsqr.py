"""Streaming QR: rows of a least-squares problem fold into one upper triangular factor.

For weighted rows A (m, p) with targets b (m,), the factor of `[A b]` is

    R = | R_A  q |      min ‖A c − b‖² = ‖R_A c − q‖² + ρ²,
        |  0   ρ |

so that everything a linear regressor needs fits in (p + 1)² numbers, whatever m is; fewer rows than a block (the
energies, most often) are kept as they are. A fold of m rows costs
2 m p² flops (LAPACK `dtpqrt`, triangular-pentagonal QR). Source: Demmel, Grigori, Hoemmen, Langou,
doi:10.1137/080731992.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

F64 = NDArray[np.float64]

PANEL = 64
"""Panel width of `dtpqrt`."""


def block_rows(n_columns: int) -> int:
    """Rows that are collected before a fold: about as many as columns, so that a fold is level-3 BLAS."""
    return int(np.clip(n_columns, 256, 2048))


class RFactor:
    """Accumulator of the triangular factor of `[A b]`; mutable, one per class of rows.

    The rows are folded in blocks of fixed size, so the factor does not depend on how they arrived.

    Parameters
    ----------
    n_columns
        Number of columns p of A.
    """

    def __init__(self, n_columns: int) -> None:
        self.n_columns = n_columns
        self.n_rows = 0
        self._factor: F64 | None = None
        self._block = np.zeros((0, n_columns + 1), order="F")
        self._filled = 0

    def append(self, rows: F64, target: F64, weight: float) -> None:
        """Add `weight * rows` (m, p) with targets `weight * target` (m,).

        Parameters
        ----------
        rows, target
            Design rows and labels; finite.
        weight
            Common factor of these rows, not negative.
        """
        start, total = 0, len(target)
        while start < total:
            block = self._open_block(total - start)
            count = min(total - start, len(block) - self._filled)
            into = slice(self._filled, self._filled + count)
            np.multiply(rows[start : start + count], weight, out=block[into, :-1])
            np.multiply(target[start : start + count], weight, out=block[into, -1])
            self._filled += count
            start += count
            if self._filled == block_rows(self.n_columns):
                self._fold()
        self.n_rows += total

    def factor(self) -> F64:
        """(p + 1, p + 1) upper triangular factor of all rows so far."""
        if self._filled or self._factor is None:
            self._fold()
        assert self._factor is not None
        return self._factor

    @property
    def is_triangular(self) -> bool:
        """Whether rows have been folded: `rows` is then the triangular factor."""
        return self._factor is not None

    def rows(self) -> F64:
        """(k, p + 1) rows with the Gram matrix of all rows so far: these themselves while they fit into a block."""
        return self.factor() if self.is_triangular else self._block[: self._filled]

    def state(self) -> dict[str, F64]:
        """Arrays from which `restore` continues bitwise identically."""
        factor = np.zeros((0, self.n_columns + 1)) if self._factor is None else self._factor
        pending = self._block[: self._filled].copy()
        return {"factor": factor, "pending": pending, "n_rows": np.array([float(self.n_rows)])}

    @classmethod
    def restore(cls, state: dict[str, F64]) -> RFactor:
        """Accumulator from the arrays of `state`."""
        restored = cls(state["factor"].shape[1] - 1)
        if len(state["factor"]):
            restored._factor = np.asfortranarray(state["factor"])
        restored._block = np.array(state["pending"], order="F")
        restored._filled = len(restored._block)
        restored.n_rows = int(state["n_rows"][0])
        return restored

    def _open_block(self, more: int) -> F64:
        """The block, with room for `more` further rows as far as a block has it."""
        wanted = min(self._filled + more, block_rows(self.n_columns))
        if wanted > len(self._block):
            capacity = min(max(wanted, 2 * len(self._block)), block_rows(self.n_columns))
            block = np.zeros((capacity, self.n_columns + 1), order="F")
            block[: self._filled] = self._block[: self._filled]
            self._block = block
        return self._block

    def _fold(self) -> None:
        if self._factor is None:
            self._factor = np.zeros((self.n_columns + 1, self.n_columns + 1), order="F")
        if self._filled:
            rows = np.asfortranarray(self._block[: self._filled])
            self._factor = _fold(self._factor, rows, triangular=False)
            self._filled = 0


def _fold(factor: F64, rows: F64, *, triangular: bool) -> F64:
    """Upper triangular factor of `[factor; rows]`; both are overwritten."""
    n = len(factor)
    folded, _, _, info = lapack.dtpqrt(  # pyright: ignore[reportAttributeAccessIssue] (missing in the stubs)
        n if triangular else 0, min(PANEL, n), factor, rows, overwrite_a=True, overwrite_b=True
    )
    if info != 0:
        raise RuntimeError(f"LAPACK dtpqrt failed with info = {info}")
    return folded


@dataclass(frozen=True, kw_only=True)
class LeastSquares:
    """A least-squares problem min ‖R c − q‖² + ρ² in triangular form.

    Attributes
    ----------
    r
        (p, p) upper triangular.
    q
        (p,) rotated targets.
    rho2
        ρ², the part of ‖b‖² that no c reaches.
    n_rows
        Number of rows it stands for.
    """

    r: F64
    q: F64
    rho2: float
    n_rows: int

    @classmethod
    def from_factor(cls, factor: F64, n_rows: int) -> LeastSquares:
        """Problem of the triangular factor of `[A b]` with `n_rows` rows."""
        upper = np.triu(factor)
        return cls(r=upper[:-1, :-1], q=upper[:-1, -1], rho2=float(upper[-1, -1] ** 2), n_rows=n_rows)


def combine(factors: list[tuple[RFactor, float]]) -> LeastSquares:
    """One problem from several classes of rows, each with its own weight; O(p³), no data is read again.

    Parameters
    ----------
    factors
        Accumulators of the classes and the factors on their rows. Weight 0 leaves a class out.
    """
    used = [(part, weight) for part, weight in factors if weight > 0.0 and part.n_rows > 0]
    if not used:
        raise ValueError("no rows to fit: every class is empty or has weight 0")
    n = used[0][0].n_columns + 1
    total = np.zeros((n, n), order="F")
    for part, weight in used:
        rows = part.rows()
        total = _fold(total, np.asfortranarray(rows * weight), triangular=part.is_triangular)
    return LeastSquares.from_factor(total, sum(part.n_rows for part, _ in used))


def stacked(problem: LeastSquares, diagonal: F64, target: F64) -> LeastSquares:
    """`problem` with the rows `diag(diagonal) c ≈ target` added; they do not count in `n_rows`.

    Parameters
    ----------
    problem
        Problem of p columns; its r may be any (k, p) matrix.
    diagonal, target
        (p,) entries and right-hand sides of the new rows.
    """
    k, n = problem.r.shape
    factor, rows = np.zeros((n + 1, n + 1), order="F"), np.zeros((k + 1, n + 1), order="F")
    factor[range(n), range(n)], factor[:n, n] = diagonal, target
    rows[:k, :n], rows[:k, n], rows[k, n] = problem.r, problem.q, problem.rho2**0.5
    triangular = k == n and not np.tril(problem.r, -1).any()
    return LeastSquares.from_factor(_fold(factor, rows, triangular=triangular), problem.n_rows)
