"""The family of potentials that are nothing but pair functions: no features, hence nothing to fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from ferrip import _core
from ferrip.errors import SettingsError
from ferrip.models.family import Family, register

if TYPE_CHECKING:
    from ferrip.fitting.distances import PairDistances


class PairSettings(BaseModel):
    """No settings: the functions are pair terms of the potential."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PairPotential(Family):
    """Potentials of pair functions alone; `ferrip.pair` builds them."""

    name = "pair"
    settings_class: type[BaseModel] = PairSettings
    citations: tuple[str, ...] = ()

    def resolve(
        self, settings: BaseModel, size: str, elements: Sequence[int], distances: PairDistances
    ) -> dict[str, Any]:
        """Pair functions are not fitted.

        Raises
        ------
        SettingsError
            Always.
        """
        raise SettingsError("pair functions are given, not fitted (ferrip pair); for a fit of pairs take uf3")

    def descriptor(self, resolved: dict[str, Any]) -> _core.ClusterDescriptor:
        """The descriptor of the elements without any splines."""
        return _core.ClusterDescriptor(resolved["elements"], [], [])


register(PairPotential())
