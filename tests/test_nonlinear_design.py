"""Jacobian rows of embedded densities against differences, and against the linear design."""

from __future__ import annotations

import numpy as np
import pytest

from ferrip import _core
from ferrip.errors import DataError, FerripError, SettingsError

ELEMENTS = [8, 14]
TERMS = [(1.0, 1.0), (0.7, 0.5), (-0.4, 2.0)]
STEP = 1e-5


@pytest.fixture(scope="module")
def descriptor() -> _core.Descriptor:
    r0 = {(8, 8): 2.3, (8, 14): 1.7, (14, 14): 2.3}
    return _core.Descriptor.ace(
        elements=ELEMENTS, r0=r0, degrees=[5, 4], cutoff=4.0, pair_cutoff=4.5, n_pair=3
    )


def structure(strain: np.ndarray | None = None, displacement: np.ndarray | None = None):
    rng = np.random.default_rng(3)
    cell = np.diag([5.0, 5.5, 6.0]) + 0.1 * rng.normal(size=(3, 3))
    positions = rng.uniform(size=(6, 3)) @ cell
    if displacement is not None:
        positions = positions + displacement
    if strain is not None:
        positions, cell = positions @ (np.eye(3) + strain), cell @ (np.eye(3) + strain)
    return np.array([8, 14, 14, 8, 14, 8]), positions, cell, np.ones(3, bool)


def coefficients(descriptor: _core.Descriptor, n_densities: int = len(TERMS)) -> np.ndarray:
    return 0.1 * np.random.default_rng(1).normal(size=(n_densities, descriptor.n_features))


def readout(descriptor: _core.Descriptor, c: np.ndarray, core: bool = False) -> _core.Readout:
    ranges = [slice(*descriptor.feature_range(z)) for z in ELEMENTS]
    embedding = ("FinnisSinclairShiftedScaled", TERMS[: len(c)])
    cores = [(np.zeros(6), (1.0, 0.5))] * 2 if core else None
    return _core.Readout(
        descriptor, [0.0, 0.0], [np.ascontiguousarray(c[:, own]) for own in ranges], [embedding] * 2, cores
    )


def quantities(descriptor: _core.Descriptor, c: np.ndarray, one=None) -> np.ndarray:
    """(rows,) energy, forces and strain derivatives."""
    none_free = np.zeros(c.shape, bool)
    return descriptor.embedded_design([one or structure()], readout(descriptor, c), none_free)[:, 0]


def test_columns_are_derivatives_in_the_coefficients(descriptor: _core.Descriptor) -> None:
    c = coefficients(descriptor)
    rng = np.random.default_rng(2)
    free = rng.uniform(size=c.shape) < 0.5
    rows = descriptor.embedded_design([structure()], readout(descriptor, c), free)
    assert rows.shape == (1 + 18 + 6, free.sum() + 1)
    for column in rng.choice(free.sum(), 20, replace=False):
        change = np.zeros(c.shape)
        change[tuple(np.argwhere(free)[column])] = STEP
        numeric = (quantities(descriptor, c + change) - quantities(descriptor, c - change)) / (2 * STEP)
        np.testing.assert_allclose(rows[:, column], numeric, atol=1e-7 * max(1.0, np.abs(numeric).max()))


def test_last_column_holds_energy_forces_and_strain_derivatives(descriptor: _core.Descriptor) -> None:
    c = coefficients(descriptor)
    values = quantities(descriptor, c)
    energies, forces, strain = _core.compute_analytic(descriptor, readout(descriptor, c), structure())
    assert values[0] == pytest.approx(energies.sum(), abs=1e-12)
    np.testing.assert_allclose(values[1:-6].reshape(-1, 3), forces, atol=1e-11)
    voigt = strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
    np.testing.assert_allclose(values[-6:], voigt, atol=1e-11)


def test_forces_and_strain_are_derivatives_of_the_energy(descriptor: _core.Descriptor) -> None:
    c = coefficients(descriptor)
    values = quantities(descriptor, c)
    for axis in range(3):
        move = np.zeros((6, 3))
        move[2, axis] = STEP
        ends = [quantities(descriptor, c, structure(displacement=sign * move))[0] for sign in (1, -1)]
        assert values[1 + 6 + axis] == pytest.approx(-(ends[0] - ends[1]) / (2 * STEP), abs=1e-6)
    shear = np.zeros((3, 3))
    shear[0, 2] = shear[2, 0] = STEP / 2
    ends = [quantities(descriptor, c, structure(strain=sign * shear))[0] for sign in (1, -1)]
    assert values[-2] == pytest.approx((ends[0] - ends[1]) / (2 * STEP), abs=1e-6)


def test_one_linear_density_gives_the_linear_design(descriptor: _core.Descriptor) -> None:
    c = coefficients(descriptor, 1)
    linear = descriptor.design([structure(), structure()])
    rows = descriptor.embedded_design(
        [structure(), structure()], readout(descriptor, c), np.ones(c.shape, bool)
    )
    np.testing.assert_allclose(rows[:, :-1], linear, atol=1e-12)
    np.testing.assert_allclose(rows[:, -1], linear @ c[0], atol=1e-11)


def test_values_of_the_atoms_add_up_to_the_energy_row(descriptor: _core.Descriptor) -> None:
    c = coefficients(descriptor)
    model = readout(descriptor, c)
    rows = descriptor.embedded_design([structure()], model, np.ones(c.shape, bool))
    values = descriptor.embedded_values(structure(), model)
    np.testing.assert_allclose(values.sum(axis=0), rows[0, :-1], atol=1e-12)


def test_bad_input(descriptor: _core.Descriptor) -> None:
    c = coefficients(descriptor)
    with pytest.raises(FerripError, match="core repulsion cannot be trained"):
        descriptor.embedded_design([structure()], readout(descriptor, c, core=True), np.ones(c.shape, bool))
    for shape in [(2, c.shape[1]), (3, c.shape[1] - 1)]:
        with pytest.raises((DataError, SettingsError, FerripError, ValueError), match="flags"):
            descriptor.embedded_design([structure()], readout(descriptor, c), np.ones(shape, bool))
