"""Molecular dynamics with NVE, NVT and NPT ensembles, restartable and guarded."""

from ferrip.md.run import MDResult, run
from ferrip.md.settings import MDSettings

__all__ = ["MDResult", "MDSettings", "run"]
