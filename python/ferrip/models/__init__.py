"""Families of potentials: each turns settings and data into a descriptor and an evaluator."""

from ferrip.models.ace import Ace, AceSettings
from ferrip.models.ace_fs import AceFs, AceFsSettings
from ferrip.models.allegro import AllegroSettings
from ferrip.models.family import (
    Descriptor,
    EmbeddedFamily,
    Evaluator,
    Family,
    NeuralFamily,
    family,
    register,
)
from ferrip.models.gap import Gap, GapSettings
from ferrip.models.graph_network import GraphNetwork, GraphSettings
from ferrip.models.mace import MaceSettings
from ferrip.models.mtp import Mtp, MtpSettings
from ferrip.models.nequip import NequipSettings
from ferrip.models.nn import Nn, NnSettings
from ferrip.models.pace import Pace
from ferrip.models.painn import PainnSettings
from ferrip.models.pair_potential import PairPotential
from ferrip.models.schnet import SchnetSettings
from ferrip.models.uf3 import Uf3, Uf3Settings

__all__ = [
    "Ace",
    "AceFs",
    "AceFsSettings",
    "AceSettings",
    "AllegroSettings",
    "Descriptor",
    "EmbeddedFamily",
    "Evaluator",
    "Family",
    "Gap",
    "GapSettings",
    "GraphNetwork",
    "GraphSettings",
    "MaceSettings",
    "Mtp",
    "MtpSettings",
    "NequipSettings",
    "NeuralFamily",
    "Nn",
    "NnSettings",
    "Pace",
    "PainnSettings",
    "PairPotential",
    "SchnetSettings",
    "Uf3",
    "Uf3Settings",
    "family",
    "register",
]
