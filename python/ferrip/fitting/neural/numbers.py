"""All numbers of a potential with networks as one vector, and the prior on them.

    θ = (u, W̃ and biases and φ of every element),    c = c₀ + L u,    W = W̃ A,

where c₀ is the linear fit, L Lᵀ the posterior covariance of the linear coefficients in units of the noise, and A the
coordinates of `whitened`: the rows of the linear problem are of the same size in all of them. Without columns of L, c
stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ferrip.fitting.neural.projection import Projection
from ferrip.fitting.neural.rest import Rest
from ferrip.models.family import NetworkDescriptor
from ferrip.network import Network
from ferrip.potential import Potential

F64 = NDArray[np.float64]

WEAK = 1e-6
"""Prior of the biases."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Numbers:
    """What θ means.

    Attributes
    ----------
    linear
        The linear potential.
    root
        (p, k) L.
    chosen
        A of every element.
    rest
        The layers behind the first.
    start_linear
        θ of the linear potential: networks of equal inputs whose energies are 0.
    prior
        (size, size) Λ.
    center
        Mean of the prior.
    """

    linear: Potential
    root: F64
    chosen: dict[int, Projection]
    rest: Rest
    start_linear: F64
    prior: F64
    center: F64

    @classmethod
    def of(
        cls,
        linear: Potential,
        root: F64,
        linear_prior: F64,
        chosen: dict[int, Projection],
        priors: Mapping[int, F64],
        rest: Rest,
        strength: float,
        noise: float,
        rng: np.random.Generator,
    ) -> Numbers:
        """The numbers beside a linear potential.

        Parameters
        ----------
        linear, root, chosen, rest
            See the class.
        linear_prior
            (k, k) prior of u.
        priors
            Prior of the first layer of every element, times `strength`.
        strength
            See `NeuralSettings.network_prior`.
        noise
            Variance of a weighted row: the prior of φ in units of the rows.
        rng
            Source of the first φ.
        """
        u = np.linalg.lstsq(root, linear.coefficients, rcond=None)[0]
        width, blocks, start, center = rest.widths[0], [linear_prior], [np.zeros(len(u))], [-u]
        for z, projection in chosen.items():
            m = len(projection.matrix)
            own = np.zeros((m + 1, m + 1))
            own[:m, :m], own[m, m] = strength * priors[z], WEAK
            later = rest.start(rng)
            blocks += [own] * width + [noise * np.eye(rest.size)]
            start += [np.zeros(width * (m + 1)), later]
            center += [np.zeros(width * (m + 1)), later]
        size = sum(map(len, blocks))
        prior, place = np.zeros((size, size)), 0
        for block in blocks:
            prior[place : place + len(block), place : place + len(block)] = block
            place += len(block)
        return cls(
            linear=linear,
            root=root,
            chosen=chosen,
            rest=rest,
            start_linear=np.concatenate(start),
            prior=prior,
            center=np.asarray(np.concatenate(center), dtype=np.float64),
        )

    @property
    def descriptor(self) -> NetworkDescriptor:
        """That of the potential."""
        return cast(NetworkDescriptor, self.linear.descriptor)

    @property
    def size(self) -> int:
        """Number of numbers."""
        return len(self.center)

    @property
    def n_linear(self) -> int:
        """Number of u."""
        return self.root.shape[1]

    def own_size(self, element: int) -> int:
        """Number of numbers of the network of an element."""
        return self.rest.widths[0] * (len(self.chosen[element].matrix) + 1) + self.rest.size

    def penalty(self, vector: F64) -> float:
        """What the prior adds to the loss."""
        off = vector - self.center
        return float(off @ (self.prior @ off))

    def pull(self, vector: F64) -> F64:
        """Half of the gradient of `penalty`."""
        return self.prior @ (vector - self.center)

    def layers_of(self, element: int, vector: F64) -> tuple[F64, F64, F64]:
        """W (K, functions) and biases (K,) of functions less their means, and φ."""
        start = self.n_linear + sum(self.own_size(z) for z in self.chosen if z < element)
        matrix = self.chosen[element].matrix
        width, m = self.rest.widths[0], len(matrix)
        stop = start + width * (m + 1)
        first = vector[start:stop].reshape(width, m + 1)
        return first[:, :m] @ matrix, first[:, m].copy(), vector[stop : stop + self.rest.size].copy()

    def networks(self, vector: F64) -> dict[int, Network]:
        """The networks on the functions themselves."""
        result = {}
        for z, chosen in self.chosen.items():
            first, biases, later = self.layers_of(z, vector)
            layers = [(first, biases - first @ chosen.mean), *self.rest.layers(later)]
            result[z] = Network(activation=self.rest.activation, layers=layers)
        return result

    def nothing(self) -> dict[int, Network]:
        """Networks that are 0."""
        result = {}
        for z, network in self.networks(self.start_linear).items():
            *layers, (weights, biases) = network.layers
            result[z] = replace(network, layers=[*layers, (np.zeros_like(weights), biases)])
        return result

    def potential(self, vector: F64, e0: Mapping[int, float] | None = None) -> Potential:
        """The potential of θ, without E0 unless it is given."""
        return replace(
            self.linear,
            coefficients=self.linear.coefficients + self.root @ vector[: self.n_linear],
            networks=self.networks(vector),
            posterior_factor=None,
            e0=dict.fromkeys(self.linear.e0, 0.0) if e0 is None else e0,
        )

    def start(self, values: Mapping[int, F64], rng: np.random.Generator) -> F64:
        """First θ: sums with the spectrum of the linear energies, random signs, and the size of `Rest.sums`.

        Networks of one hidden layer are 0 there: neurons of both signs of the output are equal in pairs (one that is
        left over is 0), which steps take apart.

        Parameters
        ----------
        values
            Features (n, n_features) of the training atoms of every element.
        rng
            Source of random numbers.
        """
        vector, place = self.start_linear.copy(), self.n_linear
        width = self.rest.widths[0]
        for z, chosen in self.chosen.items():
            m = len(chosen.matrix)
            own = np.linalg.lstsq(chosen.matrix.T, self.linear.coefficients[chosen.columns], rcond=None)[0]
            inputs = chosen.inputs(values[z])
            first = np.zeros((width, m + 1))
            for weights in first:
                weights[:m] = own * rng.normal(size=m)
                weights[:m] /= float(np.sqrt(np.mean((inputs @ weights[:m]) ** 2))) or 1.0
                weights[m] = rng.normal()
            first *= self.rest.sums
            if not self.rest.size:
                paired = width - width % 2
                first[1:paired:2], first[paired:] = first[0:paired:2], 0.0
            vector[place : place + first.size] = first.ravel()
            place += first.size + self.rest.size
        return vector
