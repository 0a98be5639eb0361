"""Options with which every command that reads data names its labels and elements."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

if TYPE_CHECKING:
    from ferrip.data import Frame, LabelKeys

DataFiles: TypeAlias = Annotated[
    list[str],
    typer.Argument(metavar="DATA...", help="Data files: extended XYZ, MLIP .cfg or anything that ASE reads."),
]

OPTIONS: dict[str, Any] = {
    "energy_key": Annotated[str | None, typer.Option(help="Key of the total energy, eV.")],
    "forces_key": Annotated[str | None, typer.Option(help="Key of the forces, eV/Å.")],
    "stress_key": Annotated[str | None, typer.Option(help="Key of the stress, eV/Å³, ASE sign.")],
    "virial_key": Annotated[str | None, typer.Option(help="Key of the virial −Vσ, eV.")],
    "elements": Annotated[
        str | None,
        typer.Option(help="Elements of the atom types 0, 1, … of MLIP .cfg data, e.g. Si,O."),
    ],
}
"""Name → type of every option; all default to None."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the data of a command are to be read.

    Attributes
    ----------
    keys
        Names of the labels.
    elements
        Chemical symbols of numbered atom types.
    """

    keys: LabelKeys
    elements: Sequence[str] | None

    @classmethod
    def new(cls, *, elements: str | None, **keys: str | None) -> Reading:
        """Return what the options say."""
        from ferrip.data import LabelKeys

        symbols = None if elements is None else [part.strip() for part in elements.split(",")]
        names = {name.removesuffix("_key"): key for name, key in keys.items()}
        return cls(keys=LabelKeys(**names), elements=symbols)

    def frames(self, data: Sequence[str], *, check_finite: bool = True) -> list[Frame]:
        """Return the labelled frames of the files."""
        from ferrip.data import read_frames

        return read_frames(data, self.keys, elements=self.elements, check_finite=check_finite)


def reads_data(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the parameter `reading` of a command by the options of this module."""
    signature = inspect.signature(command, eval_str=True)
    parameters = [own for own in signature.parameters.values() if own.name != "reading"]
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in OPTIONS.items()
    ]

    @functools.wraps(command)
    def with_options(**arguments: Any) -> None:
        reading = Reading.new(**{name: arguments.pop(name) for name in OPTIONS})
        command(**arguments, reading=reading)

    with_options.__dict__["__signature__"] = signature.replace(parameters=parameters)
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_options
