"""What is left to fit beside a reference potential: labels minus its energies, forces and stresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ferrip.data import Frame
from ferrip.errors import SettingsError
from ferrip.models.pair_potential import PairPotential

if TYPE_CHECKING:
    from ferrip.potential import Potential


def reference_for(reference: Potential, elements: Sequence[int]) -> Potential:
    """The reference for data of these elements; pair functions need not know all of them.

    Raises
    ------
    SettingsError
        If the reference does not know an element of the data.
    """
    from ferrip.pair import of_terms

    if reference.family == PairPotential.name:
        return of_terms(reference.pairs, elements)
    if not set(elements) <= set(reference.elements):
        raise SettingsError(
            f"reference: it knows {', '.join(reference.symbols)}, but the data hold other elements too"
        )
    return reference


def residual(frames: Sequence[Frame], reference: Potential, num_threads: int | None) -> list[Frame]:
    """The frames with what the reference says subtracted from their labels.

    Parameters
    ----------
    frames
        Frames with any labels.
    reference
        A potential that knows their elements.
    num_threads
        Threads of its evaluation.
    """
    said = reference.evaluate(frames, num_threads)
    return [
        replace(
            frame,
            energy=None if frame.energy is None else frame.energy - one.energy,
            forces=None if frame.forces is None else frame.forces - one.forces,
            stress=None if frame.stress is None or one.stress is None else frame.stress - one.stress,
        )
        for frame, one in zip(frames, said, strict=True)
    ]
