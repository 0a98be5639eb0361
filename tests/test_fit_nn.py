"""Training of networks; needs torch."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator

import ferrip
from ferrip import committee
from ferrip.errors import SettingsError
from ferrip.potential import as_structure

ACE = {"cutoff": 4.0, "degree": 4.0, "max_order": 2, "progress": False}
SMALL = {**ACE, "hidden": (6,), "combinations": 10, "method": "adam"}
NEWTON = {**ACE, "hidden": (4,), "num_threads": 1, "repulsion": "none"}


def frames(count: int = 12) -> list[Atoms]:
    """Rattled and strained cells with labels of a many-body energy that is not linear in the functions."""
    rng, result = np.random.default_rng(0), []
    for seed in range(count):
        atoms = bulk("Ar", cubic=True, a=5.2)
        atoms.set_cell(atoms.cell[:] @ (np.eye(3) + rng.normal(scale=0.02, size=(3, 3))), scale_atoms=True)
        atoms.rattle(0.15, seed=seed)
        atoms.info["config_type"] = "cell"
        label(atoms)
        result.append(atoms)
    return result


def label(atoms: Atoms) -> None:
    """Energies −√ρ of the densities ρ = Σ_j f(r_ij)² and a pair repulsion."""
    structure = as_structure(atoms)
    i, j, _, d = ferrip._core.neighbor_list(*structure, 4.0)
    r = np.linalg.norm(d, axis=1)
    f = np.where(r < 4.0, (1.0 - (r / 4.0) ** 2) ** 3, 0.0)
    slope = np.where(r < 4.0, -6.0 * r / 16.0 * (1.0 - (r / 4.0) ** 2) ** 2, 0.0)
    rho = np.bincount(i, f, len(atoms)) + 1e-3
    energies = -np.sqrt(rho) + 0.6 * rho
    dedrho = -0.5 / np.sqrt(rho) + 0.6
    along = (dedrho[i] * slope / r)[:, None] * d
    forces = np.zeros((len(atoms), 3))
    np.add.at(forces, i, along)
    np.add.at(forces, j, -along)
    atoms.calc = SinglePointCalculator(atoms, energy=float(energies.sum()), forces=forces)


def test_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ferrip.torch_needed.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"ferrip\[torch\]"):
        ferrip.fit(frames(2), model="nn", **SMALL)


def test_networks_lower_the_error(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    data = frames()
    linear = ferrip.fit(data, model="ace", **ACE)
    options = {"model": "nn", "epochs": 40, "batch": 2, "learning_rate": 1e-2, "held_out": 0.0, **SMALL}
    first, again = ferrip.fit(data, **options), ferrip.fit(data, **options)
    error = [one.metadata["metrics"]["train"]["forces"]["mae_meV_per_A"] for one in (linear, first)]
    assert error[1] < 0.8 * error[0]
    assert first.networks is not None and again.networks is not None
    for (a, _), (b, _) in zip(first.networks[18].layers, again.networks[18].layers, strict=True):
        assert np.array_equal(a, b)
    training = first.metadata["fit"]["training"]
    assert training["epochs"] == 40 and training["held_out_frames"] == 0
    first.save(tmp_path / "nn.ferrip")
    loaded = ferrip.load(tmp_path / "nn.ferrip").evaluate(data[0])[0]
    assert np.array_equal(loaded.forces, first.evaluate(data[0])[0].forces)


def errors(potential: ferrip.Potential) -> tuple[float, float]:
    part = potential.metadata["metrics"]["train"]
    return part["energy"]["mae_meV_per_atom"], part["forces"]["mae_meV_per_A"]


@pytest.mark.parametrize("hidden", [(4,), (3, 4)])
def test_gauss_newton_steps_lower_the_error_more(hidden: tuple[int, ...], tmp_path: Path) -> None:
    data = frames()
    linear = ferrip.fit(data, model="ace", repulsion="none", **ACE)
    fitted = ferrip.fit(data, model="nn", **(NEWTON | {"hidden": hidden}))
    assert all(own < 0.7 * other for own, other in zip(errors(fitted), errors(linear), strict=True))
    training = fitted.metadata["fit"]["training"]
    assert training["method"] == "gauss-newton"
    assert training["settings"]["closer_pairs"] == (0.1 if len(hidden) == 1 else 0.0)
    curve = training["learning_curve"]["training"]
    assert len(curve) == training["epochs"] and curve[-1] < 0.4
    widths = [4 * hidden[0]] if len(hidden) == 1 else list(hidden)
    assert fitted.networks is not None and fitted.networks[18].widths == widths
    again = ferrip.fit(data, model="nn", **(NEWTON | {"hidden": hidden}))
    assert np.array_equal(again.evaluate(data[0])[0].forces, fitted.evaluate(data[0])[0].forces)
    fitted.save(tmp_path / "nn.ferrip")
    loaded = ferrip.load(tmp_path / "nn.ferrip").evaluate(data[0])[0]
    assert np.array_equal(loaded.forces, fitted.evaluate(data[0])[0].forces)
    assert fitted.evaluate(Atoms("Ar", [(0, 0, 0)]))[0].energy == pytest.approx(fitted.e0[18], abs=1e-10)


def test_networks_are_the_mean_of_several() -> None:
    data = frames()
    options: dict[str, Any] = {**NEWTON, "hidden": (2,), "iterations": 3}
    both = ferrip.fit(data, model="nn", averaged=2, **options)
    alone = [
        ferrip.fit(data, model="nn", averaged=1, seed=seed, pair_inputs=pairs, **options)
        for seed, pairs in ((0, "all"), (1, "none"))
    ]
    assert both.networks is not None
    assert both.networks[18].widths == [4]
    assert both.networks[18].n_inputs == both.descriptor.n_features
    assert both.coefficients == pytest.approx(np.mean([one.coefficients for one in alone], axis=0))
    forces = [one.evaluate(data[0])[0].forces for one in alone]
    assert both.evaluate(data[0])[0].forces == pytest.approx(np.mean(forces, axis=0), abs=1e-6)
    assert len(both.metadata["fit"]["averaged"]) == 1
    assert not both.has_uncertainty
    assert both.metadata["fit"]["training"]["held_out_frames"] == 0


def test_steps_are_damped_until_the_loss_falls() -> None:
    from ferrip.fitting.neural.newton import State, _step

    numbers: Any = SimpleNamespace(prior=np.eye(2), pull=lambda vector: vector, n_linear=0)
    state = State(vector=np.zeros(2), best=np.zeros(2), lowest=1.0, damping=1e-4)
    after, damping, vector = _step(
        numbers, np.eye(2), np.ones(2), state, lambda to: 1.0 if to.max() > 0.3 else 0.1, 0.5
    )
    assert (after, damping) == pytest.approx((0.1, 1.0))
    assert vector == pytest.approx(0.25)


def test_networks_without_pair_functions_are_smaller() -> None:
    options: dict[str, Any] = {**NEWTON, "hidden": (2,), "iterations": 1, "averaged": 1}
    every, fewer = (ferrip.fit(frames(), model="nn", pair_inputs=one, **options) for one in ("half", "none"))
    assert every.networks is not None
    assert fewer.networks is not None
    assert every.networks[18].n_inputs == every.descriptor.n_features
    pairs = sum(len(factors) == 1 for _, factors in every.descriptor.feature_table())
    assert fewer.networks[18].n_inputs == every.descriptor.n_features - pairs


@pytest.mark.parametrize("features", ["soap", "chebyshev", "acsf"])
def test_other_features(features: str) -> None:
    pytest.importorskip("torch")
    data = frames()
    options = {"model": "nn", "size": "small", "features": features, "cutoff": 4.0, "progress": False}
    fitted = ferrip.fit(data, hidden=(2,), iterations=6, network_prior=1.0, **options)
    curve = fitted.metadata["fit"]["training"]["learning_curve"]["training"]
    assert curve[-1] < 0.99
    adam = ferrip.fit(data, hidden=(4,), method="adam", epochs=3, combinations=8, **options)
    assert adam.networks is not None


@pytest.mark.parametrize("preset", ["behler-parrinello", "ani-like"])
def test_presets_on_the_shipped_set(preset: str) -> None:
    from ferrip.data import read_frames

    data = read_frames(Path(ferrip.__file__).parent / "datasets/silicon/train.extxyz.gz")[::8]
    fitted = ferrip.fit(
        data, model="nn", preset=preset, cutoff=4.0, iterations=8, num_threads=1, progress=False
    )
    assert isinstance(fitted.descriptor, ferrip._core.AcsfDescriptor)
    assert fitted.settings["features"] == "acsf"
    assert fitted.networks is not None and len(fitted.networks[14].widths) >= 2
    curve = fitted.metadata["fit"]["training"]["learning_curve"]["training"]
    assert curve[-1] < 1.0


@pytest.mark.parametrize("pairs", [True, False])
def test_derivatives_in_the_numbers_are_those_of_the_evaluator(pairs: bool) -> None:
    from ferrip.data import read_frames
    from ferrip.fitting.neural.gauss_newton import inputs_of
    from ferrip.fitting.neural.newton import Rows
    from ferrip.fitting.neural.numbers import Numbers
    from ferrip.fitting.neural.projection import whitened
    from ferrip.fitting.neural.rest import Rest
    from ferrip.fitting.nonlinear.loss import WeightedLabels

    crystal = bulk("NaCl", "rocksalt", a=4.4, cubic=True)
    crystal.rattle(0.2, seed=1)
    crystal.calc = SinglePointCalculator(crystal, energy=-1.0, forces=np.zeros((8, 3)))
    read = read_frames([crystal])
    linear = ferrip.fit(read, model="ace", e0={"Na": 0.0, "Cl": 0.0}, repulsion="none", **ACE)
    descriptor = linear.descriptor
    p, values = descriptor.n_features, [descriptor.values(read[0].structure)]
    r = np.linalg.qr(descriptor.design([read[0].structure]), mode="r")
    inputs = inputs_of(linear, pairs=pairs)
    chosen, priors = whitened(inputs, read, values, r, np.full(p, 0.1))
    rng = np.random.default_rng(5)
    numbers = Numbers.of(
        linear, np.eye(p), np.eye(p), chosen, priors, Rest(widths=(3, 2), activation="gated"), 1.0, 1.0, rng
    )
    rows = 1 + 3 * 8 + 6
    labels = WeightedLabels(frames=read, target=np.zeros(rows), weight=np.ones(rows), num_threads=1)
    training = Rows(numbers, read, values, labels)
    atoms = {z: values[0][read[0].numbers == z] for z in linear.elements}
    vector = numbers.start(atoms, rng) + 0.1 * rng.normal(size=numbers.size)
    jacobian = training._jacobian(0, vector)
    for _ in range(5):
        direction = rng.normal(size=numbers.size)
        plus, minus = (training.errors(vector + h * direction) for h in (1e-4, -1e-4))
        expected = (minus - plus) / 2e-4
        assert jacobian @ direction == pytest.approx(expected, abs=2e-5 * np.abs(expected).max())


def test_threads_and_memory_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from ferrip.fitting.neural import gauss_newton, newton

    monkeypatch.setattr(newton, "ROWS_TOGETHER", 40)
    fits = []
    for threads, room in ((1, 10**9), (2, 10**9), (3, 0)):
        monkeypatch.setattr(gauss_newton, "room_for_gradients", lambda _, room=room: room)
        settings = {**NEWTON, "iterations": 3, "averaged": 1, "num_threads": threads}
        fits.append(ferrip.fit(frames(6), model="nn", **settings))
    for other in fits[1:]:
        np.testing.assert_array_equal(other.coefficients, fits[0].coefficients)
        for layers in zip(fits[0].networks[18].layers, other.networks[18].layers, strict=True):
            np.testing.assert_array_equal(*[weights for weights, _ in layers])


def test_predictions_of_the_training_are_those_of_the_potential() -> None:
    torch = pytest.importorskip("torch")
    from ferrip.data import read_frames
    from ferrip.fitting.neural.module import Networks
    from ferrip.fitting.neural.projection import projections
    from ferrip.fitting.neural.samples import samples

    read = read_frames(frames(2))
    linear = ferrip.fit(read, model="ace", **ACE)
    descriptor = linear.descriptor
    chosen, values = projections(descriptor, read, 10, 1.0, 1)
    rows = sum(1 + 3 * len(one.numbers) + 6 for one in read)
    made = samples(descriptor, read, values, chosen, np.zeros(rows), np.ones(rows), torch.float64, 1)
    networks = Networks([chosen[18]], (5, 4), "gated", torch.float64, torch.Generator().manual_seed(1))
    with torch.no_grad():
        networks.weights[-1].normal_(generator=torch.Generator().manual_seed(2))
    zero = np.zeros_like(linear.coefficients)
    potential = replace(
        linear, coefficients=zero, pairs=(), e0={18: 0.0}, networks={18: networks.on_functions()[0]}
    )
    for one, frame in zip(made, read, strict=True):
        energy, forces, strain = (tensor.detach().numpy() for tensor in networks(one))
        expected = potential.evaluate(frame)[0]
        assert expected.stress is not None
        assert energy[0] == pytest.approx(expected.energy, abs=1e-6)
        scale = np.abs(expected.forces).max()
        assert forces == pytest.approx(expected.forces, abs=1e-4 * scale)
        assert strain[0] / frame.volume == pytest.approx(
            expected.stress, abs=1e-4 * np.abs(expected.stress).max()
        )


def test_networks_that_do_not_help_are_0() -> None:
    pytest.importorskip("torch")
    data = frames(24)
    for atoms in data[10:14]:  # held-out frames of another energy
        atoms.calc.results["forces"] = -atoms.calc.results["forces"]
    potential = ferrip.fit(
        data,
        model="nn",
        epochs=6,
        held_out=0.1,
        repulsion="none",
        weights={"energy": 0, "forces": 1},
        **SMALL,
    )
    training = potential.metadata["fit"]["training"]
    assert training["held_out_frames"] == 2 and training["held_out_loss"] == 1 and training["best_epoch"] == 0
    assert potential.networks is not None
    assert not potential.networks[18].layers[-1][0].any()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("hidden", ()),
        ("method", "newton"),
        ("features", "acfs"),
        ("preset", "ani"),
        ("descriptor", {"n_max": 3}),
        ("hidden", (0,)),
        ("activation", "relu"),
        ("epochs", 0),
        ("held_out", 0.9),
        ("whitening", 2),
        ("averaged", 0),
        ("closer_pairs", 1.5),
        ("closer_weight", 0.0),
        ("forces", "both"),
    ],
)
def test_bad_settings(setting: str, value: object) -> None:
    with pytest.raises(SettingsError, match=setting):
        ferrip.fit(frames(2), model="nn", **(SMALL | {"method": "auto", setting: value}))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"features": "soap", "descriptor": {"n_mx": 3}}, "descriptor.n_mx"),
        ({"features": "acsf", "degree": 4}, "degree: is for features=ace, not acsf"),
        ({"preset": "behler-parrinello", "descriptor": {"radial": 0}}, "descriptor.radial"),
    ],
)
def test_bad_settings_of_features(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        ferrip.fit(frames(2), model="nn", progress=False, **settings)


def test_torch_is_not_imported_by_ferrip() -> None:
    import subprocess

    code = "import sys, ferrip, ferrip.models, ferrip.fitting; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_committee_is_the_mean_of_its_members_and_tells_their_spread(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    data = frames()
    options = {"model": "nn", "epochs": 10, "batch": 2, "held_out": 0.2, **SMALL}
    fitted = ferrip.fit(data, committee=3, **options)
    assert fitted.networks is not None and fitted.networks[18].members == 3
    assert fitted.networks[18].widths == [18]
    assert [len(one["learning_curve"]["forces"]) for one in fitted.metadata["fit"]["committee"]] == [10, 10]
    members = committee.members(fitted)
    first = members[0].evaluate(data[1])[0]
    alone = ferrip.fit(data, **options).evaluate(data[1])[0]
    assert np.allclose(first.forces, alone.forces, atol=1e-10)
    forces = np.array([member.evaluate(data[1])[0].forces for member in members])
    together = fitted.evaluate(data[1])[0]
    assert np.allclose(together.forces, forces.mean(axis=0), atol=1e-10)
    scale = fitted.metadata["uncertainty"]["forces_scale"]
    spread = fitted.forces_uncertainty(data[1])
    assert np.allclose(spread, scale * forces.std(axis=0, ddof=1), atol=1e-10)
    fitted.save(tmp_path / "committee.ferrip")
    atoms = data[1].copy()
    atoms.calc = ferrip.Calculator(tmp_path / "committee.ferrip")
    assert np.allclose(atoms.calc.get_property("forces_uncertainty", atoms), spread, atol=1e-12)
    assert atoms.calc.get_property("energy_uncertainty", atoms) > 0
    assert atoms.calc.get_property("energies_uncertainty", atoms).shape == (len(atoms),)


@pytest.mark.parametrize("model", ["nn", "painn"])
def test_an_interrupted_training_goes_on_as_if_it_had_not_stopped(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from ferrip.fitting import Interrupted
    from ferrip.training import resuming

    small = SMALL if model == "nn" else {"cutoff": 4.0, "channels": 4, "layers": 1, "progress": False}
    options = {"model": model, "epochs": 6, "batch": 2, "held_out": 0.2, "num_threads": 1, **small}
    whole = ferrip.fit(frames(), **options)
    report = resuming._report

    def stop(epoch: Any, *others: Any) -> None:
        report(epoch, *others)
        if epoch.number == 3:
            signal.raise_signal(signal.SIGINT)

    path = tmp_path / "fit.checkpoint"
    with monkeypatch.context() as patch:
        patch.setattr(resuming, "_report", stop)
        with pytest.raises(Interrupted, match="the same command continues"):
            ferrip.fit(frames(), checkpoint=path, **options)
    assert path.exists()
    rates = []
    monkeypatch.setattr(resuming, "_report", lambda epoch, *others: rates.append(epoch.number))
    again = ferrip.fit(frames(), checkpoint=path, **options)
    assert rates == [4, 5, 6]
    assert list(tmp_path.iterdir()) == []
    assert np.array_equal(again.coefficients, whole.coefficients)
    assert np.array_equal(again.evaluate(frames(1))[0].forces, whole.evaluate(frames(1))[0].forces)
    wanted = whole.metadata["fit"]["training"]["learning_curve"]
    assert again.metadata["fit"]["training"]["learning_curve"] == wanted


def test_lbfgs_goes_on_where_adam_ends() -> None:
    pytest.importorskip("torch")
    options = {"model": "nn", "epochs": 10, "batch": 2, "num_threads": 1, "precision": "float64", **SMALL}
    adam = ferrip.fit(frames(), **options)
    both = ferrip.fit(frames(), lbfgs=30, **options)
    error = [one.metadata["metrics"]["train"]["forces"]["mae_meV_per_A"] for one in (adam, both)]
    assert error[1] < 0.97 * error[0]
    curve = both.metadata["fit"]["training"]["learning_curve"]["training"]
    assert curve[:10] == adam.metadata["fit"]["training"]["learning_curve"]["training"]
    assert len(curve) == 40 and curve[-1] < curve[10]


def test_interrupted_gauss_newton_steps_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ferrip.fitting import Interrupted
    from ferrip.fitting.neural import gauss_newton

    options = {
        "model": "nn",
        "iterations": 6,
        "committee": 2,
        "tolerance": 1e-9,
        "network_prior": 1.0,
        **NEWTON,
    }
    whole = ferrip.fit(frames(), **options)
    assert whole.networks is not None and whole.networks[18].widths == [8]
    seen, path = [], tmp_path / "fit.checkpoint"

    def stop(state: Any, *others: Any) -> None:
        seen.append(len(state.iterations))
        if len(seen) == 9:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(gauss_newton, "_tell", stop)
    with pytest.raises(Interrupted, match="the same command continues"):
        ferrip.fit(frames(), checkpoint=path, **options)
    again = ferrip.fit(frames(), checkpoint=path, **options)
    assert seen == [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]
    assert list(tmp_path.iterdir()) == []
    assert np.array_equal(again.evaluate(frames(1))[0].forces, whole.evaluate(frames(1))[0].forces)


def test_members_that_are_done_are_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from ferrip.fitting import Interrupted
    from ferrip.training import resuming

    options = {"model": "nn", "epochs": 4, "batch": 2, "lbfgs": 2, "committee": 2, "num_threads": 1, **SMALL}
    whole = ferrip.fit(frames(), **options)
    seen: list[int] = []

    def stop(epoch: Any, *others: Any) -> None:
        seen.append(epoch.number)
        if len(seen) == 8:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(resuming, "_report", stop)
    path, other = tmp_path / "fit", tmp_path / "fit.1.xyz"
    other.touch()
    with pytest.raises(Interrupted):
        ferrip.fit(frames(), checkpoint=path, **options)
    again = ferrip.fit(frames(), checkpoint=path, **options)
    assert seen == [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]
    assert list(tmp_path.iterdir()) == [other]
    assert np.array_equal(again.evaluate(frames(1))[0].forces, whole.evaluate(frames(1))[0].forces)
