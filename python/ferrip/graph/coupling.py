"""Products of features that turn with the structure: paths of angular momenta, and their coefficients as matrices.

Features lie behind one another as (l, m), 2 l + 1 numbers for every l from 0 on, in the order of e3nn.
"""

# pyright: reportMissingImports=false
# (torch and e3nn are optional)
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from e3nn import o3
from torch import Tensor


class Path(NamedTuple):
    """A product of l1 and l2 that gives l3, with the parity of l3."""

    l1: int
    l2: int
    l3: int


def paths(first: int, second: int, out: int) -> list[Path]:
    """All paths of l1 ≤ first and l2 ≤ second to l3 ≤ out, where (−1)^l is the parity of everything."""
    return [
        Path(l1, l2, l3)
        for l1 in range(first + 1)
        for l2 in range(second + 1)
        for l3 in range(abs(l1 - l2), min(l1 + l2, out) + 1)
        if (l1 + l2 + l3) % 2 == 0
    ]


def sorted_paths(first: int, second: int, out: int) -> list[Path]:
    """The same in the order of l3, so that results of one l lie together."""
    return sorted(paths(first, second, out), key=lambda path: path.l3)


def symmetric_paths(first: int, out: int) -> list[Path]:
    """The paths of the product of one feature with itself, each once."""
    return [path for path in paths(first, first, out) if path.l1 <= path.l2]


def block(ell: int) -> range:
    """Places of the numbers of l."""
    return range(ell * ell, (ell + 1) ** 2)


def coefficients(path: Path) -> Tensor:
    """(2 l1 + 1, 2 l2 + 1, 2 l3 + 1) real Clebsch-Gordan coefficients with Σ C² = 2 l3 + 1."""
    return o3.wigner_3j(*path, dtype=torch.float64) * (2 * path.l3 + 1) ** 0.5


def columns(steps: Sequence[Path]) -> list[range]:
    """Places of the results of paths behind one another."""
    found, start = [], 0
    for path in steps:
        found.append(range(start, start + 2 * path.l3 + 1))
        start = found[-1].stop
    return found
