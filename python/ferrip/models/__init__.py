"""Families of potentials: each turns settings and data into a descriptor and an evaluator."""

from ferrip.models.ace import Ace, AceSettings
from ferrip.models.family import Descriptor, Evaluator, Family, family, register
from ferrip.models.pace import Pace

__all__ = ["Ace", "AceSettings", "Descriptor", "Evaluator", "Family", "Pace", "family", "register"]
