"""Properties next to a reference that the same potential made: they agree."""

import numpy as np
import pytest
from ase.build import bulk
from standins import MorsePotential

from ferrip.errors import DataError
from ferrip.properties import cubic_elastic, equation_of_state, vacancy_energy
from ferrip.properties.comparison import compare_with_reference
from ferrip.relax import relax

POTENTIAL = MorsePotential()
RATIOS = np.linspace(0.85, 1.15, 11)


@pytest.fixture(scope="module")
def reference():
    volumes = RATIOS * relax(POTENTIAL, bulk("Cu"), cell=True).atoms.get_volume()
    eos = equation_of_state(
        POTENTIAL, bulk("Cu", "fcc", 3.9), volumes, fit=(RATIOS > 0.905) & (RATIOS < 1.095)
    )
    a = eos.lattice_constant(4)
    elastic = cubic_elastic(POTENTIAL, bulk("Cu", "fcc", a))
    return {
        "structure": "fcc",
        "lattice_constant_A": a,
        "bulk_modulus_GPa": eos.bulk_modulus,
        "elastic_constants_GPa": {"C11": elastic.c11, "C12": elastic.c12, "C44": elastic.c44},
        "energy_volume": {
            "volume_ratio": RATIOS.tolist(),
            "volume_A3_per_atom": volumes.tolist(),
            "energy_eV_per_atom": (eos.energies - 100.0).tolist(),
        },
        "vacancy": {
            "lattice_constant_A": 3.9,
            "formation_energy_unrelaxed_eV": vacancy_energy(
                POTENTIAL, bulk("Cu", a=3.9, cubic=True) * (2, 2, 2)
            ),
        },
    }


def test_the_same_potential_deviates_by_nothing(reference):
    comparison = compare_with_reference(POTENTIAL, "Cu", reference)
    names = [q.name for q in comparison.quantities]
    assert "C44 (clamped ions)" in names
    for quantity in comparison.quantities:
        if quantity.reference is not None:
            # The relaxed cell is the true minimum, the reference the minimum of the fit.
            assert quantity.deviation == pytest.approx(0.0, abs=0.5 if "relaxed)" in quantity.name else 1e-6)
    assert comparison.smooth.shape[0] == 2
    assert comparison.as_dict()["C11"]["unit"] == "GPa"
    assert len(comparison.rows()) == len(names)


def test_a_reference_without_vacancy_is_fine(reference):
    comparison = compare_with_reference(POTENTIAL, "Cu", {**reference, "vacancy": None})
    assert not any("vacancy" in q.name for q in comparison.quantities)


def test_a_bad_reference_is_named(reference):
    with pytest.raises(DataError, match="structure 'hcp'"):
        compare_with_reference(POTENTIAL, "Cu", {**reference, "structure": "hcp"})
    partial = {key: value for key, value in reference.items() if key != "bulk_modulus_GPa"}
    with pytest.raises(DataError, match="bulk_modulus_GPa"):
        compare_with_reference(POTENTIAL, "Cu", partial)
