"""Nonlinear readouts: tables against features, forces against differences, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from ferrip import _core
from ferrip.errors import DataError, SettingsError

ELEMENTS = [14, 22]


def descriptor() -> _core.Descriptor:
    r0 = {(14, 14): 2.35, (14, 22): 2.5, (22, 22): 2.8}
    return _core.Descriptor.ace(
        elements=ELEMENTS, cutoff=4.5, pair_cutoff=5.0, n_pair=5, r0=r0, degrees=[8, 6, 5], l_weight=1.1
    )


def structure(seed: int, n: int = 9) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    cell = 5.2 * np.array([[1.0, 0.0, 0.0], [0.3, 0.95, 0.0], [-0.1, 0.2, 1.05]])
    grid = np.stack(np.meshgrid(*[np.arange(3)] * 3), axis=-1).reshape(-1, 3)[:n]
    positions = (grid + 0.5 + rng.uniform(-0.15, 0.15, (n, 3))) / 3 @ cell
    return rng.choice(ELEMENTS, n).astype(np.int64), positions, cell, np.array([True, False, True])


def readout(d: _core.Descriptor, name: str, n_densities: int, core: bool, seed: int = 0) -> _core.Readout:
    rng = np.random.default_rng(seed)
    exponents = [1.0, 0.5, 2.0, 0.75, 1.0, 1.5][:n_densities]
    densities, cores = [], []
    for element in ELEMENTS:
        start, end = d.feature_range(element)
        densities.append(rng.normal(size=(n_densities, end - start)) / np.sqrt(end - start))
        cores.append((rng.uniform(0, 0.05, 10), (0.4, 0.3)) if core else None)
    embedding = (name, [(0.8 + 0.1 * k, m) for k, m in enumerate(exponents)])
    return _core.Readout(d, [-1.0, -2.0], densities, [embedding] * 2, cores)


@pytest.mark.parametrize("core", [False, True])
@pytest.mark.parametrize("n_densities", [1, 2, 3, 6])
@pytest.mark.parametrize("name", ["FinnisSinclair", "FinnisSinclairShiftedScaled"])
def test_tables_equal_the_features(name: str, n_densities: int, core: bool) -> None:
    d = descriptor()
    model = readout(d, name, n_densities, core)
    for zbl in ([], _core.zbl_defaults(ELEMENTS)):
        for seed in range(2):
            exact = _core.compute_analytic(d, model, structure(seed), zbl)
            for simd in _core.supported_simd():
                got = _core.Evaluator.from_readout(d, model, zbl, simd).compute(structure(seed))
                for a, b, tolerance in zip(got, exact, (1e-8, 1e-5, 1e-5), strict=True):
                    assert np.abs(a - b).max() < tolerance * max(1.0, float(np.abs(b).max()))


def test_forces_are_derivatives() -> None:
    d = descriptor()
    model = readout(d, "FinnisSinclairShiftedScaled", 3, True)
    numbers, positions, cell, pbc = structure(4)
    forces = _core.compute_analytic(d, model, (numbers, positions, cell, pbc))[1]
    for atom in (0, 4, 7):
        for axis in range(3):
            energies = []
            for step in (-1e-4, 1e-4):
                moved = positions.copy()
                moved[atom, axis] += step
                energies.append(_core.compute_analytic(d, model, (numbers, moved, cell, pbc))[0].sum())
            assert abs((energies[0] - energies[1]) / 2e-4 - forces[atom, axis]) < 1e-6 * np.abs(forces).max()


def test_linear_readout_is_the_linear_evaluator() -> None:
    d = descriptor()
    c = np.random.default_rng(1).normal(size=d.n_features)
    zbl = _core.zbl_defaults(ELEMENTS)
    linear = _core.Evaluator(d, c, [0.5, 1.5], zbl).compute(structure(0))
    model = _core.Readout.linear(d, c, [0.5, 1.5])
    parts = [c[slice(*d.feature_range(z))] for z in ELEMENTS]
    split = _core.Readout(d, [0.5, 1.5], [np.array([0.25 * p, 0.75 * p]) for p in parts])
    powers = [("FinnisSinclair", [(2.0, 1.0)])] * 2
    scaled = _core.Readout(d, [0.5, 1.5], [p[None] / 2 for p in parts], powers)
    for other in (model, split, scaled):
        for a, b in zip(
            _core.Evaluator.from_readout(d, other, zbl).compute(structure(0)), linear, strict=True
        ):
            assert np.abs(a - b).max() < 1e-11 * np.abs(b).max()
    for a, b in zip(_core.compute_analytic(d, model, structure(0), zbl), linear, strict=True):
        assert np.abs(a - b).max() < 1e-6 * np.abs(b).max()


def test_bad_readouts_are_refused() -> None:
    d = descriptor()
    zeros = [np.zeros((1, end - start)) for start, end in map(d.feature_range, ELEMENTS)]
    with pytest.raises(DataError, match="e0"):
        _core.Readout(d, [0.0], zeros)
    with pytest.raises(DataError, match="coefficients"):
        _core.Readout(d, [0.0, 0.0], [zeros[0], zeros[1][:, 1:]])
    with pytest.raises(SettingsError, match="densities"):
        _core.Readout(d, [0.0, 0.0], [z.repeat(17, axis=0) for z in zeros])
    with pytest.raises(SettingsError, match="Sinclair"):
        _core.Readout(d, [0.0, 0.0], zeros, [("Finnis", [(1.0, 1.0)])] * 2)
    with pytest.raises(SettingsError, match="exponent"):
        _core.Readout(d, [0.0, 0.0], zeros, [("FinnisSinclair", [(1.0, 0.0)])] * 2)
    with pytest.raises(DataError, match="terms"):
        _core.Readout(d, [0.0, 0.0], zeros, [("FinnisSinclair", [])] * 2)
    with pytest.raises(SettingsError, match="drho_cut"):
        _core.Readout(d, [0.0, 0.0], zeros, None, [(np.zeros(10), (1.0, 0.0)), None])
    with pytest.raises(SettingsError, match="ranges of positive width"):
        _core.Readout(d, [0.0, 0.0], zeros, None, [(np.zeros(10), [(1.0, 0.5), (1.0, -0.5)]), None])
    with pytest.raises(DataError, match="ranges of the nearest neighbor"):
        _core.Readout(d, [0.0, 0.0], zeros, None, [(np.zeros(10), [(1.0, 0.5)]), None])
    with pytest.raises(SettingsError, match="finite"):
        _core.Readout(d, [0.0, 0.0], [zeros[0], zeros[1] * np.nan])
