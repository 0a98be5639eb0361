"""Files of MLIP, trained or not, as templates of a fit: their scalars and their cutoff."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ferrip import _core
from ferrip.models.reading import reading

RULE = ("level", "max_radial", "max_rank", "max_factors")
LIST = ("moments", "n_nodes", "products", "scalars")


@dataclass(frozen=True, kw_only=True)
class Template:
    """What a fit takes from a file.

    Attributes
    ----------
    scalars
        Entry `scalars` of complete settings: the level rule that holds those of the file, or their list.
    cutoff
        `max_dist`, Å.
    """

    scalars: dict[str, Any]
    cutoff: float


def read_template(path: str) -> Template:
    """The template in a `.mtp` or `.almtp` file.

    Raises
    ------
    ModelFileError
        If the file cannot be read.
    """
    with reading(path):
        file = _core.read_mtp(Path(path).read_bytes())
    return Template(scalars=scalars_of(file), cutoff=file.range[1])


def scalars_of(file: _core.MtpFile) -> dict[str, Any]:
    """Entry `scalars` of complete settings: a rule where one holds the file's scalars, otherwise their list."""
    if file.rule is not None:
        return dict(zip(RULE, file.rule, strict=True))
    return dict(zip(LIST, file.explicit or (), strict=True))


def n_functions(scalars: dict[str, Any]) -> int:
    """Number of radial functions of the scalars."""
    if "level" in scalars:
        return _core.level_counts(**scalars)[1]
    return 1 + max(moment[0] for moment in scalars["moments"])
