"""Radial functions of edges, and the envelope with which they vanish smoothly at the cutoff."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import math

import torch
from torch import Tensor, nn

ORDER = 6
"""Order p of the envelope: value, slope and curvature are 0 at the cutoff."""


class Bessel(nn.Module):
    """Bessel functions of the first kind times a polynomial envelope, u(r/c) √(2/c) sin(n π r / c) / r.

    Source: Gasteiger, Groß, Günnemann, doi:10.48550/arXiv.2003.03123, equations 7 and 8.

    Parameters
    ----------
    n
        Number of functions.
    cutoff
        c in Å.
    """

    waves: Tensor

    def __init__(self, n: int, cutoff: float) -> None:
        super().__init__()
        self.cutoff = cutoff
        waves = torch.arange(1, n + 1, dtype=torch.float64) * (math.pi / cutoff)
        self.register_buffer("waves", waves, persistent=False)

    def forward(self, r: Tensor) -> Tensor:
        """(E, n) functions of the lengths (E,) in Å."""
        functions = torch.sin(r[:, None] * self.waves) / r[:, None]
        return functions * (envelope(r / self.cutoff) * (2.0 / self.cutoff) ** 0.5)[:, None]


class Gaussians(nn.Module):
    """Gaussians exp(−(r − μ)² / 2 δ²) with centres μ from 0 to the cutoff, δ apart; they do not vanish there.

    Source: Schütt, Sauceda, Kindermans, Tkatchenko, Müller, doi:10.1063/1.5019779.

    Parameters
    ----------
    n
        Number of functions, two or more.
    cutoff
        Last centre in Å.
    """

    means: Tensor

    def __init__(self, n: int, cutoff: float) -> None:
        super().__init__()
        self.width = cutoff / (n - 1)
        self.register_buffer("means", torch.linspace(0.0, cutoff, n, dtype=torch.float64), persistent=False)

    def forward(self, r: Tensor) -> Tensor:
        """(E, n) functions of the lengths (E,) in Å."""
        return torch.exp(-0.5 * ((r[:, None] - self.means) / self.width).square())


def envelope(x: Tensor) -> Tensor:
    """1 at x = 0, and 0 with two derivatives at x = 1 and beyond."""
    p = ORDER
    a, b, c = -(p + 1) * (p + 2) / 2, p * (p + 2), -p * (p + 1) / 2
    inside = 1.0 + a * x**p + b * x ** (p + 1) + c * x ** (p + 2)
    return torch.where(x < 1.0, inside, torch.zeros_like(x))
