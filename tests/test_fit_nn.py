"""Training of networks; needs torch."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from pathlib import Path
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

SMALL = {"cutoff": 4.0, "degree": 4.0, "max_order": 2, "hidden": (6,), "combinations": 10, "progress": False}


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
    linear = ferrip.fit(
        data, model="ace", **{k: SMALL[k] for k in ("cutoff", "degree", "max_order", "progress")}
    )
    first = ferrip.fit(data, model="nn", epochs=40, batch=2, learning_rate=1e-2, **SMALL)
    again = ferrip.fit(data, model="nn", epochs=40, batch=2, learning_rate=1e-2, **SMALL)
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


def test_predictions_of_the_training_are_those_of_the_potential() -> None:
    torch = pytest.importorskip("torch")
    from ferrip.data import read_frames
    from ferrip.fitting.neural.module import Networks
    from ferrip.fitting.neural.projection import projections
    from ferrip.fitting.neural.samples import samples

    read = read_frames(frames(2))
    linear = ferrip.fit(
        read, model="ace", **{k: SMALL[k] for k in ("cutoff", "degree", "max_order", "progress")}
    )
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
        ("hidden", (0,)),
        ("activation", "relu"),
        ("epochs", 0),
        ("held_out", 0.9),
        ("whitening", 2),
    ],
)
def test_bad_settings(setting: str, value: object) -> None:
    pytest.importorskip("torch")
    with pytest.raises(SettingsError, match=setting):
        ferrip.fit(frames(2), model="nn", **(SMALL | {setting: value}))


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
