"""The networks of all elements as a torch module, their energies, forces and strain derivatives."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ferrip.fitting.neural.projection import Projection
from ferrip.fitting.neural.samples import NeuralSample
from ferrip.network import Network, activate
from ferrip.training.samples import from_edges


class Networks(nn.Module):
    """One network per element on the inputs of its projection.

    Parameters
    ----------
    chosen
        Projection of every element, in their order.
    hidden
        Widths of the hidden layers.
    activation
        See `ferrip.network`.
    generator
        Source of the first weights; the output starts at 0.
    """

    def __init__(
        self,
        chosen: Sequence[Projection],
        hidden: Sequence[int],
        activation: str,
        dtype: torch.dtype,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.chosen = list(chosen)
        widths = [len(self.chosen[0].matrix), *hidden, 1]
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for number, (inputs, outputs) in enumerate(pairwise(widths)):
            last = number + 2 == len(widths)
            shape = len(self.chosen), outputs, inputs
            first = torch.randn(shape, dtype=dtype, generator=generator) / inputs**0.5
            self.weights.append(nn.Parameter(torch.zeros_like(first) if last else first))
            self.biases.append(nn.Parameter(torch.zeros(shape[:2], dtype=dtype)))
        free = torch.stack([torch.tensor(one.free, dtype=dtype) for one in self.chosen])
        self.register_buffer("free", free)

    def energies(self, species: Tensor, inputs: Tensor) -> Tensor:
        """(N,) energies of atoms in eV."""
        result = inputs.new_zeros(len(inputs))
        for z in range(len(self.chosen)):
            own = torch.nonzero(species == z)[:, 0] if len(self.chosen) > 1 else slice(None)
            part = self._of_element(z, inputs[own]) - self._of_element(z, self.free[z : z + 1])
            result = part if len(self.chosen) == 1 else result.index_add(0, own, part)
        return result

    def _of_element(self, z: int, hidden: Tensor) -> Tensor:
        last = len(self.weights) - 1
        for number, (weights, biases) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = hidden @ weights[z].T + biases[z]
            if number < last:
                hidden = activate(self.activation, hidden, torch.sqrt)[0]
        return hidden[:, 0]

    def forward(self, sample: NeuralSample) -> tuple[Tensor, Tensor, Tensor]:
        """Energies (F,), forces (N, 3) and strain derivatives (F, 6)."""
        inputs = sample.inputs.detach().requires_grad_()
        energies = self.energies(sample.species, inputs)
        (slopes,) = torch.autograd.grad(energies.sum(), inputs, create_graph=True)
        along = torch.bmm(sample.gradients, slopes[sample.centers].unsqueeze(2))[:, :, 0]
        energy = torch.zeros_like(sample.energy).index_add(0, sample.frame, energies)
        return energy, *from_edges(sample, sample.vectors, along)

    def on_functions(self) -> list[Network]:
        """The network of every element on the functions themselves, in their order."""
        result = []
        for z, chosen in enumerate(self.chosen):
            layers = [
                (weights[z].detach().double().numpy().copy(), biases[z].detach().double().numpy().copy())
                for weights, biases in zip(self.weights, self.biases, strict=True)
            ]
            weights, biases = layers[0]
            layers[0] = weights @ chosen.matrix, biases - weights @ (chosen.matrix @ chosen.mean)
            result.append(Network(activation=self.activation, layers=layers))
        return result
