"""The layers behind the first: energy of an atom from the sums a of its first layer, and derivatives.

    E = M(a; φ):    a₁ = a,    h_l = σ(a_l),    a_{l+1} = W h_l + b,    M = v · h_L,

where φ are the numbers of the layers between the first and the last, and v, of equal size and both signs, is fixed: the
first layer sets the scales. With q_l = ∂M/∂h_l, g_l = ∂M/∂a_l = q_l σ' and D_l = ∂a_l/∂a, everything that Gauss-Newton
steps need follows from G_l = ∂g_l/∂a = q_l σ'' D_l + σ' Wᵀ G_{l+1}.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ferrip.network import Layer, activate, curvature

F64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Rest:
    """Layers behind the first.

    Attributes
    ----------
    widths
        Outputs of the hidden layers, the first one too.
    activation
        See `ferrip.network`.
    scale
        Size of v, eV.
    sums
        Standard deviation of the first sums over the atoms at the start.
    """

    widths: tuple[int, ...]
    activation: str
    scale: float = 1.0
    sums: float = 1.0

    @property
    def size(self) -> int:
        """Number of φ."""
        return sum((inputs + 1) * outputs for inputs, outputs in pairwise(self.widths))

    def start(self, rng: np.random.Generator) -> F64:
        """(size,) first φ."""
        parts = [np.zeros(0)]
        for inputs, outputs in pairwise(self.widths):
            parts += [rng.normal(size=inputs * outputs) / inputs**0.5, np.zeros(outputs)]
        return np.concatenate(parts)

    @property
    def last(self) -> F64:
        """(last width,) v: half of the neurons bend up, half down."""
        return np.resize([self.scale, -self.scale], self.widths[-1])

    def layers(self, numbers: F64) -> list[Layer]:
        """The layers with φ, the last one too."""
        result, start = [], 0
        for inputs, outputs in pairwise(self.widths):
            stop = start + inputs * outputs
            weights = numbers[start:stop].reshape(outputs, inputs)
            result.append((weights.copy(), numbers[stop : stop + outputs].copy()))
            start = stop + outputs
        return [*result, (self.last[None, :].copy(), np.zeros(1))]

    def derivatives(self, numbers: F64, sums: F64) -> Derivatives:
        """Derivatives for the sums (n, K) of atoms."""
        n, width = sums.shape
        layers = self.layers(numbers)[:-1]
        of_sums = [np.broadcast_to(np.eye(width), (n, width, width))]
        inputs, activations = sums, []
        for weights, biases in layers:
            activations.append(self._activated(inputs))
            hidden, slope, _ = activations[-1]
            of_sums.append(weights @ (slope[:, :, None] * of_sums[-1]))
            inputs = hidden @ weights.T + biases
        activations.append(self._activated(inputs))
        q, below = np.broadcast_to(self.last, inputs.shape), np.zeros(())
        first: list[F64] = []
        second: list[F64] = []
        for number in range(len(layers), 0, -1):
            g, turned = _at(q, below, activations[number], of_sums[number])
            weights, _ = layers[number - 1]
            hidden, slope, _ = activations[number - 1]
            moved = slope[:, :, None] * of_sums[number - 1]
            products = np.einsum("nok,ni->nkoi", turned, hidden) + np.einsum("no,nik->nkoi", g, moved)
            first = [np.einsum("no,ni->noi", g, hidden).reshape(n, -1), g, *first]
            second = [products.reshape(n, width, -1), turned.transpose(0, 2, 1), *second]
            q, below = g @ weights, np.einsum("oi,nok->nik", weights, turned)
        slopes, curvatures = _at(q, below, activations[0], of_sums[0])
        return Derivatives(
            slopes=slopes,
            curvatures=curvatures,
            of_numbers=np.concatenate([np.zeros((n, 0)), *first], axis=1),
            slopes_of_numbers=np.concatenate([np.zeros((n, width, 0)), *second], axis=2),
        )

    def _activated(self, sums: F64) -> tuple[F64, F64, F64]:
        """σ, σ' and σ''."""
        return (*activate(self.activation, sums), curvature(self.activation, sums))


def _at(q: F64, below: F64, activation: tuple[F64, F64, F64], of_sums: F64) -> tuple[F64, F64]:
    """Both g and G of a layer."""
    _, slope, bend = activation
    return q * slope, (q * bend)[:, :, None] * of_sums + slope[:, :, None] * below


@dataclass(frozen=True, kw_only=True)
class Derivatives:
    """Derivatives of M at atoms.

    Attributes
    ----------
    slopes, curvatures
        (n, K) ∂M/∂a and (n, K, K) ∂²M/∂a².
    of_numbers, slopes_of_numbers
        (n, P) ∂M/∂φ and (n, K, P) ∂²M/∂a∂φ.
    """

    slopes: F64
    curvatures: F64
    of_numbers: F64
    slopes_of_numbers: F64
