"""Molecular dynamics: ensembles, output, restart, stop conditions."""

import signal
from dataclasses import replace

import ase.io
import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.constraints import FixAtoms, FixBondLength
from standins import MorsePotential

from ferrip.errors import DataError, SettingsError, TrustError
from ferrip.md import MDSettings, run
from ferrip.md.restart import Checkpoint

POTENTIAL = MorsePotential()


@pytest.fixture
def atoms():
    return bulk("Cu", cubic=True) * (2, 2, 2)


def settings(**changes):
    return MDSettings(
        **{"ensemble": "nve", "temperature": 300, "timestep": 2.0, "steps": 40, "every": 10, **changes}
    )


def test_nve_conserves_energy_and_momentum(atoms):
    result = run(POTENTIAL, atoms, settings(steps=200))
    assert abs(result.statistics.energy_drift) < 500.0  # µeV/atom/ps
    np.testing.assert_allclose(result.atoms.get_momenta().sum(axis=0), 0.0, atol=1e-9)


def test_the_start_has_the_temperature_asked_for_and_the_input_is_untouched(atoms, tmp_path):
    before = atoms.get_positions()
    run(POTENTIAL, atoms, settings(steps=0), output=tmp_path / "md.extxyz")
    run(POTENTIAL, atoms, settings(steps=10), output=tmp_path / "md.extxyz")
    first = ase.io.read(tmp_path / "md.extxyz", index=0)
    kinetic = first.get_kinetic_energy()
    assert kinetic == pytest.approx(0.5 * (3 * len(atoms) - 3) * 8.617333e-5 * 300, rel=1e-5)
    np.testing.assert_array_equal(atoms.get_positions(), before)


def test_nvt_reaches_the_temperature(atoms):
    result = run(POTENTIAL, atoms, settings(ensemble="nvt", steps=600, thermostat_time=40.0))
    assert result.statistics.temperature == pytest.approx(300.0, rel=0.1)


def test_npt_lets_the_cell_follow_the_pressure(atoms):
    squeeze = settings(ensemble="npt", steps=400, pressure=5.0, barostat_time=100.0)
    result = run(POTENTIAL, atoms, squeeze)
    assert result.atoms.get_volume() < 0.99 * atoms.get_volume()
    assert result.statistics.pressure == pytest.approx(5.0, abs=1.5)


def test_a_seed_fixes_the_trajectory(atoms):
    one, two, other = (
        run(POTENTIAL, atoms, settings(ensemble="npt", seed=seed)).atoms.positions for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("ensemble", ["nve", "nvt", "npt"])
@pytest.mark.parametrize("suffix", ["extxyz", "traj"])
def test_a_restart_continues_bitwise(atoms, tmp_path, ensemble, suffix):
    whole = settings(ensemble=ensemble, steps=40, restart_every=20)
    straight = run(POTENTIAL, atoms, whole, output=tmp_path / f"a.{suffix}")
    run(POTENTIAL, atoms, replace(whole, steps=20), output=tmp_path / f"b.{suffix}")
    resumed = run(POTENTIAL, atoms, whole, output=tmp_path / f"b.{suffix}", restart=True)
    np.testing.assert_array_equal(straight.atoms.positions, resumed.atoms.positions)
    np.testing.assert_array_equal(straight.atoms.get_momenta(), resumed.atoms.get_momenta())
    assert (tmp_path / "a.log").read_text() == (tmp_path / "b.log").read_text()
    assert len(ase.io.read(tmp_path / f"b.{suffix}", index=":")) == 5


@pytest.mark.parametrize("suffix", ["extxyz", "traj"])
def test_a_restart_drops_what_was_written_after_the_checkpoint(atoms, tmp_path, suffix):
    path = tmp_path / f"md.{suffix}"
    run(POTENTIAL, atoms, settings(steps=20), output=path)
    kept = ase.io.read(path, index=":")
    if suffix == "traj":
        ase.io.write(path, [*kept, atoms])
    else:
        ase.io.write(path, atoms, append=True)
    with (tmp_path / "md.log").open("a") as log:
        log.write("half a li")
    run(POTENTIAL, atoms, settings(steps=40), output=path, restart=True)
    assert len(ase.io.read(path, index=":")) == 5
    assert "half" not in (tmp_path / "md.log").read_text()
    ase.io.write(path, kept[:1])
    with pytest.raises(DataError, match=f"md.{suffix}"):
        run(POTENTIAL, atoms, settings(steps=60), output=path, restart=True)


def test_a_restart_with_other_physics_is_refused(atoms, tmp_path):
    path = tmp_path / "md.extxyz"
    run(POTENTIAL, atoms, settings(), output=path)
    with pytest.raises(SettingsError, match="timestep"):
        run(POTENTIAL, atoms, settings(timestep=1.0), output=path, restart=True)
    with pytest.raises(DataError, match="other atoms"):
        run(POTENTIAL, atoms[:-1], settings(), output=path, restart=True)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_a_damaged_restart_file_is_a_data_error(tmp_path, content):
    path = tmp_path / "md.restart"
    with pytest.raises(DataError, match="no restart file"):
        Checkpoint.read(path)
    path.write_bytes(content)
    with pytest.raises(DataError, match="no intact"):
        Checkpoint.read(path)


def test_header_names_thermostat_and_barostat_with_time_constants(atoms, tmp_path):
    run(POTENTIAL, atoms, settings(ensemble="npt", steps=1), output=tmp_path / "md.extxyz")
    header = (tmp_path / "md.log").read_text()
    assert "time constant 100 fs" in header
    assert "time constant 1000 fs" in header


def test_an_explosion_stops_with_the_last_good_frame(atoms, tmp_path):
    atoms.rattle(0.5, seed=1)
    path = tmp_path / "md.extxyz"
    with pytest.raises(TrustError, match="temperature rose"):
        run(POTENTIAL, atoms, settings(min_distance_factor=0.0, temperature=10), output=path)
    frames = ase.io.read(path, index=":")
    assert np.isfinite(frames[-1].get_potential_energy())
    steps = [frame.info["step"] for frame in frames]
    assert len(set(steps)) == len(steps)


def test_a_short_distance_stops_the_run(atoms):
    potential = replace(POTENTIAL, minimum_distances={(29, 29): 2.6})
    atoms.positions[0] += (0.3, 0.3, 0.0)
    with pytest.raises(TrustError, match=r"Cu-Cu distance .* training minimum of 2.600"):
        run(potential, atoms, settings())
    run(potential, atoms, settings(min_distance_factor=0.5, max_temperature=1e5))


def test_ctrl_c_leaves_a_restartable_run(atoms, tmp_path):
    path = tmp_path / "md.extxyz"

    def interrupt(step, temperature):
        if step == 20:
            signal.raise_signal(signal.SIGINT)

    result = run(POTENTIAL, atoms, settings(), output=path, progress=interrupt)
    assert result.interrupted
    assert 20 <= result.steps < 40
    before = path.read_bytes()
    with pytest.raises(SettingsError, match=rf"unfinished run \(step {result.steps} of 40\)"):
        run(POTENTIAL, atoms, settings(), output=path)
    assert path.read_bytes() == before
    done = run(POTENTIAL, atoms, settings(), output=path, restart=True)
    assert done.steps == 40
    assert not done.interrupted


def test_unfinished_runs_are_overwritten_on_request_and_finished_ones_without(atoms, tmp_path):
    path = tmp_path / "md.extxyz"
    run(POTENTIAL, atoms, settings(steps=10), output=path)
    run(POTENTIAL, atoms, settings(steps=10), output=path)
    saved = Checkpoint.read(path.with_suffix(".restart"))
    replace(saved, settings=settings(steps=20)).write(path.with_suffix(".restart"))
    with pytest.raises(SettingsError, match="start over with overwrite"):
        run(POTENTIAL, atoms, settings(steps=20), output=path)
    assert run(POTENTIAL, atoms, settings(steps=20), output=path, overwrite=True).steps == 20


def test_fixed_atoms_stay_and_other_constraints_are_refused(atoms):
    atoms.set_constraint(FixAtoms([0, 1]))
    result = run(POTENTIAL, atoms, settings(ensemble="nvt"))
    np.testing.assert_array_equal(result.atoms.positions[:2], atoms.positions[:2])
    atoms.set_constraint(FixBondLength(0, 1))
    with pytest.raises(DataError, match="FixBondLength"):
        run(POTENTIAL, atoms, settings())


def test_a_molecule_does_not_spin_up(tmp_path):
    atoms = molecule("CH4")
    atoms.numbers[:] = 29
    atoms.positions *= 2.4
    result = run(POTENTIAL, atoms, settings(ensemble="nvt", temperature=50, min_distance_factor=0.0))
    centre = result.atoms.positions - result.atoms.get_center_of_mass()
    np.testing.assert_allclose(np.cross(centre, result.atoms.get_momenta()).sum(axis=0), 0.0, atol=1e-8)


@pytest.mark.parametrize(
    "bad",
    [
        {"timestep": -1.0},
        {"ensemble": "nph"},
        {"steps": -1},
        {"every": 0},
        {"temperature": float("nan")},
        {"ensemble": "nvt", "temperature": 0.0},
        {"pressure": float("inf")},
    ],
)
def test_bad_settings_are_named(bad):
    with pytest.raises(SettingsError, match=list(bad)[-1]):
        settings(**bad)


def test_a_bad_output_name_is_refused(atoms, tmp_path):
    with pytest.raises(SettingsError, match="output"):
        run(POTENTIAL, atoms, settings(), output=tmp_path / "md.xtc")
    with pytest.raises(SettingsError, match="there is no directory"):
        run(POTENTIAL, atoms, settings(), output=tmp_path / "nowhere" / "md.extxyz")
    (tmp_path / "md.extxyz").mkdir()
    with pytest.raises(SettingsError, match="is a folder"):
        run(POTENTIAL, atoms, settings(), output=tmp_path / "md.extxyz")
