"""Which potentials LAMMPS can compute."""

from __future__ import annotations

from ferrip.errors import SettingsError
from ferrip.graph.descriptor import GraphDescriptor
from ferrip.potential import Potential


def require_suited(potential: Potential) -> None:
    """Check that all parts of a potential are computed in the core, as in LAMMPS.

    Raises
    ------
    SettingsError
        One of them is a network in torch.
    """
    for part in (potential, *potential.added):
        if isinstance(part.descriptor, GraphDescriptor):
            raise SettingsError(
                f"LAMMPS: a potential of the family {part.family!r} needs torch and runs in Python alone"
            )
        if part.direct is not None:
            raise SettingsError(
                "LAMMPS: direct forces are no derivatives of the energy and run in Python alone"
            )
