"""Where a rung starts: from what the rung below has reached, or from the linear solution, whichever fits better.

The linear potential is a member of the family, the first density alone. But where the others vanish their curvature
does too, and a linearisation cannot tell them from the first. So a start from it is

    E = Σ_i α ρ_i + Σ_p w_p f(s ρ_i; m_p),      ρ_i the atomic energies of the linear potential,

with s such that s ρ is of some size, and α by least squares. What that spoils the first step makes good, since it
solves for the linear density exactly; so starts compare by what their first step reaches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ferrip import _core
from ferrip.evaluations import evaluations
from ferrip.fitting.nonlinear.densities import Densities, Terms
from ferrip.fitting.nonlinear.loss import WeightedLabels, predicted_rows
from ferrip.fitting.rows import F64, RowSource

SIZES = (3.0, 1.0, 0.3)
"""Root mean squares of the curved densities over the atoms that are tried: the functions bend at about 1."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Start:
    """What starts are compared on.

    Attributes
    ----------
    source
        Descriptor and repulsion.
    labels
        Frames and weights.
    terms
        Functions of the densities.
    penalised
        What the prior adds to the loss of (P, K) coefficients.
    """

    source: RowSource
    labels: WeightedLabels
    terms: Terms
    penalised: Callable[[F64], float]

    def best(self, reached: Sequence[F64]) -> F64:
        """Of several (P, K) coefficients those of the least penalised loss."""
        return min(reached, key=self.loss)

    def loss(self, coefficients: F64) -> float:
        """Penalised loss of (P, K) coefficients."""
        return self.error(coefficients) + self.penalised(coefficients)

    def error(self, coefficients: F64) -> float:
        """Weighted squared error of (P, K) coefficients."""
        return self.labels.squared_error(self._evaluator(coefficients, self.source.repulsion))

    def alone(self, linear: F64) -> F64:
        """(P, K) coefficients of the linear potential with the coefficients (K,)."""
        return self._along(linear, 1.0, 0.0)

    def curved(self, linear: F64, size: float) -> F64:
        """(P, K) coefficients of a start in the direction of a linear potential, with curved densities of a size."""
        labels = self.labels
        weighted = labels.weight * self._rows(self.alone(linear))
        room = float(weighted @ weighted)
        if len(self.terms) == 1 or room == 0.0:
            return self.alone(linear)
        baseline = self.source.baseline([frame.structure for frame in labels.frames])
        share = size / self._density(linear)
        others = self._rows(self._along(linear, 0.0, share))
        rest = labels.weight * (labels.target - baseline - others)
        return self._along(linear, float(weighted @ rest) / room, share)

    def _density(self, linear: F64) -> float:
        """Root mean square of the atomic energies of a linear potential."""
        evaluator = self._evaluator(self.alone(linear), [])
        structures = [frame.structure for frame in self.labels.frames]
        energies = [one[0] for one in evaluations(evaluator, structures, self.labels.num_threads)]
        return float(np.sqrt(np.mean(np.concatenate(energies) ** 2))) or 1.0

    def _along(self, linear: F64, first: float, others: float) -> F64:
        """Coefficients of the first density and of the others as multiples of linear ones."""
        return np.outer([first] + [others] * (len(self.terms) - 1), linear)

    def _rows(self, coefficients: F64) -> F64:
        """Predicted rows without the repulsion."""
        return predicted_rows(self._evaluator(coefficients, []), self.labels.frames, self.labels.num_threads)

    def _evaluator(self, coefficients: F64, repulsion: Sequence[_core.PairTerm]) -> _core.Evaluator:
        free = np.ones(coefficients.shape, bool)
        densities = Densities(terms=self.terms, coefficients=coefficients, free=free)
        return densities.evaluator(self.source.descriptor, repulsion)
