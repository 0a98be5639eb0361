"""Element embedding: sums over all neighbors, weighted by species."""

from __future__ import annotations

import numpy as np
import pytest

from ferrip import _core
from ferrip.errors import FerripError
from ferrip.models.embedding import species_weights
from ferrip.testing import check_descriptor

ELEMENTS = [6, 14, 32]
R0 = {(6, 6): 1.5, (6, 14): 1.9, (6, 32): 2.0, (14, 14): 2.35, (14, 32): 2.4, (32, 32): 2.5}
SETTINGS = {"elements": ELEMENTS, "cutoff": 4.0, "pair_cutoff": 4.5, "n_pair": 2, "r0": R0}


def compiled(weights=None, contrast=0.0, degrees=(5.0, 5.0, 5.0)):
    return _core.Descriptor.ace(
        **SETTINGS, degrees=list(degrees), species_weights=weights, contrast_degree=contrast
    )


@pytest.fixture(scope="module")
def structure():
    rng = np.random.default_rng(2)
    return rng.choice(ELEMENTS, 9), rng.uniform(0, 5, (9, 3)), 5.2 * np.eye(3), np.ones(3, bool)


def test_one_channel_per_species_is_the_resolved_basis(structure):
    resolved, embedded = compiled(), compiled(np.eye(3).tolist())
    assert embedded.values(structure) == pytest.approx(resolved.values(structure), rel=1e-12, abs=1e-12)


def test_all_channels_span_the_resolved_basis(structure):
    resolved = compiled(degrees=(3.0, 4.0)).design([structure])
    embedded = compiled(species_weights(ELEMENTS, 3), degrees=(3.0, 4.0)).design([structure])
    assert embedded.shape == resolved.shape
    both = np.hstack([embedded, resolved])
    assert np.linalg.matrix_rank(both, 1e-9) == np.linalg.matrix_rank(resolved, 1e-9)


def test_few_channels_do_not_grow_with_the_species():
    counts = []
    for elements in ([14, 32], [14, 32, 50], [6, 14, 32, 50, 82]):
        r0 = {(a, b): 2.0 for k, a in enumerate(elements) for b in elements[k:]}
        settings = SETTINGS | {"elements": elements, "r0": r0, "n_pair": 0}
        weights = species_weights(elements, 2)
        descriptor = _core.Descriptor.ace(**settings, degrees=[5.0, 5.0], species_weights=weights)
        counts.append(descriptor.n_features / len(elements))
    assert counts[0] == counts[1] == counts[2]


def test_contrasts_cost_degree():
    weights = species_weights(ELEMENTS, 3)
    counts = [compiled(weights, contrast).n_features for contrast in (0.0, 1.0, 10.0)]
    assert counts[0] > counts[1] > counts[2]
    single = _core.Descriptor.ace(
        elements=[14], cutoff=4.0, pair_cutoff=4.5, n_pair=2, r0={(14, 14): 2.0}, degrees=[5.0, 5.0, 5.0]
    )
    assert counts[2] // 3 == single.n_features + 2 * 2


def test_contract():
    check_descriptor(compiled(species_weights(ELEMENTS, 2), 1.0, degrees=(4.0, 4.0)))


def test_ties_of_channels_are_those_of_species():
    tie, weights = 0.8, species_weights(ELEMENTS, 3)
    embedded = compiled(weights)
    covariance = {
        int(column): block[k, k]
        for columns, block in embedded.tied_functions((1 - tie) * np.eye(3) + tie)
        for k, column in enumerate(columns)
    }
    variances = sorted({round(covariance[column], 9) for column in covariance if column >= 6})
    common, contrast = (1 + 2 * tie) / 3, (1 - tie) / 3
    expected = {
        round(common**k * contrast ** (order - k), 9) for order in (2, 3, 4) for k in range(order + 1)
    }
    assert expected <= set(variances)


@pytest.mark.parametrize("elements", [[14, 32], [6, 14, 32], [3, 13, 22, 28, 29, 42, 46, 74, 78, 79]])
def test_weights_are_orthogonal_with_mean_square_one(elements):
    n = len(elements)
    for channels in {1, 2, n}:
        weights = np.array(species_weights(elements, channels))
        assert weights.shape == (channels, n)
        assert weights[0] == pytest.approx(np.ones(n))
        assert weights @ weights.T == pytest.approx(n * np.eye(channels), abs=1e-9)


def test_first_contrast_separates_what_differs_most():
    weights = np.array(species_weights([41, 42, 73, 74], 4))
    period = np.array([-1.0, -1.0, 1.0, 1.0])
    assert abs(weights[1:3] @ period).max() > 0.9 * 4 * 0.7


@pytest.mark.parametrize("weights", [[], [[1.0, 1.0]], [[1.0, 1.0, float("nan")]], [[1.0] * 3] * 200])
def test_bad_weights(weights):
    with pytest.raises(FerripError, match="species_weights"):
        compiled(weights)


def test_bad_number_of_channels():
    with pytest.raises(ValueError, match="channels"):
        species_weights([14, 32], 3)


@pytest.mark.parametrize("simd", _core.supported_simd())
def test_evaluator_agrees_with_the_descriptor(structure, simd):
    descriptor = compiled(species_weights(ELEMENTS, 2), 1.0)
    coefficients = np.random.default_rng(5).normal(size=descriptor.n_features) / 100
    energies, forces, _ = _core.Evaluator(descriptor, coefficients, [0.0] * 3, simd=simd).compute(structure)
    rows = descriptor.design([structure]) @ coefficients
    assert energies.sum() == pytest.approx(rows[0], rel=1e-6)
    assert forces.ravel() == pytest.approx(rows[1:-6], rel=1e-4, abs=1e-4 * np.abs(rows[1:-6]).max())


def test_cut_down_to_fewer_elements(structure):
    weights = np.array(species_weights(ELEMENTS, 3))
    pair = {"elements": [14, 32], "r0": {key: r for key, r in R0.items() if 6 not in key}}
    small = _core.Descriptor.ace(
        **(SETTINGS | pair),
        degrees=[5.0, 5.0, 5.0],
        species_weights=weights[:, 1:].tolist(),
        contrast_degree=1.0,
    )
    numbers = np.where(structure[0] == 6, 14, structure[0])
    same = (numbers, *structure[1:])
    full = compiled(weights.tolist(), 1.0).values(same)
    for z in (14, 32):
        n_pair, n_full, n_small = 2, full.shape[1] // 3, small.n_features // 2
        first = ELEMENTS.index(z) * n_full + 3 * n_pair
        own = (z == 32) * n_small + 2 * n_pair
        rows = numbers == z
        expected = full[rows, first : first + n_full - 3 * n_pair]
        assert small.values(same)[rows, own : own + n_small - 2 * n_pair] == pytest.approx(expected)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_resolved_into_species(structure, channels):
    embedded = compiled(species_weights(ELEMENTS, channels), 1.0)
    functions = embedded.resolved_functions()
    resolved = _core.Descriptor.ace(**SETTINGS, functions=functions)
    coefficients = np.random.default_rng(6).normal(size=embedded.n_features)
    expected = embedded.values(structure) @ coefficients
    found = resolved.values(structure) @ embedded.resolve_coefficients(resolved, coefficients)
    assert found == pytest.approx(expected, rel=1e-9)
    assert resolved.resolved_functions() == []
