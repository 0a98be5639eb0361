"""The cluster engine (UF3): descriptor and evaluator against explicit sums, and their contracts."""

from __future__ import annotations

import numpy as np
import pytest
from cluster_oracle import energies as oracle_energies

from ferrip import _core
from ferrip.errors import DataError, SettingsError, UnsupportedElementError
from ferrip.testing import check_descriptor, check_potential


def uniform(low: float, high: float, n: int) -> list[float]:
    return [low] * 3 + np.linspace(low, high, n + 1).tolist() + [high] * 3


UNEVEN = [0.3, 0.3, 0.9, 1.0, 1.4, 2.3, 2.5, 3.0, 3.4, 4.2, 4.4, 4.5, 4.6]


def one_element() -> _core.ClusterDescriptor:
    axis = uniform(1.0, 4.0, 6)
    triplet = ((14, 14, 14), (axis, axis, uniform(0.8, 7.0, 9)), (3, 3))
    return _core.ClusterDescriptor([14], [((14, 14), uniform(1.5, 5.0, 12), (0, 3))], [triplet])


def two_elements() -> _core.ClusterDescriptor:
    """Different ranges and knots for everything, one triplet cut off by r_jk, some interactions left out."""
    short, wide = uniform(0.5, 3.1, 4), uniform(0.2, 4.0, 5)
    pairs = [((1, 8), UNEVEN, (0, 3)), ((8, 8), uniform(0.0, 5.0, 8), (0, 3))]
    triplets = [
        ((8, 8, 1), (wide, short, UNEVEN), (3, 3)),
        ((8, 1, 1), (short, short, uniform(0.4, 2.9, 4)), (3, 3)),
        ((1, 8, 8), (UNEVEN, UNEVEN, uniform(0.1, 6.0, 7)), (3, 3)),
    ]
    return _core.ClusterDescriptor([1, 8], pairs, triplets)


DESCRIPTORS = {"one": one_element, "two": two_elements}


def kernels(name: str, coefficients: np.ndarray):
    """What `cluster_oracle.energies` takes, from the feature table."""
    knots = {
        "one": {
            (14, 14): uniform(1.5, 5.0, 12),
            (14, 14, 14): (uniform(1.0, 4.0, 6),) * 2 + (uniform(0.8, 7.0, 9),),
        },
        "two": {
            (1, 8): UNEVEN,
            (8, 8): uniform(0.0, 5.0, 8),
            (8, 1, 8): (uniform(0.5, 3.1, 4), uniform(0.2, 4.0, 5), UNEVEN),
            (8, 1, 1): (uniform(0.5, 3.1, 4),) * 2 + (uniform(0.4, 2.9, 4),),
            (1, 8, 8): (UNEVEN, UNEVEN, uniform(0.1, 6.0, 7)),
        },
    }[name]
    pairs = {key: (np.array(t), np.zeros(len(t) - 4)) for key, t in knots.items() if len(key) == 2}
    triplets = {
        key: (tuple(np.array(t) for t in axes), np.zeros([len(t) - 4 for t in axes]))
        for key, axes in knots.items()
        if len(key) == 3
    }
    for (z, factors), c in zip(DESCRIPTORS[name]().feature_table(), coefficients, strict=True):
        others, indices = zip(*[(other, n) for other, n, _ in factors], strict=True)
        if len(others) == 1:
            pairs[z, others[0]][1][indices[0]] = c
            continue
        tensor = triplets[z, others[0], others[1]][1]
        tensor[indices] = c
        if others[0] == others[1]:
            tensor[indices[1], indices[0], indices[2]] = c
    return pairs, triplets


def scattered(
    elements: list[int], n: int, length: float, seed: int, pbc: tuple[bool, bool, bool] = (True,) * 3
):
    """Atoms on a jittered lattice in a skewed cell."""
    rng = np.random.default_rng(seed)
    cell = length * np.array([[1.0, 0.0, 0.0], [0.3, 0.95, 0.0], [-0.1, 0.2, 1.05]])
    side = int(np.ceil(n ** (1 / 3)))
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 3), axis=-1).reshape(-1, 3)[:n]
    fractional = (grid + 0.5 + rng.uniform(-0.2, 0.2, (n, 3))) / side
    return rng.choice(elements, n).astype(np.int64), fractional @ cell, cell, np.array(pbc)


def coefficients_of(descriptor: _core.ClusterDescriptor) -> np.ndarray:
    return np.random.default_rng(7).normal(size=descriptor.n_features)


@pytest.mark.parametrize("name", DESCRIPTORS)
@pytest.mark.parametrize("pbc", [(True, True, True), (False, True, False)])
def test_energies_are_the_explicit_sums(name: str, pbc: tuple[bool, bool, bool]) -> None:
    descriptor = DESCRIPTORS[name]()
    c = coefficients_of(descriptor)
    structure = scattered(descriptor.elements, 11, 5.2, seed=2, pbc=pbc)
    e0 = [-1.0 - k for k in range(len(descriptor.elements))]
    wanted = oracle_energies(structure, *kernels(name, c))
    np.testing.assert_allclose(descriptor.values(structure) @ c, wanted, rtol=1e-11, atol=1e-11)
    wanted += np.array(e0)[np.searchsorted(descriptor.elements, structure[0])]
    for simd in _core.supported_simd():
        energies = descriptor.evaluator(c, e0, simd=simd).compute(structure)[0]
        np.testing.assert_allclose(energies, wanted, rtol=1e-11, atol=1e-11)


def test_a_pair_kernel_goes_on_linearly_below_its_range() -> None:
    descriptor = one_element()
    c = coefficients_of(descriptor)
    pairs, _ = kernels("one", c)
    for r in (0.4, 1.0, 1.4999999, 1.5, 1.5000001):
        structure = (np.array([14, 14]), np.array([[0.0, 0, 0], [r, 0, 0]]), np.eye(3), np.zeros(3, bool))
        wanted = oracle_energies(structure, pairs, {})
        np.testing.assert_allclose(descriptor.values(structure) @ c, wanted, rtol=1e-12)
        for simd in _core.supported_simd():
            np.testing.assert_allclose(
                descriptor.evaluator(c, [0.0], simd=simd).compute(structure)[0], wanted, rtol=1e-12
            )


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_descriptor_keeps_the_contract(name: str) -> None:
    check_descriptor(DESCRIPTORS[name]())


@pytest.mark.parametrize("name", DESCRIPTORS)
@pytest.mark.parametrize("simd", _core.supported_simd())
def test_evaluator_keeps_the_contract(name: str, simd: str) -> None:
    descriptor = DESCRIPTORS[name]()
    c = coefficients_of(descriptor)
    zbl = _core.zbl_defaults(descriptor.elements)
    evaluator = descriptor.evaluator(c, [0.5] * len(descriptor.elements), zbl, simd)
    check_potential(evaluator, elements=descriptor.elements, cutoff=descriptor.cutoff)


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_evaluator_is_the_descriptor_with_coefficients(name: str) -> None:
    descriptor = DESCRIPTORS[name]()
    c = coefficients_of(descriptor)
    zbl = _core.zbl_defaults(descriptor.elements)
    structure = scattered(descriptor.elements, 40, 8.0, seed=4)
    rows = descriptor.design([structure]) @ c + _core.pair_design_offset([structure], zbl)
    for simd in _core.supported_simd():
        evaluator = descriptor.evaluator(c, [0.0] * len(descriptor.elements), zbl, simd)
        for energies, forces, strain in (
            evaluator.compute(structure),
            evaluator.session(0.4).compute(structure),
        ):
            scale = np.abs(rows).max()
            assert abs(energies.sum() - rows[0]) < 1e-11 * scale
            assert np.abs(forces.ravel() - rows[1:-6]).max() < 1e-11 * scale
            voigt = strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
            assert np.abs(voigt - rows[-6:]).max() < 1e-11 * scale


def test_bad_programs() -> None:
    axis = uniform(0.0, 4.0, 5)
    pair = ((14, 14), axis, (0, 3))
    for elements, pairs, triplets in [
        ([14, 8], [pair], []),
        ([8], [pair], []),
        ([14], [pair, pair], []),
        ([14], [((14, 14), axis[:7], (0, 3))], []),
        ([14], [((14, 14), axis[::-1], (0, 3))], []),
        ([14], [((14, 14), axis, (5, 3))], []),
        ([14], [], [((14, 14, 14), (axis, uniform(0.0, 3.0, 5), axis), (0, 3))]),
        ([0], [], []),
    ]:
        with pytest.raises(SettingsError):
            _core.ClusterDescriptor(elements, pairs, triplets)


def test_bad_coefficients_and_structures() -> None:
    descriptor = one_element()
    c = coefficients_of(descriptor)
    with pytest.raises(DataError, match="coefficients"):
        descriptor.evaluator(c[1:], [0.0])
    with pytest.raises(DataError, match="e0"):
        descriptor.evaluator(c, [])
    with pytest.raises(SettingsError, match="not finite"):
        descriptor.evaluator(c * np.nan, [0.0])
    with pytest.raises(SettingsError, match="simd"):
        descriptor.evaluator(c, [0.0], simd="sse9")
    evaluator = descriptor.evaluator(c, [0.0])
    two = np.zeros((2, 3))
    for compute in (evaluator.compute, descriptor.values):
        with pytest.raises(DataError, match="apart"):
            compute((np.array([14, 14]), two, np.eye(3), np.zeros(3, bool)))
        with pytest.raises(UnsupportedElementError):
            compute((np.array([8, 14]), two, np.eye(3), np.zeros(3, bool)))
