"""Trainings with compiled steps: `torch.compile` on energies, their derivatives and the derivatives of those."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from ferrip.errors import SettingsError

BACKEND = "inductor"


@contextmanager
def compiled(module: nn.Module, settings: Mapping[str, Any], *, wanted: bool) -> Iterator[None]:
    """Inside, steps of the module (not of copies of it) are compiled if that is wanted.

    Sizes of batches are symbols, so that a few compilations serve all of them; forces are derivatives, which must be
    part of what is compiled, since torch does not differentiate a compiled derivative again.

    Raises
    ------
    SettingsError
        This torch cannot compile derivatives, finds no C++ compiler, or the network has `node_features`, which the core
        computes.
    """
    if not wanted:
        yield
        return
    from torch._dynamo import config
    from torch._dynamo.exc import BackendCompilerFailed, TorchDynamoException

    if settings.get("node_features") is not None:
        raise SettingsError("compile: networks with node_features cannot be compiled")
    if not hasattr(config, "trace_autograd_ops"):
        raise SettingsError(f"compile: torch {torch.__version__} cannot compile derivatives; 2.13 can")
    module.compile(dynamic=True, backend=BACKEND)
    try:
        with config.patch(trace_autograd_ops=True), warnings.catch_warnings():
            # dynamo looks at it while it traces
            warnings.filterwarnings(
                "ignore", "The .grad attribute of a Tensor that is not a leaf", UserWarning
            )
            yield
    except (TorchDynamoException, BackendCompilerFailed) as error:
        reason = str(error).strip().splitlines()[0]
        raise SettingsError(f"compile: torch cannot compile this network: {reason}") from error
