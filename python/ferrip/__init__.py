"""ferrip: fast, explicit-descriptor machine-learning interatomic potentials."""

from ferrip._core import __version__

__all__ = ["__version__"]
