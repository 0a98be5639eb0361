"""`check_potential`: everything that a potential promises, tested on structures of every kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ferrip.testing import transforms
from ferrip.testing.checks import Checks
from ferrip.testing.cutoff import check_cutoffs
from ferrip.testing.expectations import expect, expect_close, expect_same, expect_zeros, untouched
from ferrip.testing.finite_differences import STEP, directional_derivative
from ferrip.testing.samples import (
    F64,
    THREADS,
    UNKNOWN_ELEMENT,
    Sample,
    empty,
    lone,
    rotation,
    sample_structures,
)
from ferrip.testing.subjects import Answer, Subject, as_subject

if TYPE_CHECKING:
    from ferrip._core import Structure

WALK_STEPS = 6
WALK_STEP = 0.03
"""Length of one random step of an atom in units of the cutoff, to make neighbor lists age and be rebuilt."""


def check_potential(
    potential: Any,
    *,
    elements: Sequence[int] | None = None,
    cutoff: float | None = None,
    samples: Sequence[Sample] | None = None,
    rtol: float = 1e-9,
    derivative_rtol: float = 1e-6,
    seed: int = 0,
    conservative: bool = True,
) -> None:
    """Check that a potential keeps its contract.

    Forces and stress against finite differences of the energy; invariance of the per-atom energies and covariance
    of forces and stress under translation, rotation, reflection, permutation, the choice of lattice vectors and
    supercells; smoothness at the cutoff; energies that do not depend on what was computed before (neighbor list
    reuse); no atom and one atom; unknown elements refused; inputs untouched; the same bits for any number of
    threads, where it can be chosen. For ASE calculators also: `energy`, `free_energy` and the sum of `energies`
    agree, and stress is given exactly for structures with a full cell.

    Parameters
    ----------
    potential
        An evaluator (`compute(structure)`), a ferrip potential (`evaluate(frames)`) or an ASE calculator.
    elements
        Atomic numbers to test with; by default the object's own.
    cutoff
        Interaction range in Å; by default the object's own.
    samples
        Structures to check on; by default `sample_structures` of elements and cutoff.
    rtol
        Allowed deviation of exact identities, relative to the largest energy or force.
    derivative_rtol
        Allowed deviation from finite differences, relative to the largest force times √N.
    seed
        Seed of structures and directions.
    conservative
        False leaves out what direct forces cannot promise: derivatives, the total force, the slope at the cutoff. A
        potential that says of itself that it is not conservative fails without it.

    Raises
    ------
    CheckError
        At the first promise that is broken, naming the check and the structure.
    TypeError
        If `potential` is none of the three kinds, or does not tell its elements and cutoff.

    Examples
    --------
    >>> check_potential(ferrip.Calculator("Si.ferrip"))  # doctest: +SKIP
    """
    subject = as_subject(potential, elements, cutoff)
    if samples is None:
        samples = sample_structures(subject.elements, subject.cutoff, seed)
    expect(
        subject.conservative or not conservative,
        "conservative: the forces of this potential are direct, not derivatives of its energy "
        "(conservative=False checks the rest)",
    )
    checks = _PotentialChecks(
        subject=subject,
        samples=tuple(samples),
        rtol=rtol,
        derivative_rtol=derivative_rtol,
        seed=seed,
        conservative=conservative,
    )
    checks.degenerate_structures()
    checks.unknown_element()
    for sample in samples:
        checks.shapes(sample)
        checks.invariance(sample)
        if conservative:
            checks.derivatives(sample)
        checks.threads(sample)
        checks.history(sample)
    if conservative:
        checks.smoothness()


@dataclass(frozen=True, kw_only=True)
class _PotentialChecks(Checks):
    subject: Subject
    conservative: bool

    @cached_property
    def force_scale(self) -> float:
        """Largest force component over the samples, eV/Å."""
        return max(float(np.abs(self.ask(sample.structure).forces).max()) for sample in self.samples)

    @cached_property
    def energy_scale(self) -> float:
        """Largest per-atom energy over the samples, or the energy of the largest force over the cutoff, eV."""
        largest = max(float(np.abs(self.ask(sample.structure).energies).max()) for sample in self.samples)
        return max(largest, self.force_scale * self.subject.cutoff)

    def ask(self, structure: Structure) -> Answer:
        return self.subject.answer(structure, None)

    def degenerate_structures(self) -> None:
        nothing = self.ask(empty())
        expect_zeros("no atom: energies", nothing.energies, (0,))
        expect_zeros("no atom: forces", nothing.forces, (0, 3))
        for element in self.subject.elements:
            atom = self.ask(lone(element))
            expect(bool(np.isfinite(atom.energies).all()), f"one atom of {element}: the energy is not finite")
            expect(not np.any(atom.forces), f"one atom of {element}: a force without neighbors")

    def unknown_element(self) -> None:
        try:
            self.ask(lone(UNKNOWN_ELEMENT))
        except (ValueError, NotImplementedError):
            return
        expect(UNKNOWN_ELEMENT in self.subject.elements, "an unknown element is not refused")

    def shapes(self, sample: Sample) -> None:
        n_atoms = len(sample.structure[0])
        with untouched(sample.name, sample.structure):
            answer = self.ask(sample.structure)
        for name, array, shape in (
            ("energies", answer.energies, (n_atoms,)),
            ("forces", answer.forces, (n_atoms, 3)),
        ):
            expect(array.shape == shape, f"{sample.name}: {name} have shape {array.shape}, not {shape}")
            expect(bool(np.isfinite(array).all()), f"{sample.name}: {name} are not finite")
        total = answer.forces.sum(axis=0)
        scale = self.force_scale * n_atoms
        if self.conservative:
            expect_close(f"{sample.name}: total force", total, np.zeros(3), rtol=self.rtol, scale=scale)

    def invariance(self, sample: Sample) -> None:
        rng, structure = self.rng, sample.structure
        numbers, _, _, pbc = structure
        answer = self.ask(structure)
        order = rng.permutation(len(numbers))
        for name, other in transforms.equivalents(structure, rng).items():
            self._close(f"{sample.name}: {name}", self.ask(other), answer)
        turn = rotation(rng)
        for name, matrix in {"rotation": turn, "reflection": -turn}.items():
            strain = answer.strain_gradient
            turned = Answer(
                energies=answer.energies,
                forces=answer.forces @ matrix.T,
                strain_gradient=None if strain is None else matrix @ strain @ matrix.T,
            )
            self._close(f"{sample.name}: {name}", self.ask(transforms.rotated(structure, matrix)), turned)
        reordered = Answer(
            energies=answer.energies[order],
            forces=answer.forces[order],
            strain_gradient=answer.strain_gradient,
        )
        self._close(f"{sample.name}: permutation", self.ask(transforms.permuted(structure, order)), reordered)
        if pbc.any():
            twice = Answer(
                energies=np.tile(answer.energies, 2),
                forces=np.tile(answer.forces, (2, 1)),
                strain_gradient=None if answer.strain_gradient is None else 2 * answer.strain_gradient,
            )
            self._close(f"{sample.name}: supercell", self.ask(transforms.doubled(structure)), twice)

    def derivatives(self, sample: Sample) -> None:
        rng, structure, cutoff = self.rng, sample.structure, self.subject.cutoff
        n_atoms = len(structure[0])
        no_shift, no_strain = np.zeros((n_atoms, 3)), np.zeros((3, 3))
        answer = self.ask(structure)

        def slope(shift: F64, strain: F64) -> float:
            def energy(t: float) -> F64:
                moved = self.ask(transforms.deformed(structure, t * shift, t * strain))
                return (moved.energies - answer.energies).sum()

            return float(directional_derivative(energy, STEP * cutoff))

        scale = self.force_scale * np.sqrt(n_atoms)
        shift = rng.uniform(-1, 1, (n_atoms, 3))
        check = f"{sample.name}: forces against finite differences"
        work = -np.sum(answer.forces * shift)
        expect_close(check, work, slope(shift, no_strain), rtol=self.derivative_rtol, scale=scale)
        if answer.strain_gradient is not None:
            strain = rng.uniform(-1, 1, (3, 3)) / cutoff
            check = f"{sample.name}: stress against finite differences"
            work = np.sum(answer.strain_gradient * strain)
            expect_close(check, work, slope(no_shift, strain), rtol=self.derivative_rtol, scale=scale)

    def threads(self, sample: Sample) -> None:
        if not self.subject.takes_threads:
            return
        first, *others = (self.subject.answer(sample.structure, n) for n in THREADS)
        for other in others:
            check = f"{sample.name}: another number of threads"
            if not self.subject.same_bits:
                self._close(check, other, first)
                continue
            expect_same(check, other.energies, first.energies)
            expect_same(check, other.forces, first.forces)

    def history(self, sample: Sample) -> None:
        """Walk and come back another way: a reused neighbor list must not show in the results."""
        rng, structure = self.rng, sample.structure
        step = WALK_STEP * self.subject.cutoff
        moves = np.cumsum(step * rng.uniform(-1, 1, (WALK_STEPS, *structure[1].shape)), axis=0)
        path = [transforms.deformed(structure, move, np.zeros((3, 3))) for move in moves]
        forth = [self.ask(place) for place in path]
        for k in rng.permutation(WALK_STEPS):
            self._close(f"{sample.name}: neighbor list reuse", self.ask(path[k]), forth[k])

    def smoothness(self) -> None:
        check_cutoffs(
            self.subject.elements,
            self.subject.cutoff,
            value=lambda structure: self.ask(structure).energies[:1],
            slope=lambda structure: -self.ask(structure).forces[1, :1],
        )

    def _close(self, check: str, got: Answer, wanted: Answer) -> None:
        energy, force = self.energy_scale, self.force_scale
        expect_close(f"{check}: energies", got.energies, wanted.energies, rtol=self.rtol, scale=energy)
        expect_close(f"{check}: forces", got.forces, wanted.forces, rtol=self.rtol, scale=force)
        if wanted.strain_gradient is not None and got.strain_gradient is not None:
            scale = energy * len(wanted.energies)
            expect_close(
                f"{check}: strain gradient",
                got.strain_gradient,
                wanted.strain_gradient,
                rtol=self.rtol,
                scale=scale,
            )
