"""GAP: kernels as features, choice of environments, fits, files; and a dense Gaussian process as oracle."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.build import bulk
from fitted import frames
from random_potentials import random_potential
from typer.testing import CliRunner

import ferrip
from ferrip import _core, modelfile
from ferrip.cli.app import app
from ferrip.conversion import with_elements
from ferrip.errors import ModelFileError, SettingsError
from ferrip.fitting import driver
from ferrip.fitting.distances import PairDistances, pair_distances
from ferrip.fitting.memory import GB
from ferrip.fitting.normal import MOST_TRIANGULAR
from ferrip.models import gap_features, gap_linear
from ferrip.models.environments import METHODS, choose_rows
from ferrip.models.family import many_body
from ferrip.models.gap import Gap, GapSettings
from ferrip.potential import Potential, as_structure
from ferrip.potential_io import content
from ferrip.testing import check_descriptor, check_potential
from ferrip.testing.samples import sample_structures

FIT = {"model": "gap", "size": "small", "e0": {"Cu": 0.0}, "stress": "off", "progress": False}
TINY = {"n_max": 4, "l_max": 3, "sparse": 60, "pairs": 8, "cutoff": 4.5, "linear": "none"}


def soap_base() -> _core.Descriptor:
    """A power spectrum of two elements, with four pair functions per centre."""
    return _core.Descriptor.soap(
        elements=[8, 14],
        n_max=2,
        l_max=2,
        cutoff=3.5,
        sigma=0.5,
        cutoff_width=1.0,
        decay_length=2.0,
        pair_centers=[1.5, 2.5],
        pair_cutoff_width=1.0,
    )


def ace_base() -> _core.Descriptor:
    """Products of ACE of the same, with as many pair functions."""
    r0 = {(8, 8): 2.0, (8, 14): 1.7, (14, 14): 2.3}
    return _core.Descriptor.ace(
        elements=[8, 14], cutoff=3.5, pair_cutoff=4.0, n_pair=2, r0=r0, degrees=[4.0, 4.0]
    )


def kernels(
    zeta: int | None = 3, count: int = 5, *, length: float | None = None, ace: bool = False
) -> _core.KernelDescriptor:
    """Kernels of functions of two elements towards environments of the sample structures."""
    base = ace_base() if ace else soap_base()
    points, scales = [], []
    for z in base.elements:
        own = many_body(base, z)
        rows = np.concatenate(
            [
                base.values(sample.structure)[sample.structure[0] == z, own]
                for sample in sample_structures(base.elements, base.cutoff, 3)
            ]
        )
        scales.append(gap_features.scales(base, z, rows, 0.7))
        points.append(gap_features.directions(rows[:count], scales[-1] if ace else None))
    return _core.KernelDescriptor(
        base, points, None if length else zeta, length=length, scales=scales if ace else None
    )


KINDS: list[dict[str, Any]] = [
    {"zeta": 1},
    {"zeta": 3},
    {"length": 0.4},
    {"zeta": 2, "ace": True},
    {"length": 0.8, "ace": True},
]


@pytest.mark.parametrize("kind", KINDS)
def test_keeps_the_promises_of_a_descriptor(kind: dict[str, Any]) -> None:
    check_descriptor(kernels(**kind))


def test_a_free_atom_has_no_features() -> None:
    for kind in KINDS:
        free = (np.array([14]), np.zeros((1, 3)), np.zeros((3, 3)), np.zeros(3, bool))
        np.testing.assert_allclose(kernels(**kind).values(free), 0.0, atol=1e-15)


@pytest.mark.parametrize("ace", [False, True])
@pytest.mark.parametrize("length", [None, 0.4])
def test_is_a_function_of_normalised_dot_products_less_that_of_the_free_atom(
    length: float | None, ace: bool
) -> None:
    base = ace_base() if ace else soap_base()
    atoms = bulk("Si", cubic=True)
    atoms.rattle(0.1, seed=2)
    own = many_body(base, 14)
    functions = base.values(as_structure(atoms))[:, own]
    lone = gap_features.free_atom(base, 14)
    scale = gap_features.scales(base, 14, functions, 1.3) if ace else None
    points = base.values(as_structure(bulk("Si", cubic=True)))[:2, own]
    unit, sparse, free = (gap_features.directions(rows, scale) for rows in (functions, points, lone))
    none = np.zeros((0, len(gap_features.directions(gap_features.free_atom(base, 8) + 1.0, None)[0]) + ace))
    kernel = _core.KernelDescriptor(
        base,
        [none, sparse],
        None if length else 3,
        length=length,
        scales=None if scale is None else [np.ones(none.shape[1] - 1), scale],
    )

    def function(overlap: np.ndarray) -> np.ndarray:
        if length is None:
            return overlap**3
        return np.exp((overlap - 1.0) / length**2)

    wanted = function(unit @ sparse.T) - function(free @ sparse.T)
    got = kernel.values(as_structure(atoms))[:, kernel.feature_range(14)[0] + 4 :]
    np.testing.assert_allclose(got, wanted, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("simd", _core.supported_simd())
def test_the_evaluator_gives_the_sum_of_the_features(simd: str, kind: dict[str, Any]) -> None:
    descriptor = kernels(**kind, count=7)
    coefficients = np.random.default_rng(4).normal(size=descriptor.n_features)
    evaluator = descriptor.evaluator(coefficients, [-1.0, -2.0], simd=simd)
    for sample in sample_structures(descriptor.elements, descriptor.cutoff, 5):
        energies, forces, strain = evaluator.compute(sample.structure)
        rows = descriptor.design([sample.structure]) @ coefficients
        e0 = np.where(sample.structure[0] == 8, -1.0, -2.0)
        scale = np.abs(descriptor.design([sample.structure])).max() * np.abs(coefficients).sum()
        wanted = descriptor.values(sample.structure) @ coefficients + e0
        np.testing.assert_allclose(energies, wanted, atol=1e-8 * scale)
        np.testing.assert_allclose(forces.ravel(), rows[1:-6], atol=1e-7 * scale)
        voigt = strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
        np.testing.assert_allclose(voigt, rows[-6:], atol=1e-7 * scale)


def test_bad_kernels_are_refused() -> None:
    base = soap_base()
    points = [np.full((2, 30), 30**-0.5), np.full((2, 30), 30**-0.5)]
    with pytest.raises(SettingsError, match="zeta"):
        _core.KernelDescriptor(base, points, 0)
    with pytest.raises(SettingsError, match="sparse points"):
        _core.KernelDescriptor(base, [points[0], np.zeros((2, 30))], 2)
    with pytest.raises(ValueError, match="points"):
        _core.KernelDescriptor(base, [points[0], np.ones((2, 29))], 2)
    with pytest.raises(ValueError, match="sparse points"):
        _core.KernelDescriptor(base, points[:1], 2)
    with pytest.raises(SettingsError, match="at most 1"):
        _core.KernelDescriptor(base, [points[0], 2.0 * points[1]], 2)
    with pytest.raises(SettingsError, match="length"):
        _core.KernelDescriptor(base, points, length=0.0)
    with pytest.raises(SettingsError, match="either zeta or length"):
        _core.KernelDescriptor(base, points, 2, length=0.5)
    with_constant = [np.full((2, 31), 31**-0.5)] * 2
    with pytest.raises(ValueError, match="rows of 31 numbers"):
        _core.KernelDescriptor(base, points, 2, scales=[np.ones(30)] * 2)
    with pytest.raises(ValueError, match="scales"):
        _core.KernelDescriptor(base, with_constant, 2, scales=[np.ones(29)] * 2)
    with pytest.raises(SettingsError, match="scales"):
        _core.KernelDescriptor(base, with_constant, 2, scales=[np.full(30, np.nan)] * 2)
    with pytest.raises(SettingsError, match="precision"):
        kernels().evaluator(np.zeros(kernels().n_features), [0.0, 0.0], simd="mixed")


@pytest.mark.parametrize("method", METHODS)
def test_chosen_environments_are_distinct_and_repeatable(method: str) -> None:
    rng = np.random.default_rng(0)
    rows = np.repeat(rng.normal(size=(60, 5)), 2, axis=0)
    chosen = choose_rows(rows, 20, method)
    assert (np.diff(chosen) > 0).all() and 10 <= len(chosen) <= 20
    unit = rows[chosen] / np.linalg.norm(rows[chosen], axis=1, keepdims=True)
    assert (unit @ unit.T - np.eye(len(chosen))).max() < 1.0 - 1e-9
    np.testing.assert_array_equal(chosen, choose_rows(rows, 20, method))
    assert len(choose_rows(rows, 500, method)) == 60


@pytest.fixture(scope="module")
def copper() -> Potential:
    return ferrip.fit(frames(), **FIT, **TINY)


def test_a_fit_follows_its_data(copper: Potential) -> None:
    metrics = copper.metadata["metrics"]["train"]
    assert metrics["energy"]["mae_meV_per_atom"] < 6.0
    assert metrics["forces"]["mae_meV_per_A"] < 120.0


def test_a_fit_keeps_the_promises_of_a_potential(copper: Potential) -> None:
    for seed in range(3):
        check_potential(copper, seed=seed)


@pytest.mark.parametrize("kernel", ["dot", "se"])
def test_coefficients_that_cancel_leave_no_noise(kernel: str) -> None:
    """Energies along tiny steps against a polynomial; without the expansion around the mean they scatter by 2e-9 eV."""
    copper = ferrip.fit(frames(), **FIT, **TINY, kernel=kernel)
    assert np.abs(copper.coefficients).max() > 1e5
    frame, steps = frames()[0], np.linspace(-1.0, 1.0, 41)
    along = 1e-4 * np.random.default_rng(0).normal(size=frame.positions.shape)
    moved = [replace(frame, positions=frame.positions + step * along) for step in steps]
    energies = np.array([one.energy for one in copper.evaluate(moved)])
    smooth = np.polynomial.Polynomial.fit(steps, energies, 5)(steps)
    assert np.std(energies - smooth) < 1e-10


@pytest.mark.parametrize("settings", [{"kernel": "se"}, {"features": "ace", "degree": 6}])
def test_other_kernels_follow_their_data_and_keep_their_promises(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    potential = ferrip.fit(frames(), **FIT, **settings, sparse=25, cutoff=4.5, linear="none")
    assert potential.metadata["metrics"]["train"]["energy"]["mae_meV_per_atom"] < 6.0
    assert potential.metadata["metrics"]["train"]["forces"]["mae_meV_per_A"] < 120.0
    check_potential(potential)
    potential.save(tmp_path / "Cu.ferrip")
    frame = frames()[0]
    again = ferrip.load(tmp_path / "Cu.ferrip")
    assert again.evaluate(frame)[0].energy == potential.evaluate(frame)[0].energy


def test_the_file_gives_the_same_potential(copper: Potential, tmp_path: Path) -> None:
    copper.save(tmp_path / "Cu.ferrip")
    again = ferrip.load(tmp_path / "Cu.ferrip")
    frame = frames()[0]
    assert again.evaluate(frame)[0].energy == copper.evaluate(frame)[0].energy
    np.testing.assert_allclose(
        again.energies_uncertainty(frame), copper.energies_uncertainty(frame), rtol=1e-5
    )


@pytest.mark.parametrize("name", ["gap", "gap-se", "gap-ace", "gap-ace-resolved", "gap-linear"])
def test_fewer_elements_keep_their_energies(name: str) -> None:
    whole = random_potential(name)
    fewer = with_elements(whole, ["Si"])
    assert fewer.symbols == ["Si"]
    assert fewer.descriptor.n_features < whole.descriptor.n_features
    atoms = bulk("Si", cubic=True)
    atoms.rattle(0.1, seed=2)
    (before,), (after,) = whole.evaluate(atoms), fewer.evaluate(atoms)
    np.testing.assert_allclose(after.energies, before.energies, rtol=1e-9)
    np.testing.assert_allclose(after.forces, before.forces, atol=1e-8)


def test_fewer_elements_of_embedded_species_and_their_uncertainty(copper: Potential) -> None:
    same = with_elements(copper, ["Cu"])
    np.testing.assert_allclose(same.coefficients, copper.coefficients, rtol=1e-12)
    np.testing.assert_allclose(
        same.energies_uncertainty(frames()[0]), copper.energies_uncertainty(frames()[0]), rtol=1e-4
    )
    whole = random_potential("gap", (8, 14, 32))
    assert "species_weights" in whole.settings["soap"]
    fewer = with_elements(whole, ["Si", "Ge"])
    atoms = bulk("SiGe", "zincblende", a=5.5)
    (before,), (after,) = whole.evaluate(atoms), fewer.evaluate(atoms)
    np.testing.assert_allclose(after.energies, before.energies, rtol=1e-9)


def test_settings_without_their_arrays_are_refused(copper: Potential, tmp_path: Path) -> None:
    header, arrays = content(copper)
    del arrays["settings/points/Cu"]
    modelfile.write(tmp_path / "Cu.ferrip", header, arrays)
    with pytest.raises(ModelFileError, match="settings/points/Cu"):
        ferrip.load(tmp_path / "Cu.ferrip")


def test_the_prior_covers_every_feature_once(copper: Potential) -> None:
    groups = Gap().correlated_functions(dict(copper.settings))
    columns = np.concatenate([columns for columns, _ in groups])
    np.testing.assert_array_equal(columns, np.arange(copper.descriptor.n_features))


def test_sizes_and_settings() -> None:
    distances = PairDistances(minimum={(14, 14): 2.1}, nearest={(14, 14): 2.35}, neighbors=20.0)
    counts = [
        Gap().resolve(GapSettings(), size, [14], distances)["sparse"]["count"]
        for size in ("small", "medium", "large")
    ]
    assert counts == sorted(counts)
    with pytest.raises(SettingsError, match="size"):
        Gap().resolve(GapSettings(), "huge", [14], distances)
    with pytest.raises(SettingsError, match="sparse_by"):
        ferrip.fit(frames(), **FIT, sparse_by="random")
    with pytest.raises(SettingsError, match="zeta"):
        ferrip.fit(frames(), **FIT, zet=3)
    with pytest.raises(SettingsError, match="length: kernel='dot'"):
        ferrip.fit(frames(), **FIT, length=0.3)
    with pytest.raises(SettingsError, match="sigma: features='ace'"):
        ferrip.fit(frames(), **FIT, features="ace", sigma=0.4)
    with pytest.raises(SettingsError, match="degree: features='soap'"):
        ferrip.fit(frames(), **FIT, degree=5)
    with pytest.raises(SettingsError, match="linear_delta: linear='none'"):
        ferrip.fit(frames(), **FIT, linear="none", linear_delta=1.0)
    with pytest.raises(SettingsError, match="shape: features='soap' with linear='none'"):
        ferrip.fit(frames(), **FIT, linear="none", shape="wide")
    assert "pair_centers" not in Gap().resolve(GapSettings(pairs=0), "small", [14], distances)["soap"]


SOAP = {"n_max": 3, "l_max": 2}


def dense_process(noise: float, **settings: Any) -> tuple[float, np.ndarray, float, Potential]:
    """Energy of a held-out frame, standard deviations of its atoms and −log evidence of the training energies by a
    dense Gaussian process, and the sparse one with all environments."""
    train, test = frames()[:20], frames()[23]
    potential = ferrip.fit(
        train,
        **FIT,
        **(settings if "features" in settings else SOAP | settings),
        cutoff=4.0,
        linear="none",
        pairs=0,
        sparse=1000,
        ridge=noise,
        repulsion="none",
        size_power=0.0,
        weights={"energy": 1.0, "forces": 0.0},
    )
    base = gap_features.base_descriptor(potential.settings)
    scale = potential.settings["scales"]["Cu"] if "features" in settings else None

    def unit(structure: Any) -> np.ndarray:
        return gap_features.directions(base.values(structure), scale)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.exp((a @ b.T - 1.0) / settings["length"] ** 2) if "length" in settings else (a @ b.T) ** 4

    free = unit((np.array([29]), np.zeros((1, 3)), np.zeros((3, 3)), np.zeros(3, bool)))
    units = [unit(frame.structure) for frame in train]

    def covariance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return kernel(a, b) - kernel(a, free) - kernel(free, b) + 1.0

    own = unit(test.structure)
    energies = np.array([frame.energy for frame in train])
    inner = np.array([[covariance(a, b).sum() for b in units] for a in units]) + noise * np.eye(len(train))
    cross = np.array([covariance(own, b).sum(axis=1) for b in units])
    mean = float(cross.sum(axis=1) @ np.linalg.solve(inner, energies))
    variances = np.diag(covariance(own, own)) - np.sum(cross * np.linalg.solve(inner, cross), axis=0)
    scale = potential.metadata["fit"]["noise_variance"] / noise
    scale *= potential.metadata["uncertainty"]["energy_scale"] ** 2
    n, ratio = len(train), inner / noise
    profiled = energies @ np.linalg.solve(ratio, energies) / n
    evidence = 0.5 * (np.linalg.slogdet(ratio)[1] + n * np.log(2 * np.pi * np.e * profiled))
    return mean, np.sqrt(scale * variances), float(evidence), potential


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"kernel": "se", "length": 0.6},
        {"features": "ace", "degree": 5},
        {"features": "ace", "degree": 5, "kernel": "se", "length": 0.9, "constant": 0.5},
    ],
)
def test_equals_a_dense_gaussian_process(settings: dict[str, Any]) -> None:
    mean, deviations, _, potential = dense_process(noise=1e-3, **settings)
    frame = frames()[23]
    assert abs(potential.evaluate(frame)[0].energy - mean) < 1e-4 * max(1.0, abs(mean))
    np.testing.assert_allclose(potential.energies_uncertainty(frame), deviations, rtol=0.02)
    assert potential.energy_uncertainty(frame) <= deviations.sum() * 1.02


def test_the_noise_has_the_largest_marginal_likelihood_of_a_dense_gaussian_process() -> None:
    *_, potential = dense_process(noise=1e-3, solver="bayes")
    assert potential.metadata["fit"]["ridge"] == 1e-3
    best = ferrip.fit(
        frames()[:20],
        **FIT,
        **SOAP,
        cutoff=4.0,
        linear="none",
        pairs=0,
        sparse=1000,
        solver="bayes",
        repulsion="none",
        size_power=0.0,
        weights={"energy": 1.0, "forces": 0.0},
    ).metadata["fit"]["ridge"]
    at_best, *others = (dense_process(noise=factor * best)[2] for factor in (1.0, 0.5, 2.0))
    assert all(at_best < other for other in others)


def test_a_fit_that_takes_more_memory_than_allowed_does_not_start() -> None:
    with pytest.raises(SettingsError, match="max_memory: the fit takes about"):
        ferrip.fit(frames(), **FIT, **TINY, max_memory=0.1)


def test_memory_is_bounded_before_environments_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("work before the bound")

    monkeypatch.setattr("ferrip.models.gap.choose_rows", never)
    monkeypatch.setattr(driver, "choose", never)
    with pytest.raises(SettingsError, match="max_memory: the fit takes about"):
        ferrip.fit(frames(), **FIT, max_memory=0.1)
    monkeypatch.setattr(Gap, "choosing_bytes", lambda *_: 8.0 * GB)
    with pytest.raises(SettingsError, match="max_memory: the fit takes about 8.2 GB, 5 are allowed"):
        ferrip.fit(frames(), **FIT, max_memory=5.0)


@pytest.mark.parametrize("settings", [TINY, {"features": "ace", "linear": "small"}, {"sparse": 200}])
def test_columns_and_memory_of_environments_are_known_before(settings: dict[str, Any]) -> None:
    train = frames() * 4
    unknown = PairDistances(minimum={}, nearest={}, neighbors=0.0)
    foreseen = Gap().resolve(GapSettings(**settings), "small", [29], unknown)
    columns = Gap().most_columns(foreseen, train)
    resolved = Gap().resolve(GapSettings(**settings), "small", [29], pair_distances(train))
    tracemalloc.start()
    complete = Gap().with_environments(resolved, train)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    expected = Gap().choosing_bytes(foreseen, train)
    assert 0.4 * expected < peak < expected + 2**20
    found = Gap().descriptor(complete).n_features
    assert found <= columns < 1.6 * found


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (
            TINY,
            "ζ = 4 of SOAP (n_max 4, l_max 3, σ 0.5 Å, cutoff 4.5 Å); environments Cu 61 (by cur); 8 pair functions",
        ),
        (
            {
                "features": "ace",
                "kernel": "se",
                "degree": 5,
                "sparse": 20,
                "sparse_by": "fps",
                "cutoff": 4.5,
            },
            "squared exponential, length 0.5, of ACE up to order 3 (constant 1, cutoff 4.5 Å)",
        ),
    ],
)
def test_info_tells_the_kernels(settings: dict[str, Any], text: str, tmp_path: Path) -> None:
    ferrip.fit(frames(), **FIT, **settings, solver="evidence").save(tmp_path / "Cu.ferrip")
    shown = " ".join(CliRunner().invoke(app, ["info", str(tmp_path / "Cu.ferrip")]).stderr.split())
    for part in (
        text,
        "; λ ",
        "amplitudes ",
        *(["a linear ACE up to order"] if "features" in settings else []),
    ):
        assert part in shown


def test_adds_to_a_linear_model() -> None:
    linear = ferrip.fit(frames(), **FIT | {"model": "uf3"}, triplet_cutoff=0, repulsion="none")
    both = ferrip.fit(frames(), **FIT, **TINY, reference=linear, repulsion="none")
    assert [part.family for part in (both, *both.added)] == ["gap", "uf3"]
    before = linear.metadata["metrics"]["train"]["forces"]["mae_meV_per_A"]
    assert both.metadata["metrics"]["train"]["forces"]["mae_meV_per_A"] < before


def joint() -> _core.JointDescriptor:
    """Kernels of power spectra, and products of ACE beside them."""
    return _core.JointDescriptor(kernels(), ace_base())


def test_kernels_with_functions_beside_them_keep_the_promises_of_a_descriptor() -> None:
    check_descriptor(joint())


def test_functions_stand_behind_the_kernels_of_their_element() -> None:
    both = joint()
    alone, linear = both.kernels, both.linear
    table = both.feature_table()
    structure = as_structure(bulk("Si", cubic=True))
    for z in both.elements:
        start, stop = both.feature_range(z)
        first, second = slice(*alone.feature_range(z)), slice(*linear.feature_range(z))
        assert table[start:stop] == alone.feature_table()[first] + linear.feature_table()[second]
        wanted = np.hstack([alone.values(structure)[:, first], linear.values(structure)[:, second]])
        np.testing.assert_array_equal(both.values(structure)[:, start:stop], wanted)
    coefficients = np.random.default_rng(4).normal(size=both.n_features)
    energies = both.evaluator(coefficients, [-1.0, -2.0]).compute(structure)[0]
    np.testing.assert_allclose(energies, both.values(structure) @ coefficients - 2.0, rtol=1e-9)


def test_functions_of_other_elements_are_refused() -> None:
    other = _core.Descriptor.ace(
        elements=[14], cutoff=3.5, pair_cutoff=4.0, n_pair=2, r0={(14, 14): 2.3}, degrees=[4.0]
    )
    with pytest.raises(SettingsError, match="different elements"):
        _core.JointDescriptor(kernels(), other)


BESIDE = {"n_max": 3, "l_max": 2, "sparse": 30, "pairs": 8, "cutoff": 4.5}


@pytest.fixture(scope="module")
def with_linear() -> Potential:
    return ferrip.fit(frames(), **FIT, **BESIDE)


def test_a_linear_part_lowers_the_errors_and_keeps_the_promises(
    with_linear: Potential, tmp_path: Path
) -> None:
    alone = ferrip.fit(frames(), **FIT, **BESIDE, linear="none")
    for quantity, name in (("energy", "mae_meV_per_atom"), ("forces", "mae_meV_per_A")):
        with_it, without = (one.metadata["metrics"]["train"][quantity][name] for one in (with_linear, alone))
        assert with_it < without
    check_potential(with_linear)
    with_linear.save(tmp_path / "Cu.ferrip")
    again = ferrip.load(tmp_path / "Cu.ferrip")
    frame = frames()[0]
    assert again.evaluate(frame)[0].energy == with_linear.evaluate(frame)[0].energy
    np.testing.assert_allclose(
        again.energies_uncertainty(frame), with_linear.energies_uncertainty(frame), rtol=1e-5
    )


def test_the_prior_of_the_linear_part_has_the_standard_deviation_that_is_asked_for(
    with_linear: Potential,
) -> None:
    settings = dict(with_linear.settings)
    groups = Gap().correlated_functions(settings)
    columns = np.concatenate([columns for columns, _ in groups])
    np.testing.assert_array_equal(columns, np.arange(with_linear.descriptor.n_features))
    *_, (own, covariance) = groups
    assert [len(part) for part in Gap().parts(settings)] == [31, 8, len(own)]
    rows = np.concatenate([with_linear.descriptor.values(frame.structure)[:, own] for frame in frames()])
    n_pair = settings["linear"]["n_pair"]
    variance = np.sum(rows[:, n_pair:].var(axis=0) * covariance.diagonal()[n_pair:])
    assert abs(variance**0.5 - GapSettings().linear_delta) < 1e-9


def test_a_linear_part_leaves_room_for_the_kernels() -> None:
    elements = [1, 6, 7, 8]
    distances = PairDistances(minimum={}, nearest={}, neighbors=20.0)
    sizes = {
        name: len(Gap().resolve(GapSettings(linear=name), "small", elements, distances)["linear"]["degrees"])
        for name in ("small", "large")
    }
    assert sizes["large"] > sizes["small"]
    large = Gap().resolve(GapSettings(), "large", elements, distances)["linear"]
    assert len(large["degrees"]) == sizes["small"]


@pytest.mark.parametrize("zeta", [1, 2])
def test_small_powers_are_mapped_to_few_environments(zeta: int) -> None:
    """More environments than functions, and coefficients that cancel as those of fits do."""
    base = soap_base()
    rng = np.random.default_rng(4)
    points = [gap_features.directions(rng.uniform(0.5, 1.5, size=(60, 30)), None) for _ in base.elements]
    descriptor = _core.KernelDescriptor(base, points, zeta)
    coefficients = 1e3 * rng.normal(size=descriptor.n_features)
    evaluator = descriptor.evaluator(coefficients, [0.0, 0.0])
    for sample in sample_structures(descriptor.elements, descriptor.cutoff, 5):
        energies = evaluator.compute(sample.structure)[0]
        values = descriptor.values(sample.structure)
        scale = np.abs(values).max() * np.abs(coefficients).sum()
        np.testing.assert_allclose(energies, values @ coefficients, atol=1e-13 * scale)


def test_linear_parts_leave_room_for_the_uncertainty() -> None:
    assert gap_linear.MOST_COLUMNS == MOST_TRIANGULAR
