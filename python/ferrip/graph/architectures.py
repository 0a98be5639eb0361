"""The networks by name: where they are, and what they need beside torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A network.

    Attributes
    ----------
    module, name
        Module and class of it; the class takes complete settings.
    packages
        What it imports beside torch.
    """

    module: str
    name: str
    packages: tuple[str, ...] = ()


ARCHITECTURES = {
    "allegro": Architecture(module="ferrip.graph.allegro", name="Allegro", packages=("e3nn",)),
    "mace": Architecture(module="ferrip.graph.mace", name="Mace", packages=("e3nn",)),
    "nequip": Architecture(module="ferrip.graph.nequip", name="Nequip", packages=("e3nn",)),
    "painn": Architecture(module="ferrip.graph.painn", name="Painn"),
    "schnet": Architecture(module="ferrip.graph.schnet", name="Schnet"),
}
