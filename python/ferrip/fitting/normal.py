"""Fits of many columns: normal equations, and one Cholesky factorisation per λ.

Triangular factors of every quantity and fold, which `ferrip.fitting.tsqr` keeps, and eigendecompositions for the path
of λ cost more than a machine has for more than a few thousand columns. Here the rows of all quantities go into one Gram
matrix with the weights of the settings, and λ is the one that predicts the rows of the last fold best, as far as they
are kept; these are added at last. With the prior c = T Γ⁻¹ u (see `ferrip.fitting.prior`),

    (G + λ I) u = g,      G = Γ⁻¹ Tᵀ AᵀA T Γ⁻¹,   g = Γ⁻¹ Tᵀ Aᵀ b,

rows · p² flops for G and p³/3 per λ, in one square of memory. Squaring halves the digits, so that λ does not fall
below 10⁻¹⁵ of the largest eigenvalue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferrip.fitting.folds import N_FOLDS
from ferrip.fitting.gram import Gram, inverse, solved
from ferrip.fitting.prior import Prior
from ferrip.fitting.regressors import ZERO_DESIGN, LinearFit
from ferrip.fitting.rows import factor_name
from ferrip.fitting.tsqr import block_rows
from ferrip.fitting.weights import QUANTITIES
from ferrip.modelfile import Arrays

F64 = NDArray[np.float64]

MOST_TRIANGULAR = 4200
"""Columns above which a fit solves normal equations."""
HELD_OUT = N_FOLDS - 1
"""Fold whose rows choose λ; of each quantity as many as there are columns, at most."""
RELATIVE_RIDGES = 10.0 ** np.arange(-15.0, 0.1, 0.5)
"""λ that may be chosen, relative to the largest eigenvalue of G."""
FIRST_RIDGE = 4
"""Place among them where the search begins: 10⁻¹³."""


@dataclass(frozen=True)
class _Part:
    """Takes the rows of one quantity and fold from `RowSource.fold`."""

    equations: NormalEquations
    quantity: str
    held_out: bool

    def append(self, rows: F64, target: F64, weight: float) -> None:
        """Add `weight * rows` (m, p) with targets `weight * target` (m,)."""
        factor = weight * self.equations.weights[self.quantity]
        if factor > 0.0:
            self.equations.add(rows * factor, target * factor, self.quantity if self.held_out else None)


class NormalEquations:
    """Normal equations of weighted rows; mutable.

    Parameters
    ----------
    n_columns
        Number of columns p.
    weights
        Factor on the rows of each quantity; 0 leaves it out.
    prior
        Prior of the coefficients.
    ridge
        λ; `None` chooses it.
    """

    def __init__(
        self, n_columns: int, weights: Mapping[str, float], prior: Prior, ridge: float | None = None
    ) -> None:
        self.n_columns = n_columns
        self.weights = dict(weights)
        self.prior = prior
        self.ridge = ridge
        self.n_rows = 0
        self._gram = Gram(n_columns)
        self._moment = np.zeros(n_columns)
        self._squares = np.zeros(n_columns)
        self._held: dict[str, list[F64]] = {quantity: [] for quantity in QUANTITIES}
        self._pending: list[F64] = []

    def parts(self) -> dict[str, Any]:
        """What takes the rows of every quantity and fold."""
        return {
            factor_name(quantity, fold): _Part(self, quantity, self.ridge is None and fold == HELD_OUT)
            for quantity in QUANTITIES
            for fold in range(N_FOLDS)
        }

    def add(self, rows: F64, target: F64, held_out_as: str | None) -> None:
        """Add weighted rows (m, p) with targets (m,); with a name, to those that choose λ while there is room."""
        self.n_rows += len(target)
        self._squares += np.einsum("ij,ij->j", rows, rows)
        both = np.column_stack([self.prior.tied(rows), target])
        held = self._held[held_out_as] if held_out_as else []
        if held_out_as and _length(held) + len(both) <= self.n_columns:
            held.append(both)
            return
        self._pending.append(both)
        if _length(self._pending) >= block_rows(self.n_columns):
            self._fold()

    def solve(self, note: Callable[[str], None]) -> LinearFit:
        """Coefficients and posterior under the prior; uses the equations up.

        Raises
        ------
        ValueError
            The design is zero.
        """
        self._fold()
        penalty = self.prior.penalty_of(np.sqrt(self._squares))
        active = np.isfinite(penalty)
        if not self._squares[active].any():
            raise ValueError(ZERO_DESIGN)
        scale = np.where(active, 1.0 / penalty, 0.0)
        held = {}
        for quantity, rows in self._held.items():
            if rows:
                held[quantity] = np.concatenate(rows)
                held[quantity] *= np.append(scale, 1.0)
                rows.clear()
        self._gram.scale(scale)
        moment = self._moment * scale
        ridge, noise = self._chosen(moment, held, note)
        for rows in held.values():
            self._gram.add(np.ascontiguousarray(rows[:, :-1]))
            moment += rows[:, -1] @ rows[:, :-1]
        held.clear()
        factor = self._gram.factor(ridge)
        while factor is None:
            ridge *= 10.0
            factor = self._gram.factor(ridge)
        solution = solved(factor, moment)
        root = inverse(factor)
        shrunk = ridge * float(sum(root[k] @ root[k] for k in np.flatnonzero(active)))
        root *= noise**0.5 * scale[:, None]
        coefficients = scale * solution
        for vectors in (coefficients, root):
            self.prior.untie(vectors)
        return LinearFit(
            coefficients=coefficients,
            ridge=ridge,
            effective_parameters=int(active.sum()) - shrunk,
            noise_variance=noise,
            posterior_factor=root,
            objective=np.nan,
            weights=self.weights,
        )

    def state(self) -> Arrays:
        """Arrays from which `restore` continues."""
        self._fold()
        held = {f"held.{name}": np.concatenate(rows) for name, rows in self._held.items() if rows}
        sums = {"moment": self._moment, "squares": self._squares, "n_rows": np.array([float(self.n_rows)])}
        return {"gram": self._gram.state()} | sums | held

    def restored(self, state: Arrays, text: Mapping[str, str]) -> int:
        """Continues from a `state`; returns the position in the data that is written beside it.

        Raises
        ------
        LookupError
            An array is missing.
        ValueError
            The arrays are of another problem.
        """
        shapes = {"gram": (self.n_columns,) * 2, "moment": (self.n_columns,), "squares": (self.n_columns,)}
        if any(state[name].shape != shape for name, shape in shapes.items()):
            raise ValueError("arrays of another shape")
        self._gram = Gram.restored(state["gram"])
        self._moment, self._squares = np.array(state["moment"]), np.array(state["squares"])
        self.n_rows = int(state["n_rows"][0])
        for name in QUANTITIES:
            self._held[name] = [state[f"held.{name}"]] if f"held.{name}" in state else []
        return int(text["position"])

    def _fold(self) -> None:
        """Adds the rows that wait to the Gram matrix."""
        if self._pending:
            rows = np.concatenate(self._pending)
            self._gram.add(np.ascontiguousarray(rows[:, :-1]))
            self._moment += rows[:, -1] @ rows[:, :-1]
            self._pending = []

    def _chosen(
        self, moment: F64, held: Mapping[str, F64], note: Callable[[str], None]
    ) -> tuple[float, float]:
        """λ, and the mean squared error of a row held out (1 without any)."""
        unit = self._gram.largest_eigenvalue()
        if self.ridge is not None or not held:
            return (unit * RELATIVE_RIDGES[FIRST_RIDGE] if self.ridge is None else self.ridge), 1.0
        noises: dict[int, float] = {}

        def criterion(place: int) -> float:
            factor = self._gram.factor(unit * RELATIVE_RIDGES[place])
            if factor is None:
                return np.inf
            vector = np.append(solved(factor, moment), -1.0)
            squares = {name: float(np.sum((rows @ vector) ** 2)) for name, rows in held.items()}
            noises[place] = sum(squares.values()) / sum(map(len, held.values()))
            found = float(np.sum(np.log(np.maximum(list(squares.values()), 1e-300))))
            note(f"λ {RELATIVE_RIDGES[place]:.0e}: held-out criterion {found:.4f}")
            return found

        place = lowest(criterion, FIRST_RIDGE, len(RELATIVE_RIDGES))
        return unit * RELATIVE_RIDGES[place], noises.get(place, 1.0)


def lowest(criterion: Callable[[int], float], first: int, count: int) -> int:
    """Place of a local minimum among `count`, downhill from `first` in steps of two and at last of one.

    Examples
    --------
    >>> lowest(lambda k: abs(k - 9), 4, 20)
    9
    """
    values: dict[int, float] = {}

    def value(place: int) -> float:
        if not 0 <= place < count:
            return np.inf
        if place not in values:
            values[place] = criterion(place)
        return values[place]

    place = first
    for step in (2, 1):
        while (best := min((place, place - step, place + step), key=value)) != place:
            place = best
    return place


def _length(parts: list[F64]) -> int:
    return sum(map(len, parts))
