"""What the families of the density engine share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferrip import _core


class DensityFamily:
    """Base of the families whose descriptor is a `ferrip._core.Descriptor`."""

    def evaluator(
        self,
        descriptor: Any,
        coefficients: NDArray[np.float64],
        e0: Sequence[float],
        zbl: Sequence[_core.ZblPair],
        simd: str | None,
    ) -> _core.Evaluator:
        """The contracted evaluator of a linear potential on the descriptor."""
        return _core.Evaluator(descriptor, coefficients, e0, zbl, simd)
