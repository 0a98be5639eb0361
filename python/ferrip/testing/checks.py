"""What the checks of descriptors and potentials share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ferrip.testing.samples import Sample


@dataclass(frozen=True, kw_only=True)
class Checks:
    """Structures, tolerances and random numbers of a set of checks.

    Attributes
    ----------
    samples
        Structures to check on.
    rtol, derivative_rtol
        Allowed relative deviation of exact identities, and from finite differences.
    seed
        Seed of structures and directions.
    """

    samples: tuple[Sample, ...]
    rtol: float
    derivative_rtol: float
    seed: int

    @property
    def rng(self) -> np.random.Generator:
        """A fresh generator: every check draws the same numbers, whatever ran before it."""
        return np.random.default_rng(self.seed + 1)
