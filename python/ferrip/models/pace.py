"""Potentials of pacemaker and ML-PACE: `.yace`, `.ace` and pacemaker's `.yaml`.

They are read exactly, also below the distances that they were fitted to: no repulsion is added. The descriptor of
such a potential is the list of products in the file; its settings hold the file in the form of `.yace`.

Sources: Lysogorskiy et al., doi:10.1038/s41524-021-00559-9; Bochkarev et al., doi:10.1103/PhysRevMaterials.6.013804.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from ferrip import _core
from ferrip.errors import SettingsError
from ferrip.models.family import Family, register
from ferrip.models.reading import reading
from ferrip.readout import Embedding

if TYPE_CHECKING:
    from ferrip.fitting.distances import PairDistances
    from ferrip.potential import Potential

EXTENSIONS = (".yace", ".ace", ".yaml")
"""Extensions of the files that are read."""


class PaceSettings(BaseModel):
    """No settings: everything stands in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Pace(Family):
    """The family of imported ACE potentials."""

    name = "pace"
    settings_class: type[BaseModel] = PaceSettings
    citations: tuple[str, ...] = ("10.1038/s41524-021-00559-9", "10.1103/PhysRevMaterials.6.013804")

    def resolve(
        self, settings: BaseModel, size: str, elements: Sequence[int], distances: PairDistances
    ) -> dict[str, Any]:
        """Nothing to resolve: these potentials are read, not fitted.

        Raises
        ------
        SettingsError
            Always.
        """
        raise SettingsError("model 'pace' is read from .yace, .ace or .yaml files; to fit one, use 'ace'")

    def descriptor(self, resolved: dict[str, Any]) -> _core.Descriptor:
        """The descriptor of the file that the settings hold."""
        return _core.read_pace(resolved["yace"], "yace").descriptor


def load(path: str | os.PathLike[str]) -> Potential:
    """The potential in a `.yace`, `.ace` or pacemaker's `.yaml` file.

    Raises
    ------
    ModelFileError
        If the file cannot be read (the message names file and line).
    """
    name = os.fspath(path)
    with reading(name):
        text = Path(name).read_bytes().decode("utf-8")
        return from_text(text, Path(name).suffix[1:], metadata={"source": name})


def from_text(text: str, extension: str, *, metadata: dict[str, Any] | None = None) -> Potential:
    """The potential in the text of a file with the given extension (without the dot).

    Raises
    ------
    ModelFileError
        If the text is not such a file (the message names the line).
    """
    from ferrip.potential import Potential

    content = _core.read_pace(text, extension)
    embeddings = {
        z: Embedding(
            shape=shape,
            terms=tuple(terms),
            core_switch=content.core_switches.get(z),
            nearest_switch=tuple(content.nearest_switches[z]) if z in content.nearest_switches else None,
        )
        for z, (shape, terms) in content.embeddings.items()
    }
    return Potential(
        family=Pace.name,
        descriptor=content.descriptor,
        settings={"yace": content.yace},
        coefficients=content.coefficients,
        e0=content.e0,
        metadata={"citations": list(Pace.citations), **(metadata or {})},
        embeddings=embeddings,
        core=content.core,
        bin_width=content.bin_width,
    )


register(Pace())
