"""Options with which every command that reads data names its labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from ferrip.data import LabelKeys

EnergyKey: TypeAlias = Annotated[str | None, typer.Option(help="Key of the total energy, eV.")]
ForcesKey: TypeAlias = Annotated[str | None, typer.Option(help="Key of the forces, eV/Å.")]
StressKey: TypeAlias = Annotated[str | None, typer.Option(help="Key of the stress, eV/Å³, ASE sign.")]
VirialKey: TypeAlias = Annotated[str | None, typer.Option(help="Key of the virial −Vσ, eV.")]
DataFiles: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="DATA...", help="Data files: extended XYZ or anything that ASE reads.")
]


def label_keys(
    energy_key: str | None, forces_key: str | None, stress_key: str | None, virial_key: str | None
) -> LabelKeys:
    """`LabelKeys` of the options of a command."""
    from ferrip.data import LabelKeys

    return LabelKeys(energy=energy_key, forces=forces_key, stress=stress_key, virial=virial_key)
