"""Calculator and molecular dynamics on a real potential with its neighbor list cache."""

from dataclasses import replace

import numpy as np
import pytest
from ase import units
from ase.build import bulk
from ase.md.nptberendsen import NPTBerendsen
from fitted import copper

from ferrip.benchmark import benchmark, crystal_of
from ferrip.calculator import Calculator
from ferrip.errors import SettingsError, UnsupportedElementError
from ferrip.md import MDSettings, run


@pytest.fixture(scope="module")
def atoms():
    return bulk("Cu", a=3.9, cubic=True) * (3, 3, 3)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("potential") / "Cu.ferrip"
    copper().save(path)
    return path


def test_the_energy_hardly_drifts(atoms):
    settings = MDSettings(ensemble="nve", temperature=300, timestep=2.0, steps=1000, every=1000)
    result = run(copper(), atoms, settings, num_threads=1)
    assert abs(result.statistics.energy_drift) < 30.0  # µeV/atom/ps, over 2 ps
    assert 1 < result.rebuilds < 300


def test_the_skin_does_not_change_the_trajectory(atoms):
    settings = MDSettings(ensemble="nve", temperature=600, timestep=2.0, steps=60, skin=1.0)
    cached = run(copper(), atoms, settings, num_threads=1)
    fresh = run(copper(), atoms, replace(settings, skin=1e-6), num_threads=1)
    assert cached.rebuilds < fresh.rebuilds
    np.testing.assert_allclose(cached.atoms.positions, fresh.atoms.positions, atol=1e-9)


def test_threads_do_not_change_the_trajectory(atoms):
    settings = MDSettings(ensemble="npt", temperature=600, timestep=2.0, steps=40)
    one, two = (run(copper(), atoms, settings, num_threads=n).atoms.positions for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_a_restart_continues_bitwise(atoms, tmp_path):
    whole = MDSettings(ensemble="npt", temperature=600, steps=60, every=20, restart_every=30)
    straight = run(copper(), atoms, whole, output=tmp_path / "a.extxyz", num_threads=1)
    run(copper(), atoms, replace(whole, steps=30), output=tmp_path / "b.extxyz", num_threads=1)
    resumed = run(copper(), atoms, whole, output=tmp_path / "b.extxyz", restart=True, num_threads=2)
    np.testing.assert_array_equal(straight.atoms.positions, resumed.atoms.positions)
    np.testing.assert_array_equal(straight.atoms.cell.array, resumed.atoms.cell.array)


def test_calculator_reads_a_file_and_keeps_its_list(path, atoms):
    atoms = atoms.copy()
    atoms.rattle(0.02, seed=1)
    atoms.calc = Calculator(path, num_threads=1)
    atoms.get_forces()
    atoms.positions += 0.01
    moved = atoms.get_forces()
    assert atoms.calc.session.rebuilds == 1
    np.testing.assert_allclose(moved, Calculator(copper(), skin=0.0).get_forces(atoms), atol=1e-10)


@pytest.mark.parametrize("change", ["numbers", "pbc", "cell", "fewer"])
def test_the_list_is_rebuilt_when_the_structure_is_another(atoms, change):
    atoms = atoms.copy()
    calc = atoms.calc = Calculator(copper(), num_threads=1)
    atoms.get_forces()
    if change == "numbers":
        atoms.numbers[0] = 14
        with pytest.raises(UnsupportedElementError, match="Si"):
            atoms.get_forces()
        return
    if change == "pbc":
        atoms.pbc = (True, True, False)
    elif change == "cell":
        atoms.set_cell(atoms.cell.array * 1.001, scale_atoms=True)
    else:
        atoms = atoms[1:]
    np.testing.assert_allclose(
        calc.get_forces(atoms), Calculator(copper(), num_threads=1).get_forces(atoms), atol=1e-12
    )


def test_uncertainties_have_units_and_shapes(path, atoms):
    atoms = atoms.copy()
    atoms.rattle(0.05, seed=1)
    calc = atoms.calc = Calculator(path)
    total = calc.get_property("energy_uncertainty", atoms)
    single = calc.get_property("energies_uncertainty", atoms)
    forces = calc.get_property("forces_uncertainty", atoms)
    assert single.shape == (len(atoms),)
    assert forces.shape == (len(atoms), 3)
    assert 0.0 < total <= single.sum() * (1 + 1e-12)
    assert (forces > 0.0).all()


def test_constant_pressure_dynamics_of_ase(atoms):
    atoms = atoms.copy()
    atoms.calc = Calculator(copper(), num_threads=1)
    atoms.set_momenta(np.random.default_rng(0).normal(size=(len(atoms), 3)))
    volume = atoms.get_volume()
    dynamics = NPTBerendsen(
        atoms,
        2.0 * units.fs,
        temperature_K=300,
        pressure_au=5.0 * units.GPa,
        taut=50 * units.fs,
        taup=100 * units.fs,
        compressibility_au=0.01 / units.GPa,
    )
    dynamics.run(40)
    assert atoms.get_volume() < volume
    assert np.isfinite(atoms.get_stress()).all()


def test_benchmark_measures_what_it_says(atoms):
    result = benchmark(copper(), atoms, num_threads=1, skin=0.4, seconds=0.0)
    assert result.n_atoms == len(atoms)
    assert result.threads == 1
    assert result.steps == 100
    assert result.us_per_atom_step > 0.0
    assert result.proc_s_per_atom_step == pytest.approx(1e-6 * result.us_per_atom_step)
    assert 0.0 < result.rebuild_fraction < 0.5
    assert 20 < result.neighbors_per_atom < 300
    with pytest.raises(SettingsError, match="no atoms"):
        benchmark(copper(), atoms[:0])


@pytest.mark.parametrize("elements", [[14], [29], [42], [12], [8], [41, 42, 73, 74], [3, 8]])
def test_default_crystals_are_big_and_spread_out(elements):
    crystal = crystal_of(elements)
    assert 1000 <= len(crystal) < 4000
    assert set(crystal.numbers) == set(elements)
    lengths = crystal.cell.lengths()
    assert lengths.max() < 2.0 * lengths.min()
