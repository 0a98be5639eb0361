"""Where networks are computed."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import os

import torch

from ferrip.errors import SettingsError

DEVICES = ("auto", "cpu", "cuda")
VARIABLE = "FERRIP_DEVICE"
"""Environment variable that says what `"auto"` is."""


def torch_device(name: str = "auto") -> torch.device:
    """The device called `name`.

    `"auto"` is what FERRIP_DEVICE says, or else the first GPU of CUDA, or the processor where there is none.

    Raises
    ------
    SettingsError
        CUDA is asked for and torch finds none, or FERRIP_DEVICE is none of `DEVICES`.
    """
    if name == "auto":
        name = os.environ.get(VARIABLE) or "auto"
        if name not in DEVICES:
            raise SettingsError(f"{VARIABLE}: expected one of {', '.join(DEVICES)}, got {name!r}")
    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise SettingsError("device: cuda is asked for, but torch finds no GPU of CUDA")
    return torch.device("cuda" if found and name != "cpu" else "cpu")
