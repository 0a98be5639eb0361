"""ferrip: fast, explicit-descriptor machine-learning interatomic potentials."""

from ferrip._core import __version__
from ferrip.calculator import Calculator

__all__ = ["Calculator", "__version__"]
