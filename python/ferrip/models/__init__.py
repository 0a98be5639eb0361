"""Families of potentials: each turns settings and data into a descriptor and an evaluator."""

from ferrip.models.ace import Ace, AceSettings
from ferrip.models.family import Descriptor, Evaluator, Family, family, register
from ferrip.models.pace import Pace
from ferrip.models.uf3 import Uf3, Uf3Settings

__all__ = [
    "Ace",
    "AceSettings",
    "Descriptor",
    "Evaluator",
    "Family",
    "Pace",
    "Uf3",
    "Uf3Settings",
    "family",
    "register",
]
