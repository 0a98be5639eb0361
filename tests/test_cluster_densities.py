"""Functions of densities (cluster engine): against explicit sums, beyond their range, contracts, and in UF3 fits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from cluster_oracle import energies as oracle_energies

import ferrip
from ferrip import _core
from ferrip.conversion import with_elements, write
from ferrip.data import Frame
from ferrip.errors import SettingsError
from ferrip.fitting.distances import pair_distances
from ferrip.models import Uf3, Uf3Settings
from ferrip.models.knots import uniform_knots
from ferrip.testing import check_descriptor, check_potential

UNEVEN = [0.0, 0.0, 0.0, 0.0, 0.3, 0.5, 0.9, 1.6, 1.6, 1.6, 1.6]
Density = tuple[int, list[float], list[float]]


def density(element: int, low: float, high: float, n: int, scale: float) -> Density:
    """A density that falls from `scale` to 0."""
    coefficients = scale * np.linspace(1.0, 0.0, n) ** 2
    return element, uniform_knots(low, high, n), [*coefficients, 0.0, 0.0, 0.0]


EMBEDDINGS: list[tuple[int, list[float], list[Density]]] = [
    (14, uniform_knots(0.0, 2.0, 7), [density(8, 1.2, 4.4, 6, 0.3), density(14, 1.6, 5.0, 5, 0.4)]),
    (14, UNEVEN, [density(14, 0.9, 3.1, 4, -0.2)]),
    (8, UNEVEN, [density(14, 1.2, 4.4, 6, 0.3)]),
]


def descriptor(*, alone: bool = False) -> _core.ClusterDescriptor:
    """Two elements; `alone` has nothing but densities."""
    pairs = [] if alone else [((8, 14), uniform_knots(1.0, 4.0, 6), (0, 3))]
    axis = uniform_knots(1.0, 3.2, 5)
    triplets = [] if alone else [((14, 8, 8), (axis, axis, uniform_knots(0.8, 6.4, 6)), (3, 3))]
    return _core.ClusterDescriptor([8, 14], pairs, triplets, EMBEDDINGS)


def functions(coefficients: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Coefficients of every embedding function, 0 before the first feature."""
    found, start = [], len(coefficients) - sum(len(knots) - 5 for _, knots, _ in EMBEDDINGS)
    for center, knots, _ in EMBEDDINGS:
        count = len(knots) - 5
        found.append((center, np.append(0.0, coefficients[start : start + count])))
        start += count
    return found


def oracle(structure: tuple, coefficients: np.ndarray) -> np.ndarray:
    """Energies of the densities alone."""
    kernels = []
    for (center, own), (_, knots, neighbors) in zip(functions(coefficients), EMBEDDINGS, strict=True):
        densities = {z: (np.array(axis), np.array(c)) for z, axis, c in neighbors}
        kernels.append((center, (np.array(knots), own), densities))
    return oracle_energies(structure, {}, {}, kernels)


def crystal(length: float, seed: int = 3, pbc: tuple[bool, bool, bool] = (True, False, True)) -> tuple:
    """Ten atoms on a jittered lattice in a skewed cell."""
    rng = np.random.default_rng(seed)
    cell = length * np.array([[1.0, 0.0, 0.0], [0.2, 1.1, 0.0], [-0.3, 0.1, 0.9]])
    grid = np.stack(np.meshgrid(*[np.arange(3)] * 3), axis=-1).reshape(-1, 3)[:10]
    fractional = (grid + rng.uniform(-0.2, 0.2, (10, 3))) / 3
    return rng.choice([8, 14], 10).astype(np.int64), fractional @ cell, cell, np.array(pbc)


def coefficients_of(one: _core.ClusterDescriptor) -> np.ndarray:
    return np.random.default_rng(5).normal(size=one.n_features)


@pytest.mark.parametrize("length", [4.2, 6.0, 9.0])
def test_energies_are_the_explicit_sums(length: float) -> None:
    """Dense structures lie beyond the axis of the density, dilute ones below its first knots."""
    one = descriptor(alone=True)
    c, structure = coefficients_of(one), crystal(length)
    wanted = oracle(structure, c)
    assert np.abs(wanted).max() > 0.1
    np.testing.assert_allclose(one.values(structure) @ c, wanted, rtol=1e-11, atol=1e-12)
    for simd in _core.supported_simd():
        energies = one.evaluator(c, [0.0, 0.0], simd=simd).compute(structure)[0]
        np.testing.assert_allclose(energies, wanted, rtol=1e-11, atol=1e-12)


def test_features_are_named() -> None:
    one = descriptor(alone=True)
    table = one.feature_table()
    assert table[0] == (14, [(0, 0, 0), (0, 1, 0)])
    assert table[-1] == (8, [(0, 0, 0), (0, 6, 0)])
    assert one.cutoff == 5.0


@pytest.mark.parametrize("alone", [True, False])
def test_descriptor_keeps_the_contract(alone: bool) -> None:
    check_descriptor(descriptor(alone=alone))


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("simd", _core.supported_simd())
def test_evaluator_keeps_the_contract(alone: bool, simd: str) -> None:
    one = descriptor(alone=alone)
    evaluator = one.evaluator(coefficients_of(one), [0.5, -1.0], _core.zbl_defaults([8, 14]), simd)
    check_potential(evaluator, elements=[8, 14], cutoff=one.cutoff)


@pytest.mark.parametrize("length", [4.2, 9.0])
def test_evaluator_is_the_descriptor_with_coefficients(length: float) -> None:
    one = descriptor()
    c, structure = coefficients_of(one), crystal(length, pbc=(True, True, True))
    rows = one.design([structure]) @ c
    scale = np.abs(rows).max()
    for simd in _core.supported_simd():
        for compute in (
            one.evaluator(c, [0.0, 0.0], simd=simd).compute,
            one.evaluator(c, [0.0, 0.0], simd=simd).session(0.3).compute,
        ):
            energies, forces, strain = compute(structure)
            assert abs(energies.sum() - rows[0]) < 1e-11 * scale
            assert np.abs(forces.ravel() - rows[1:-6]).max() < 1e-11 * scale
            voigt = strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
            assert np.abs(voigt - rows[-6:]).max() < 1e-11 * scale


def test_functions_are_smooth_at_the_ends_of_the_axis() -> None:
    """A dimer squeezed through both ends of a density has no jump of force, and a free atom keeps its energy."""
    one = descriptor(alone=True)
    evaluator = one.evaluator(coefficients_of(one), [0.0, 7.0])

    def slope(r: float) -> float:
        structure = (np.array([14, 14]), np.array([[0.0, 0, 0], [r, 0, 0]]), np.eye(3), np.zeros(3, bool))
        return float(evaluator.compute(structure)[1][1, 0])

    slopes = np.array([slope(r) for r in np.arange(0.2, 5.4, 1e-3)])
    assert np.abs(np.diff(slopes, 2)).max() < 1e-2 * np.abs(slopes).max()
    assert slope(5.1) == 0.0
    alone = (np.array([14]), np.zeros((1, 3)), np.eye(3), np.zeros(3, bool))
    assert evaluator.compute(alone)[0][0] == 7.0


@pytest.mark.parametrize(
    ("embedding", "reason"),
    [
        ((14, uniform_knots(0.5, 2.0, 5), []), "begins with four knots of 0"),
        ((14, UNEVEN, [density(8, 1.0, 4.0, 5, 1.0)] * 2), "twice"),
        ((14, UNEVEN, [density(6, 1.0, 4.0, 5, 1.0)]), "element 6"),
        ((6, UNEVEN, []), "element 6"),
        ((14, UNEVEN, [(8, uniform_knots(1.0, 4.0, 5), [1.0] * 8)]), "last three 0"),
    ],
)
def test_bad_densities_are_refused(embedding: tuple, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        _core.ClusterDescriptor([8, 14], [], [], [embedding])


def finnis_sinclair(atoms: Atoms) -> tuple[float, np.ndarray]:
    """E = Σ_i (ε − √ρ_i), ρ_i = Σ_j (1 − r/4.2)³ and a short repulsion."""
    i, j, _S, D = ferrip.neighbor_list(atoms, 4.2)
    r = np.linalg.norm(D, axis=1)
    x = 1 - r / 4.2
    rho = np.bincount(i, x**3, len(atoms))
    pair, slope = 6.0 * x**4, -24.0 * x**3 / 4.2
    embedded = -0.5 / np.sqrt(rho)
    along = slope + 2 * 0.5 * (embedded[i] + embedded[j]) * -3 * x**2 / 4.2
    forces = np.zeros((len(atoms), 3))
    np.add.at(forces, i, (along / r)[:, None] * D)
    return float(-np.sqrt(rho).sum() + 0.5 * pair.sum()), forces


def frames(n: int) -> list[Frame]:
    """Copper with vacancies, so that densities vary."""
    out = []
    for k in range(n):
        atoms = bulk("Cu", "fcc", a=3.5 + 0.04 * (k % 6), cubic=True) * (2, 2, 2)
        del atoms[[k % 7, 9 + k % 11, 20 + k % 3][: k % 4]]
        atoms.rattle(0.1, seed=k)
        energy, forces = finnis_sinclair(atoms)
        out.append(replace(Frame.from_atoms(atoms), energy=energy, forces=forces))
    return out


def force_error(potential: ferrip.Potential, test: list[Frame]) -> float:
    """RMSE over the standard deviation."""
    errors = [potential.evaluate(frame)[0].forces - frame.forces for frame in test]
    spread = np.concatenate([frame.forces for frame in test]).std()
    return float(np.sqrt(np.mean(np.concatenate(errors) ** 2)) / spread)


def test_a_fit_finds_the_embedding_function_and_survives_the_file(tmp_path: Path) -> None:
    train, test = frames(26)[:20], frames(26)[20:]

    def fit(**settings: object) -> ferrip.Potential:
        return ferrip.fit(
            train,
            model="uf3",
            size="small",
            e0={"Cu": 0.0},
            repulsion="none",
            progress=False,
            triplet_cutoff=0,
            **settings,
        )

    assert force_error(fit(density=()), test) > 0.1
    potential = fit(density=[2.0, 6.0], density_cutoff=4.2)
    assert force_error(potential, test) < 0.02
    potential.save(tmp_path / "Cu.ferrip")
    again = ferrip.load(tmp_path / "Cu.ferrip")
    assert np.array_equal(again.evaluate(test[0])[0].forces, potential.evaluate(test[0])[0].forces)
    for name in ("Cu.uf3", "Cu.json"):
        with pytest.raises(SettingsError, match="densities are not expressible"):
            write(potential, tmp_path / name)


def test_settings_of_densities() -> None:
    distances = pair_distances(frames(3))
    one = Uf3().resolve(Uf3Settings(density=4.0), "small", [29], distances)
    entry = one["densities"][0]
    assert entry["center"] == 29 and entry["knots"][-1] == 2.0
    knots, coefficients = entry["neighbors"][0]["knots"], entry["neighbors"][0]["coefficients"]
    densities = [(29, uniform_knots(0.0, 2.0, 12), [(29, knots, coefficients)])]
    alone = _core.ClusterDescriptor([29], [], [], densities)
    # The first moment of cubic B-splines is their argument: Σ_k (greville of k) B_k(ρ) = ρ.
    places = np.convolve(densities[0][1][1:-1], np.full(3, 1 / 3), mode="valid")[1:]
    means = [np.mean(alone.values(frame.structure) @ places) for frame in frames(3)]
    assert np.average(means, weights=[frame.n_atoms for frame in frames(3)]) == pytest.approx(1.0, rel=0.05)
    with pytest.raises(SettingsError, match="density"):
        ferrip.fit(frames(2), model="uf3", density="wide", progress=False)


def test_triplets_of_size_large_end_between_shells() -> None:
    """Shells of fcc lie at 1, √2 and √3 nearest-neighbor distances."""
    distances = pair_distances(frames(3))
    length = 3.54 / np.sqrt(2)
    knots = Uf3().resolve(Uf3Settings(), "large", [29], distances)["triplets"][0]["knots"]
    assert np.sqrt(2.1) * length < knots[0][-1] < np.sqrt(2.9) * length
    gap = distances.gap((29, 29), (1.6, 1.9), distances.nearest[29, 29])
    assert gap is not None and knots[0][-1] == pytest.approx(gap, abs=0.051)
    assert distances.gap((29, 30), (1.6, 1.9), length) is None


def test_fewer_elements_keep_their_densities() -> None:
    two = crystal(6.0, pbc=(True, True, True))
    distances = pair_distances([Frame(numbers=two[0], positions=two[1], cell=two[2], pbc=two[3])])
    settings = Uf3().resolve(Uf3Settings(density=[3.0, 5.0]), "small", [8, 14], distances)
    one = Uf3().descriptor(settings)
    potential = ferrip.Potential(
        family="uf3",
        descriptor=one,
        settings=settings,
        coefficients=coefficients_of(one),
        e0={8: 0.0, 14: 1.0},
    )
    less = with_elements(potential, ["Si"])
    atoms = bulk("Si", cubic=True)
    np.testing.assert_allclose(
        less.evaluate(atoms)[0].forces, potential.evaluate(atoms)[0].forces, atol=1e-12
    )
    assert less.evaluate(atoms)[0].energy == pytest.approx(potential.evaluate(atoms)[0].energy, abs=1e-11)
