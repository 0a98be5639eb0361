"""Equation of state, elastic constants and vacancy."""

import numpy as np
import pytest
from ase import units
from ase.build import bulk
from standins import MorsePotential

from ferrip.calculator import Calculator
from ferrip.errors import FerripError, SettingsError
from ferrip.properties import ElasticProcedure, cubic_elastic, equation_of_state, vacancy_energy
from ferrip.properties.eos import fit_birch_murnaghan
from ferrip.relax import relax

POTENTIAL = MorsePotential()


@pytest.fixture(scope="module")
def copper():
    return relax(POTENTIAL, bulk("Cu"), cell=True, fmax=1e-6).atoms


def birch_murnaghan(volume, energy0, volume0, bulk0, slope):
    x = (volume0 / volume) ** (2 / 3)
    return energy0 + 9 * volume0 * bulk0 / 16 * ((x - 1) ** 3 * slope + (x - 1) ** 2 * (6 - 4 * x))


def test_the_fit_returns_the_parameters_of_a_birch_murnaghan_curve():
    volumes = np.linspace(17.0, 23.0, 9)
    energies = birch_murnaghan(volumes, -5.0, 20.0, 90 * units.GPa, 4.3)
    fitted = fit_birch_murnaghan(volumes, energies)
    found = fitted.energy, fitted.volume, fitted.bulk_modulus, fitted.derivative
    assert found == pytest.approx((-5.0, 20.0, 90.0, 4.3), rel=1e-6)
    assert fitted.lattice_constant(8) == pytest.approx(160.0 ** (1 / 3))


def test_points_outside_the_fit_do_not_matter():
    volumes = np.linspace(17.0, 23.0, 9)
    energies = birch_murnaghan(volumes, -5.0, 20.0, 0.5, 4.3)
    energies[0] += 1.0
    fitted = fit_birch_murnaghan(volumes, energies, np.arange(9) > 0)
    assert fitted.volume == pytest.approx(20.0)
    assert len(fitted.volumes) == 9


def test_a_curve_without_a_minimum_is_an_error():
    volumes = np.linspace(17.0, 23.0, 9)
    with pytest.raises(FerripError, match="no single minimum"):
        fit_birch_murnaghan(volumes, -volumes)
    with pytest.raises(FerripError, match="four volumes"):
        fit_birch_murnaghan(volumes[:3], volumes[:3])


def test_relaxed_cell_eos_and_elastic_constants_agree(copper):
    eos = equation_of_state(POTENTIAL, copper, np.linspace(0.97, 1.03, 7) * copper.get_volume())
    assert eos.lattice_constant(1) ** 3 == pytest.approx(copper.get_volume(), rel=1e-4)
    elastic = cubic_elastic(POTENTIAL, copper)
    assert (elastic.c11 + 2 * elastic.c12) / 3 == pytest.approx(eos.bulk_modulus, rel=0.02)
    # A pair potential at zero pressure obeys the Cauchy relation; one atom has no internal freedom.
    assert elastic.c44 == pytest.approx(elastic.c12, rel=0.02)
    assert elastic.c44 == pytest.approx(elastic.c44_clamped, rel=1e-6)


def test_relaxed_ions_soften_the_shear():
    atoms = bulk("Cu", "diamond", a=6.0)
    potential = MorsePotential(cutoff=3.5)
    atoms = relax(potential, atoms, cell=True, fmax=1e-6).atoms
    clamped = cubic_elastic(potential, atoms, ElasticProcedure(relax_ions=False))
    relaxed = cubic_elastic(potential, atoms)
    assert clamped.c44 == pytest.approx(relaxed.c44_clamped)
    assert relaxed.c44 < 0.9 * relaxed.c44_clamped


def test_vacancy_energy_falls_on_relaxation(copper):
    cell = bulk("Cu", a=(4 * copper.get_volume()) ** (1 / 3), cubic=True) * (2, 2, 2)
    clamped = vacancy_energy(POTENTIAL, cell)
    cell.calc = Calculator(POTENTIAL)
    # Half of the bonds of one atom are lost twice: a pair potential gives minus the energy per atom.
    assert clamped == pytest.approx(-cell.get_potential_energy() / len(cell), rel=1e-9)
    assert vacancy_energy(POTENTIAL, cell, relax_ions=True) < clamped


@pytest.mark.parametrize(
    ("bad", "name"), [({"fmax": 0.0}, "fmax"), ({"steps": 0}, "steps"), ({"cell": True}, "cell")]
)
def test_bad_relaxation_settings_are_named(bad, name):
    atoms = bulk("Cu", cubic=True)
    atoms.pbc = name != "cell"
    with pytest.raises(SettingsError, match=name):
        relax(POTENTIAL, atoms, **bad)


def test_relaxation_under_pressure_and_its_report(copper):
    squeezed = relax(POTENTIAL, copper, cell=True, pressure=2.0, fmax=1e-5)
    assert squeezed.converged
    assert squeezed.pressure == pytest.approx(2.0, abs=1e-2)
    assert squeezed.atoms.get_volume() < copper.get_volume()
