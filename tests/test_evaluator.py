"""The contracted evaluator against descriptors, between SIMD paths, and its sessions."""

from __future__ import annotations

import numpy as np
import pytest

from ferrip import _core
from ferrip.errors import DataError, SettingsError, UnsupportedElementError

Structure = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

SPECIES = {"one": [14], "two": [14, 22], "three": [1, 6, 8]}
DEGREES = {"one": [12, 10, 8, 6], "two": [8, 6, 6], "three": [6, 5]}


def descriptor(name: str) -> _core.Descriptor:
    elements = SPECIES[name]
    r0 = {(a, b): 2.0 + 0.02 * (a + b) / 2 for a in elements for b in elements if a <= b}
    return _core.Descriptor.ace(
        elements=elements, cutoff=4.5, pair_cutoff=5.0, n_pair=6, r0=r0, degrees=DEGREES[name], l_weight=1.2
    )


def random_structure(
    elements: list[int], n: int, length: float, pbc: tuple[bool, bool, bool], seed: int
) -> Structure:
    """Atoms on a jittered lattice in a skewed cell, so that no two are close."""
    rng = np.random.default_rng(seed)
    cell = length * np.array([[1.0, 0.0, 0.0], [0.3, 0.95, 0.0], [-0.1, 0.2, 1.05]])
    side = int(np.ceil(n ** (1 / 3)))
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 3), axis=-1).reshape(-1, 3)[:n]
    fractional = (grid + 0.5 + rng.uniform(-0.15, 0.15, (n, 3))) / side
    return rng.choice(elements, n).astype(np.int64), fractional @ cell, cell, np.array(pbc)


def model(name: str, seed: int = 0) -> tuple[_core.Descriptor, np.ndarray, list[float], list[_core.PairTerm]]:
    d = descriptor(name)
    coefficients = np.random.default_rng(seed).normal(size=d.n_features) / np.sqrt(d.n_features)
    return d, coefficients, [-1.0 - k for k in range(len(d.elements))], _core.zbl_defaults(d.elements)


def largest(array: np.ndarray) -> float:
    return max(1.0, float(np.abs(array).max()))


@pytest.mark.parametrize("name", SPECIES)
@pytest.mark.parametrize("pbc", [(True, True, True), (False, False, False), (True, False, True)])
def test_equals_descriptor_times_coefficients(name: str, pbc: tuple[bool, bool, bool]) -> None:
    d, c, e0, zbl = model(name)
    structure = random_structure(d.elements, 14, 5.6, pbc, seed=3)
    numbers = structure[0]
    baseline = _core.pair_design_offset([structure], zbl)
    expected = d.values(structure) @ c + np.array(e0)[np.searchsorted(d.elements, numbers)]
    positions_bar, strain_bar = d.vjp(structure, np.tile(c, (len(numbers), 1)))
    voigt = [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]
    for path in _core.supported_simd():
        energies, forces, strain = _core.Evaluator(d, c, e0, zbl, path).compute(structure)
        scale = largest(expected)
        assert abs(energies.sum() - expected.sum() - baseline[0]) < 1e-8 * scale * len(numbers)
        assert np.abs(forces + positions_bar - baseline[1:-6].reshape(-1, 3)).max() < 1e-6 * largest(forces)
        symmetric = 0.5 * (strain_bar + strain_bar.T)
        symmetric = np.array([symmetric[a, b] for a, b in voigt]) + baseline[-6:]
        assert np.abs([strain[a, b] for a, b in voigt] - symmetric).max() < 1e-6 * largest(strain)
        assert np.array_equal(strain, strain.T)


def test_design_rows_give_energy_and_forces() -> None:
    d, c, _e0, _ = model("two")
    structure = random_structure(d.elements, 8, 4.4, (True, True, True), seed=1)
    rows = d.design([structure]) @ c
    energies, forces, _ = _core.Evaluator(d, c, [0.0, 0.0]).compute(structure)
    assert abs(energies.sum() - rows[0]) < 1e-7 * largest(rows)
    assert np.abs(forces.ravel() - rows[1:-6]).max() < 1e-6 * largest(rows)


@pytest.mark.parametrize("name", SPECIES)
def test_paths_agree_and_threads_do_not_matter(name: str) -> None:
    d, c, e0, zbl = model(name, seed=5)
    structure = random_structure(d.elements, 90, 11.0, (True, True, True), seed=5)
    reference = _core.Evaluator(d, c, e0, zbl, "generic").compute(structure, 1)
    for path in _core.supported_simd():
        evaluator = _core.Evaluator(d, c, e0, zbl, path)
        assert evaluator.simd == path
        one = evaluator.compute(structure, 1)
        for threads in (2, 3):
            for a, b in zip(one, evaluator.compute(structure, threads), strict=True):
                assert a.tobytes() == b.tobytes()
        for a, b in zip(one, reference, strict=True):
            assert np.abs(a - b).max() < 1e-12 * max(largest(x) for x in reference)


def test_strain_is_the_derivative_of_the_energy() -> None:
    d, c, e0, zbl = model("one")
    evaluator = _core.Evaluator(d, c, e0, zbl, tolerance=1e-11)
    numbers, positions, cell, pbc = random_structure(d.elements, 5, 4.2, (True, True, True), seed=2)
    strain = evaluator.compute((numbers, positions, cell, pbc))[2]

    def energy(epsilon: np.ndarray) -> float:
        deformation = np.eye(3) + epsilon
        return float(evaluator.compute((numbers, positions @ deformation, cell @ deformation, pbc))[0].sum())

    for a in range(3):
        for b in range(3):
            step = np.zeros((3, 3))
            step[a, b] += 0.5e-4
            step[b, a] += 0.5e-4
            assert abs((energy(step) - energy(-step)) / 2e-4 - strain[a, b]) < 1e-5 * largest(strain)


def test_small_and_tiny_systems() -> None:
    d, c, e0, zbl = model("two")
    evaluator = _core.Evaluator(d, c, e0, zbl)
    cell, open_, closed = np.eye(3) * 2.4, np.zeros(3, bool), np.ones(3, bool)
    none = evaluator.compute((np.zeros(0, np.int64), np.zeros((0, 3)), cell, open_))
    assert [a.shape for a in none] == [(0,), (0, 3), (3, 3)]
    assert not none[2].any()
    energies, forces, strain = evaluator.compute((np.array([22]), np.zeros((1, 3)), cell, open_))
    assert energies.tolist() == [-2.0]
    assert not forces.any()
    assert not strain.any()
    tiny = (np.array([14]), np.zeros((1, 3)), cell, closed)
    energies, forces, _ = evaluator.compute(tiny)
    double = (np.array([14, 14]), np.array([[0.0, 0, 0], [2.4, 0, 0]]), np.diag([4.8, 2.4, 2.4]), closed)
    assert np.abs(evaluator.compute(double)[0] - energies[0]).max() < 1e-11
    assert np.abs(forces).max() < 1e-11


def test_session_reuses_its_list() -> None:
    d, c, e0, zbl = model("two")
    evaluator = _core.Evaluator(d, c, e0, zbl)
    numbers, positions, cell, pbc = random_structure(d.elements, 20, 7.0, (True, True, False), seed=8)
    session = evaluator.session(skin=0.6, num_threads=1)
    assert session.rebuilds == 0
    assert session.neighbors_per_atom == 0
    assert session.minimum_distances() == {}
    rng = np.random.default_rng(0)
    for _ in range(6):
        positions = positions + rng.uniform(-0.03, 0.03, positions.shape)
        got = session.compute((numbers, positions, cell, pbc))
        for a, b in zip(got, evaluator.compute((numbers, positions, cell, pbc)), strict=True):
            assert np.abs(a - b).max() < 1e-11 * largest(b)
    assert session.rebuilds == 1
    i, j, _, vectors = _core.neighbor_list(numbers, positions, cell, pbc, evaluator.cutoff)
    assert session.neighbors_per_atom == pytest.approx(len(i) / len(numbers))
    distances = np.linalg.norm(vectors, axis=1)
    for (low, high), shortest in session.minimum_distances().items():
        mask = (np.minimum(numbers[i], numbers[j]) == low) & (np.maximum(numbers[i], numbers[j]) == high)
        assert shortest == pytest.approx(distances[mask].min(), abs=1e-12)
    positions[0] += 0.5
    session.compute((numbers, positions, cell, pbc))
    assert session.rebuilds == 2


def test_atoms_are_found_again_after_an_error() -> None:
    d, c, e0, zbl = model("one")
    evaluator = _core.Evaluator(d, c, e0, zbl)
    session = evaluator.session(num_threads=1)
    pbc, cell = np.zeros(3, bool), np.zeros((3, 3))
    good = (np.array([14, 14]), np.array([[0.0, 0, 0], [0, 0, 2.2]]), cell, pbc)
    before = session.compute(good)
    with pytest.raises(DataError, match="apart"):
        session.compute((np.array([14, 14]), np.zeros((2, 3)), cell, pbc))
    assert session.neighbors_per_atom == 0
    for a, b in zip(session.compute(good), before, strict=True):
        assert np.array_equal(a, b)


def test_core_repulsion_is_monotone_and_finite() -> None:
    d, c, e0, zbl = model("one")
    evaluator = _core.Evaluator(d, np.zeros_like(c), e0, zbl)
    pbc, cell = np.zeros(3, bool), np.zeros((3, 3))
    energies = []
    for r in np.linspace(0.01, zbl[0][4][2], 100):
        e, _forces, _ = evaluator.compute((np.array([14, 14]), np.array([[0.0, 0, 0], [0, 0, r]]), cell, pbc))
        energies.append(e.sum())
    assert np.all(np.isfinite(energies))
    assert np.all(np.diff(energies) < 0)
    assert energies[-1] == pytest.approx(2 * e0[0], abs=1e-6)


def test_bad_settings_are_refused() -> None:
    d, c, e0, zbl = model("one")
    with pytest.raises(SettingsError, match=r"simd.*sse9"):
        _core.Evaluator(d, c, e0, zbl, "sse9")
    with pytest.raises(DataError, match="coefficients"):
        _core.Evaluator(d, c[1:], e0)
    with pytest.raises(DataError, match="e0"):
        _core.Evaluator(d, c, [])
    with pytest.raises(SettingsError, match="Si-Si: expected a switch"):
        _core.Evaluator(d, c, e0, [(14, 14, "zbl", (), ("switch", 2.0, 1.0))])
    with pytest.raises(SettingsError, match="tolerance"):
        _core.Evaluator(d, c, e0, tolerance=0.0)
    with pytest.raises(SettingsError, match="skin"):
        _core.Evaluator(d, c, e0).session(skin=-1.0)
    structure = (np.array([6]), np.zeros((1, 3)), np.eye(3), np.zeros(3, bool))
    with pytest.raises(UnsupportedElementError, match=r"C.*Si"):
        _core.Evaluator(d, c, e0).compute(structure)
