"""ferrip: fast, explicit-descriptor machine-learning interatomic potentials."""

from ferrip._core import __version__
from ferrip.calculator import Calculator
from ferrip.neighbors import neighbor_list

__all__ = ["Calculator", "__version__", "neighbor_list"]
