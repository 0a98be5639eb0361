"""Where networks are computed."""

# pyright: reportMissingImports=false
# (torch is optional)
from __future__ import annotations

import torch

from ferrip.errors import SettingsError


def torch_device(name: str = "auto") -> torch.device:
    """The device called `name`; `"auto"` is the first GPU of CUDA, or the processor where there is none.

    Raises
    ------
    SettingsError
        CUDA is asked for and torch finds none.
    """
    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise SettingsError("device: torch finds no GPU of CUDA")
    return torch.device("cuda" if found and name != "cpu" else "cpu")
