"""One way to ask evaluators, potentials and ASE calculators for energies, forces and the strain gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import PropertyNotImplementedError
from ase.stress import voigt_6_to_full_3x3_stress

from ferrip.graph.descriptor import GraphDescriptor
from ferrip.testing.expectations import expect, expect_close
from ferrip.testing.samples import F64

if TYPE_CHECKING:
    from ferrip._core import Structure

SUM_RTOL = 1e-12


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a potential says about a structure of N atoms.

    Attributes
    ----------
    energies
        (N,) per-atom energies, eV.
    forces
        (N, 3), eV/Å.
    strain_gradient
        (3, 3) dE/dε, eV; `None` where the structure has no full cell and the object gives no stress then.
    """

    energies: F64
    forces: F64
    strain_gradient: F64 | None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """An object under test behind one interface.

    Attributes
    ----------
    answer
        Structure and number of threads (`None`: the object's own choice) → `Answer`.
    takes_threads
        Whether the number of threads can be chosen per call.
    same_bits
        Whether it promises the same bits for any number of threads; what torch computes does not.
    conservative
        Whether it says that forces are derivatives of the energy.
    elements
        Atomic numbers that it knows.
    cutoff
        Interaction range, Å.
    """

    answer: Callable[[Structure, int | None], Answer]
    takes_threads: bool
    same_bits: bool
    conservative: bool
    elements: Sequence[int]
    cutoff: float


def as_subject(tested: Any, elements: Sequence[int] | None, cutoff: float | None) -> Subject:
    """Wrap an evaluator (`compute`), a potential (`evaluate`) or an ASE calculator (`get_property`)."""
    if hasattr(tested, "get_property"):
        answer, takes_threads, described = _of_calculator(tested), False, getattr(tested, "potential", tested)
    elif hasattr(tested, "evaluate"):
        answer, takes_threads, described = _of_potential(tested), True, tested
    elif hasattr(tested, "compute"):
        answer, takes_threads, described = _of_evaluator(tested), hasattr(tested, "session"), tested
    else:
        raise TypeError(f"{type(tested).__name__} is no evaluator, potential or ASE calculator")
    elements = getattr(described, "elements", None) if elements is None else elements
    cutoff = getattr(described, "cutoff", None) if cutoff is None else cutoff
    if elements is None or cutoff is None:
        raise TypeError(
            f"{type(tested).__name__} does not tell its elements and cutoff: give them as arguments"
        )
    return Subject(
        answer=answer,
        takes_threads=takes_threads,
        same_bits=not isinstance(getattr(described, "descriptor", None), GraphDescriptor),
        conservative=bool(getattr(described, "conservative", True)),
        elements=list(elements),
        cutoff=float(cutoff),
    )


def as_atoms(structure: Structure) -> Atoms:
    """ASE atoms of a structure."""
    numbers, positions, cell, pbc = structure
    return Atoms(numbers=numbers, positions=positions, cell=cell, pbc=pbc)


def _of_evaluator(tested: Any) -> Callable[[Structure, int | None], Answer]:
    def answer(structure: Structure, num_threads: int | None) -> Answer:
        arguments = (structure,) if num_threads is None else (structure, num_threads)
        energies, forces, strain_gradient = tested.compute(*arguments)
        return Answer(energies=energies, forces=forces, strain_gradient=strain_gradient)

    return answer


def _of_potential(tested: Any) -> Callable[[Structure, int | None], Answer]:
    def answer(structure: Structure, num_threads: int | None) -> Answer:
        atoms = as_atoms(structure)
        (prediction,) = tested.evaluate([atoms], num_threads=num_threads)
        _expect_sum("prediction", prediction.energy, prediction.energies)
        strain = None if prediction.stress is None else _strain_gradient(prediction.stress, atoms)
        return Answer(energies=prediction.energies, forces=prediction.forces, strain_gradient=strain)

    return answer


def _of_calculator(tested: Any) -> Callable[[Structure, int | None], Answer]:
    conservative = getattr(getattr(tested, "potential", tested), "conservative", True)

    def answer(structure: Structure, num_threads: int | None) -> Answer:
        atoms = as_atoms(structure)
        energies = tested.get_property("energies", atoms)
        for name in ("energy", "free_energy"):
            _expect_sum(name, tested.get_property(name, atoms), energies)
        forces = tested.get_property("forces", atoms)
        full_cell = bool(structure[3].all())
        try:
            stress = tested.get_property("stress", atoms)
        except PropertyNotImplementedError:
            expect(
                not (full_cell and conservative), "no stress for a structure with three periodic directions"
            )
            strain = None
        else:
            expect(full_cell, "a stress for a structure without a full cell")
            strain = _strain_gradient(stress, atoms)
        return Answer(energies=energies, forces=forces, strain_gradient=strain)

    return answer


def _expect_sum(name: str, total: float, energies: F64) -> None:
    scale = np.abs(energies).sum()
    expect_close(f"{name} against the sum of energies", total, np.sum(energies), rtol=SUM_RTOL, scale=scale)


def _strain_gradient(stress: F64, atoms: Atoms) -> F64:
    """(3, 3) dE/dε from the Voigt stress."""
    return voigt_6_to_full_3x3_stress(stress) * atoms.get_volume()
