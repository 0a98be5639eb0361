"""ferrip: fast, explicit-descriptor machine-learning interatomic potentials."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ferrip import asefinder
from ferrip._core import __version__

if TYPE_CHECKING:
    from ferrip.calculator import Calculator
    from ferrip.comparing import compare
    from ferrip.fitting import fit
    from ferrip.neighbors import neighbor_list
    from ferrip.potential import Potential
    from ferrip.potential_io import load
    from ferrip.teachers import teacher

__all__ = ["Calculator", "Potential", "__version__", "compare", "fit", "load", "neighbor_list", "teacher"]

_HOME = {
    "Calculator": "ferrip.calculator",
    "Potential": "ferrip.potential",
    "compare": "ferrip.comparing",
    "fit": "ferrip.fitting",
    "load": "ferrip.potential_io",
    "neighbor_list": "ferrip.neighbors",
    "teacher": "ferrip.teachers",
}
"""Public name → module, imported on first use so that `import ferrip` and the command line start quickly."""

asefinder.install()


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'ferrip' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
