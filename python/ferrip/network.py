"""Neural networks on the functions of an atom: the numbers, and what they mean.

    E_i = E0 + c · B_i + N(B_i) − N(0),    N: h ← σ(W h + b), layer by layer, the last one linear with one output

where N takes all functions of the centre, or those of order ≥ 2 alone, and free atoms have E0. The activations are
algebraic, so that every backend computes them with one square root and one division: `"isru"` is s(a) = a / √(1 + a²),
which is bounded, `"gated"` is a (1 + s(a)) / 2, which is linear for large a. A committee is one network, the mean of
its members.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from ferrip.errors import FerripError

F64 = NDArray[np.float64]

ACTIVATIONS = ("isru", "gated")

Layer = tuple[F64, F64]
"""Weights (outputs, inputs) and biases (outputs,)."""

PREFIX = "network"
"""Start of the names of the arrays in model files."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Shape of a network.

    Attributes
    ----------
    hidden
        Outputs of the hidden layers.
    activation
        One of `ACTIVATIONS`.
    """

    hidden: tuple[int, ...]
    activation: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """The network of one centre element.

    Attributes
    ----------
    activation
        One of `ACTIVATIONS`.
    layers
        Two or more layers; the last one has one output in eV.
    members
        Networks of equal shape whose mean this is: equal blocks of the outputs of every hidden layer.

    Examples
    --------
    >>> layers = [(np.ones((2, 3)), np.zeros(2)), (np.ones((1, 2)), np.zeros(1))]
    >>> energies, gradients = Network(activation="isru", layers=layers).evaluate(np.zeros((4, 3)))
    >>> energies.tolist(), gradients.shape
    ([0.0, 0.0, 0.0, 0.0], (4, 3))
    """

    activation: str
    layers: list[Layer]
    members: int = 1

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            known = ", ".join(ACTIVATIONS)
            raise FerripError(f"network: expected an activation of {known}, got {self.activation!r}")
        if len(self.layers) < 2:
            raise FerripError(f"network: expected at least 2 layers, got {len(self.layers)}")
        if any(weights.ndim != 2 or biases.ndim != 1 for weights, biases in self.layers):
            raise FerripError("network: expected weights in two dimensions and biases in one")
        inputs = self.n_inputs
        for weights, biases in self.layers:
            if weights.shape != (len(biases), inputs):
                raise FerripError(
                    f"network: expected weights of {len(biases)} × {inputs}, got {' × '.join(map(str, weights.shape))}"
                )
            inputs = len(biases)
        if inputs != 1:
            raise FerripError(f"network: expected one output of the last layer, got {inputs}")
        if self.members < 1 or any(width % self.members for width in self.widths):
            raise FerripError(f"network: expected hidden layers of {self.members} equal blocks")

    @classmethod
    def mean(cls, networks: Sequence[Network]) -> Network:
        """The committee of networks of equal shape: one wider network, whose later layers have blocks."""
        count, (first, *others) = len(networks), zip(*(one.layers for one in networks), strict=True)
        layers = [(np.vstack([w for w, _ in first]), np.concatenate([b for _, b in first]))]
        for parts in others[:-1]:
            blocks = np.asarray(block_diag(*(w for w, _ in parts)))
            layers.append((blocks, np.concatenate([b for _, b in parts])))
        last = np.hstack([w for w, _ in others[-1]]) / count, np.mean([b for _, b in others[-1]], axis=0)
        return cls(activation=networks[0].activation, layers=[*layers, last], members=count)

    def member(self, number: int) -> Network:
        """One network of a committee, up to a constant."""
        layers, inputs = [], slice(None)
        for weights, biases in self.layers[:-1]:
            width = len(biases) // self.members
            outputs = slice(number * width, (number + 1) * width)
            layers.append((weights[outputs, inputs], biases[outputs]))
            inputs = outputs
        weights, biases = self.layers[-1]
        layers.append((weights[:, inputs] * self.members, biases))
        own = [(np.ascontiguousarray(weights), biases) for weights, biases in layers]
        return Network(activation=self.activation, layers=own)

    @property
    def n_inputs(self) -> int:
        """Number of functions that it takes."""
        return self.layers[0][0].shape[-1]

    def on(self, functions: Sequence[int]) -> Network:
        """The network of these functions alone; the others are 0."""
        (weights, biases), *others = self.layers
        first = np.ascontiguousarray(weights[:, functions]), biases
        return replace(self, layers=[first, *others])

    def widened(self, count: int) -> Network:
        """The network of `count` functions, which does not see the ones before its own."""
        (weights, biases), *others = self.layers
        first = np.pad(weights, [(0, 0), (count - self.n_inputs, 0)]), biases
        return replace(self, layers=[first, *others])

    @property
    def widths(self) -> list[int]:
        """Outputs of the hidden layers."""
        return [len(biases) for _, biases in self.layers[:-1]]

    def evaluate(self, functions: F64) -> tuple[F64, F64]:
        """Energies (n,) in eV of atoms with these functions (n, inputs), and derivatives (n, inputs) in them."""
        energies, slopes = self._forward(functions)
        bars = np.ones((len(functions), 1))
        for (weights, _), slope in zip(self.layers[::-1], [*slopes[::-1], None], strict=True):
            bars = bars @ weights
            if slope is not None:
                bars = bars * slope
        return energies - self._forward(np.zeros((1, self.n_inputs)))[0], bars

    def _forward(self, functions: F64) -> tuple[F64, list[F64]]:
        """Outputs (n,) and the slopes of every hidden layer."""
        hidden, slopes = functions, []
        for weights, biases in self.layers[:-1]:
            hidden, slope = activate(self.activation, hidden @ weights.T + biases)
            slopes.append(slope)
        weights, biases = self.layers[-1]
        return (hidden @ weights.T + biases)[:, 0], slopes


def activate(name: str, a: Any, sqrt: Callable[[Any], Any] = np.sqrt) -> tuple[Any, Any]:
    """Value and slope of an activation, of arrays of any library."""
    inverse = 1.0 / sqrt(1.0 + a * a)
    s = a * inverse
    if name == "isru":
        return s, inverse**3
    return 0.5 * a * (1.0 + s), 0.5 * (1.0 + s * (1.0 + inverse**2))


def curvature(name: str, a: F64) -> F64:
    """Second derivative of an activation."""
    inverse = 1.0 / np.sqrt(1.0 + a * a)
    if name == "isru":
        return -3.0 * a * inverse**5
    return inverse**3 * (1.0 - 1.5 * (a * inverse) ** 2)


def to_arrays(networks: Mapping[str, Network]) -> tuple[dict[str, Any], dict[str, F64]]:
    """Header entry and arrays of networks by symbol."""
    header, arrays = {}, {}
    for symbol, network in networks.items():
        header[symbol] = {
            "activation": network.activation,
            "layers": len(network.layers),
            "members": network.members,
        }
        for k, (weights, biases) in enumerate(network.layers):
            arrays[f"{PREFIX}/{symbol}/{k}/weights"] = weights
            arrays[f"{PREFIX}/{symbol}/{k}/biases"] = biases
    return header, arrays


def from_arrays(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> dict[str, Network]:
    """The networks that `to_arrays` described."""
    networks = {}
    for symbol, one in header.items():
        names = [f"{PREFIX}/{symbol}/{k}" for k in range(int(one["layers"]))]
        missing = [
            name for name in names if f"{name}/weights" not in arrays or f"{name}/biases" not in arrays
        ]
        if missing:
            raise FerripError(f"network of {symbol}: no weights or biases under {missing[0]!r}")
        layers = [
            (arrays[f"{name}/weights"].astype(np.float64), arrays[f"{name}/biases"].astype(np.float64))
            for name in names
        ]
        networks[symbol] = Network(
            activation=str(one["activation"]), layers=layers, members=int(one.get("members", 1))
        )
    return networks
