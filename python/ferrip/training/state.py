"""A training between two epochs: what it needs to go on as if it had not stopped, and its file."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from ferrip.modelfile import Arrays


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What a pass over the frames has reached; losses relative to those at the start.

    Attributes
    ----------
    number
        From 1 on.
    training, held_out
        Loss over the epoch, and of the mean weights after it (NaN without held-out frames).
    energy, forces
        Mean absolute errors of the mean weights on held-out frames, meV/atom and meV/Å (NaN without labels there).
    rate
        Learning rate of the last step.
    """

    number: int
    training: float
    held_out: float
    energy: float
    forces: float
    rate: float


@dataclass(kw_only=True)
class State:
    """A training between two epochs.

    Attributes
    ----------
    module, mean, best
        The module in training, with the mean of its weights, and of the best epoch.
    optimizer
        Adam with its moments.
    generator
        Source of the order of frames.
    scale, held_scale
        Losses at the start.
    epochs
        Those done.
    lowest
        Held-out loss of the best epoch.
    latest
        Number of the best epoch; 0 is the start.
    step
        Steps done.
    usual
        Running mean of the length of gradients.
    seconds
        Time spent.
    polished
        Whether L-BFGS is done.
    """

    module: nn.Module
    mean: nn.Module
    best: nn.Module
    optimizer: torch.optim.Optimizer
    generator: torch.Generator
    scale: float
    held_scale: float
    epochs: list[Epoch] = field(default_factory=list)
    lowest: float = 1.0
    latest: int = 0
    step: int = 0
    usual: float = 0.0
    seconds: float = 0.0
    polished: bool = False

    def dump(self) -> tuple[Arrays, dict[str, str]]:
        """Arrays and strings for a file."""
        arrays: dict[str, np.ndarray] = {"generator": self.generator.get_state().numpy()}
        for name, tensors in self._tensors().items():
            for k, tensor in enumerate(tensors):
                arrays[f"{name}.{k}"] = tensor.detach().cpu().numpy().copy()
        numbers = {name: getattr(self, name) for name in NUMBERS}
        return arrays, {"state": json.dumps(numbers | {"epochs": [asdict(one) for one in self.epochs]})}

    def restore(self, arrays: Arrays, text: dict[str, str]) -> None:
        """Take on what `dump` gave.

        Raises
        ------
        LookupError, RuntimeError
            Something is missing or has another size.
        """
        numbers = json.loads(text["state"])
        self.generator.set_state(torch.from_numpy(np.array(arrays["generator"])))
        if numbers["step"] > 0:
            self._prepare_moments()
        with torch.no_grad():
            for name, tensors in self._tensors().items():
                for k, tensor in enumerate(tensors):
                    found = torch.from_numpy(np.array(arrays[f"{name}.{k}"]))
                    tensor.copy_(found.reshape(tensor.shape))
        self.epochs = [Epoch(**one) for one in numbers.pop("epochs")]
        for name in NUMBERS:
            setattr(self, name, numbers[name])

    def _tensors(self) -> dict[str, Sequence[Tensor]]:
        modules = {"module": self.module, "mean": self.mean, "best": self.best}
        tensors: dict[str, Sequence[Tensor]] = {
            name: list(module.parameters()) for name, module in modules.items()
        }
        moments = self.optimizer.state
        for name in MOMENTS:
            tensors[name] = [moments[one][name] for one in self.module.parameters() if one in moments]
        return tensors

    def _prepare_moments(self) -> None:
        """Give the optimizer the moments of a step that goes nowhere, to be written over."""
        for one in self.module.parameters():
            one.grad = torch.zeros_like(one)
        before = [one.detach().clone() for one in self.module.parameters()]
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            for one, old in zip(self.module.parameters(), before, strict=True):
                one.copy_(old)


NUMBERS = ("scale", "held_scale", "lowest", "latest", "step", "usual", "seconds", "polished")
MOMENTS = ("step", "exp_avg", "exp_avg_sq")
