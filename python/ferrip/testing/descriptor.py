"""`check_descriptor`: everything that a descriptor promises, tested on structures of every kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ferrip.features import Features
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

if TYPE_CHECKING:
    from ferrip._core import Structure

VOIGT = ([0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1])
"""Rows and columns of the Voigt components xx yy zz yz xz xy."""


class Descriptor(Features, Protocol):
    """Features with their derivatives; the descriptors of `ferrip._core` are such."""

    def feature_range(self, element: int) -> tuple[int, int]:
        """First column of an element, and the one after its last."""
        ...

    def vjp(self, structure: Structure, values_bar: F64, num_threads: int | None = None) -> tuple[F64, F64]:
        """(N, 3) and (3, 3) gradients of sum(values_bar * values) in positions and strain."""
        ...

    def jvp(
        self, structure: Structure, positions_dot: F64, strain_dot: F64, num_threads: int | None = None
    ) -> F64:
        """(N, n_features) derivative of the values along a direction in positions and strain."""
        ...


def check_descriptor(
    descriptor: Descriptor,
    *,
    samples: Sequence[Sample] | None = None,
    rtol: float = 1e-9,
    derivative_rtol: float = 1e-6,
    seed: int = 0,
) -> None:
    """Check that a descriptor keeps its contract.

    Shapes and own-element columns; invariance under translation, rotation, reflection, permutation, the choice of
    lattice vectors and supercells; `jvp` against finite differences in positions and strain; `vjp` as the adjoint
    of `jvp`; `design` rows against `vjp`; smoothness at the cutoff; several structures at once as one by one; no
    atom and one atom; unknown elements refused; inputs untouched; the same bits for any number of threads.

    Parameters
    ----------
    descriptor
        The object to check.
    samples
        Structures to check on; by default `sample_structures` of its elements and cutoff.
    rtol
        Allowed deviation of exact identities, relative to the largest value of each feature.
    derivative_rtol
        Allowed deviation from finite differences, relative to the size of each feature and its derivative.
    seed
        Seed of structures and directions.

    Raises
    ------
    CheckError
        At the first promise that is broken, naming the check and the structure.

    Examples
    --------
    >>> check_descriptor(descriptor)  # doctest: +SKIP
    """
    if samples is None:
        samples = sample_structures(descriptor.elements, descriptor.cutoff, seed)
    checks = _DescriptorChecks(
        descriptor=descriptor, samples=tuple(samples), rtol=rtol, derivative_rtol=derivative_rtol, seed=seed
    )
    checks.degenerate_structures()
    checks.unknown_element()
    for sample in samples:
        checks.shapes(sample)
        checks.invariance(sample)
        checks.derivatives(sample)
        checks.adjoint(sample)
        checks.design_rows(sample)
        checks.threads(sample)
    checks.batch()
    checks.smoothness()


@dataclass(frozen=True, kw_only=True)
class _DescriptorChecks(Checks):
    descriptor: Descriptor

    @cached_property
    def scale(self) -> F64:
        """(n_features,) largest |value| of each feature over the samples."""
        largest = np.zeros(self.descriptor.n_features)
        for sample in self.samples:
            largest = np.maximum(largest, np.abs(self.descriptor.values(sample.structure)).max(axis=0))
        return largest + 1e-12 * largest.max()

    def degenerate_structures(self) -> None:
        d = self.descriptor
        expect_zeros("no atom: values", d.values(empty()), (0, d.n_features))
        expect_zeros("no atom: design", d.design([empty()]), (7, d.n_features))
        positions_bar, strain_bar = d.vjp(empty(), np.zeros((0, d.n_features)))
        expect_zeros("no atom: vjp", positions_bar, (0, 3))
        expect_zeros("no atom: vjp", strain_bar, (3, 3))
        expect(d.design([]).shape == (0, d.n_features), "no structure: design has rows")
        for element in d.elements:
            atom = lone(element)
            expect(bool(np.isfinite(d.values(atom)).all()), f"one atom of {element}: a value is not finite")
            positions_bar, strain_bar = d.vjp(atom, np.ones((1, d.n_features)))
            expect(not positions_bar.any(), f"one atom of {element}: a gradient without neighbors")
            expect(not strain_bar.any(), f"one atom of {element}: a strain gradient without neighbors")

    def unknown_element(self) -> None:
        try:
            self.descriptor.values(lone(UNKNOWN_ELEMENT))
        except ValueError:
            return
        expect(UNKNOWN_ELEMENT in self.descriptor.elements, "an unknown element is not refused")

    def shapes(self, sample: Sample) -> None:
        d, (numbers, *_) = self.descriptor, sample.structure
        with untouched(sample.name, sample.structure):
            values = d.values(sample.structure)
        expect(values.dtype == np.float64, f"{sample.name}: values are {values.dtype}, not float64")
        wanted = (len(numbers), d.n_features)
        expect(values.shape == wanted, f"{sample.name}: values have shape {values.shape}, not {wanted}")
        expect(bool(np.isfinite(values).all()), f"{sample.name}: a value is not finite")
        for number, row in zip(numbers, values, strict=True):
            start, stop = d.feature_range(int(number))
            foreign = np.delete(row, np.s_[start:stop])
            expect(
                not foreign.any(), f"{sample.name}: atom of {number} has values in columns of other elements"
            )

    def invariance(self, sample: Sample) -> None:
        rng, structure = self.rng, sample.structure
        numbers, _, _, pbc = structure
        values = self.descriptor.values(structure)
        turn = rotation(rng)
        order = rng.permutation(len(numbers))
        same = transforms.equivalents(structure, rng) | {
            "rotation": transforms.rotated(structure, turn),
            "reflection": transforms.rotated(structure, -turn),
        }
        for name, other in same.items():
            self._close(f"{sample.name}: {name}", self.descriptor.values(other), values)
        reordered = self.descriptor.values(transforms.permuted(structure, order))
        self._close(f"{sample.name}: permutation", reordered, values[order])
        if pbc.any():
            twice = self.descriptor.values(transforms.doubled(structure))
            self._close(f"{sample.name}: supercell", twice, np.tile(values, (2, 1)))

    def derivatives(self, sample: Sample) -> None:
        d, rng, structure = self.descriptor, self.rng, sample.structure
        no_shift, no_strain = np.zeros_like(structure[1]), np.zeros((3, 3))
        directions = {
            "positions": (rng.uniform(-1, 1, no_shift.shape), no_strain),
            "strain": (no_shift, rng.uniform(-1, 1, (3, 3)) / d.cutoff),
        }
        for name, (shift, strain) in directions.items():

            def along(t: float, shift: F64 = shift, strain: F64 = strain) -> F64:
                return d.values(transforms.deformed(structure, t * shift, t * strain))

            jvp = d.jvp(structure, shift, strain)
            difference = directional_derivative(along, STEP * d.cutoff)
            scale = self.scale / d.cutoff + np.abs(difference).max(axis=0)
            check = f"{sample.name}: jvp along {name} against finite differences"
            expect_close(check, jvp, difference, rtol=self.derivative_rtol, scale=scale)

    def adjoint(self, sample: Sample) -> None:
        d, rng, structure = self.descriptor, self.rng, sample.structure
        n_atoms = len(structure[0])
        weights = rng.normal(size=(n_atoms, d.n_features)) / self._unit
        shift, strain = rng.normal(size=(n_atoms, 3)), rng.normal(size=(3, 3)) / d.cutoff
        positions_bar, strain_bar = d.vjp(structure, weights)
        terms = [weights * d.jvp(structure, shift, strain), positions_bar * shift, strain_bar * strain]
        forward, backward = terms[0].sum(), terms[1].sum() + terms[2].sum()
        scale = sum(np.abs(term).sum() for term in terms)
        check = f"{sample.name}: vjp against jvp (adjoint identity)"
        expect_close(check, backward, forward, rtol=self.rtol, scale=scale)

    def design_rows(self, sample: Sample) -> None:
        d, structure = self.descriptor, sample.structure
        n_atoms = len(structure[0])
        rows = d.design([structure])
        wanted = (7 + 3 * n_atoms, d.n_features)
        expect(rows.shape == wanted, f"{sample.name}: design has shape {rows.shape}, not {wanted}")
        expect(bool(rows.flags.f_contiguous), f"{sample.name}: design is not in Fortran order")
        weights = self.rng.normal(size=d.n_features) / self._unit
        positions_bar, strain_bar = d.vjp(structure, np.tile(weights, (n_atoms, 1)))
        strain_bar = 0.5 * (strain_bar + strain_bar.T)
        energy = (d.values(structure) @ weights).sum()
        predictions = np.concatenate([[energy], -positions_bar.ravel(), strain_bar[VOIGT]])
        size = np.abs(rows) @ np.abs(weights)
        check = f"{sample.name}: design rows against values and vjp"
        expect_close(check, rows @ weights, predictions, rtol=self.rtol, scale=size + size.max())

    def threads(self, sample: Sample) -> None:
        d, structure = self.descriptor, sample.structure
        weights = self.rng.normal(size=(len(structure[0]), d.n_features))
        results = [
            (d.values(structure, n), *d.vjp(structure, weights, n), d.design([structure], n)) for n in THREADS
        ]
        for several in results[1:]:
            for one, other in zip(results[0], several, strict=True):
                expect_same(f"{sample.name}: another number of threads", other, one)

    def batch(self) -> None:
        structures = [empty(), *(sample.structure for sample in self.samples)]
        together = self.descriptor.design(structures)
        apart = np.concatenate([self.descriptor.design([one]) for one in structures])
        expect_same("design of several structures against one by one", together, apart)

    def smoothness(self) -> None:
        d = self.descriptor
        away = np.zeros((3, 3))
        away[1, 0] = 1.0
        check_cutoffs(
            d.elements,
            d.cutoff,
            value=lambda structure: d.values(structure)[0],
            slope=lambda structure: d.jvp(structure, away, np.zeros((3, 3)))[0],
        )

    @cached_property
    def _unit(self) -> F64:
        return np.where(self.scale > 0, self.scale, 1.0)

    def _close(self, check: str, got: F64, wanted: F64) -> None:
        expect_close(check, got, wanted, rtol=self.rtol, scale=self.scale)
