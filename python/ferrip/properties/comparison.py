"""Crystal properties of a potential next to DFT values, computed by the very same procedure.

The reference is the document that ships beside a data set (`reference.json`): the volumes and the fit range of the
energy-volume curve, the strains of the elastic constants, the lattice constant of the vacancy cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.build import bulk
from numpy.typing import NDArray

from ferrip.errors import DataError
from ferrip.properties.elastic import ElasticProcedure, cubic_elastic
from ferrip.properties.eos import EquationOfState, energy_volume, equation_of_state, fit_birch_murnaghan
from ferrip.properties.vacancy import vacancy_energy
from ferrip.relax import relax

if TYPE_CHECKING:
    from ferrip.potential import Potential

FIT_RANGE = (0.905, 1.095)
"""Volume ratios that enter the Birch-Murnaghan fit."""
FINE_POINTS = 81
HEADINGS = ("property", "potential", "DFT", "deviation")
ATOMS_PER_CUBE = {"diamond": 8, "fcc": 4, "bcc": 2, "sc": 1}


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """One property.

    Attributes
    ----------
    name, unit
        What it is.
    value, reference
        By the potential and by DFT; the reference is None where there is none.
    """

    name: str
    unit: str
    value: float
    reference: float | None

    @property
    def deviation(self) -> float | None:
        """(value − reference) / reference in percent."""
        return None if not self.reference else 100.0 * (self.value - self.reference) / self.reference


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Properties of an elemental cubic crystal.

    Attributes
    ----------
    quantities
        Lattice constant, bulk modulus, elastic constants, vacancy energy.
    curve, reference_curve
        Energy-volume curves of potential and DFT at the DFT volumes.
    smooth
        Volumes (Å³ per atom) and energies (eV per atom) of the potential on a fine grid, (2, n).
    """

    quantities: tuple[Quantity, ...]
    curve: EquationOfState
    reference_curve: EquationOfState
    smooth: NDArray[np.float64]

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return name with unit, potential, DFT and deviation of every property, as text."""
        return [
            (
                f"{q.name}, {q.unit}",
                f"{q.value:.3f}",
                "–" if q.reference is None else f"{q.reference:.3f}",
                "–" if q.deviation is None else f"{q.deviation:+.1f} %",
            )
            for q in self.quantities
        ]

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Return the properties as a JSON document."""
        return {
            q.name: {
                "unit": q.unit,
                "potential": q.value,
                "dft": q.reference,
                "deviation_percent": q.deviation,
            }
            for q in self.quantities
        }


def compare_with_reference(
    potential: Potential, symbol: str, reference: Mapping[str, Any], *, num_threads: int | None = None
) -> Comparison:
    """Compute what the reference holds, as the reference did.

    Parameters
    ----------
    potential
        The potential.
    symbol
        Chemical symbol of the crystal.
    reference
        The document of `reference.json`.
    num_threads
        Threads of the evaluator.

    Raises
    ------
    DataError
        The reference lacks an entry, or is of a structure that is not cubic.
    """
    try:
        return _compare(potential, symbol, reference, num_threads)
    except KeyError as error:
        raise DataError(f"reference: there is no entry {error}") from error


def _compare(
    potential: Potential, symbol: str, reference: Mapping[str, Any], num_threads: int | None
) -> Comparison:
    structure = reference["structure"]
    if structure not in ATOMS_PER_CUBE:
        raise DataError(f"reference: structure {structure!r} is none of {', '.join(ATOMS_PER_CUBE)}")
    points = reference["energy_volume"]
    volumes = np.array(points["volume_A3_per_atom"], float)
    ratios = np.array(points["volume_ratio"], float)
    near = (ratios > FIT_RANGE[0]) & (ratios < FIT_RANGE[1])
    reference_curve = fit_birch_murnaghan(volumes, np.array(points["energy_eV_per_atom"], float), near)
    a_dft = float(reference["lattice_constant_A"])
    primitive = bulk(symbol, structure, a_dft)
    curve = equation_of_state(potential, primitive, volumes, fit=near, num_threads=num_threads)
    a_fit = curve.lattice_constant(ATOMS_PER_CUBE[structure])
    relaxed = relax(
        potential, bulk(symbol, structure, a_fit), cell=True, fmax=1e-5, num_threads=num_threads
    ).atoms
    a_relaxed = (ATOMS_PER_CUBE[structure] * relaxed.get_volume() / len(relaxed)) ** (1.0 / 3.0)
    elastic = cubic_elastic(
        potential, bulk(symbol, structure, a_fit), ElasticProcedure(), num_threads=num_threads
    )
    expected = reference["elastic_constants_GPa"]
    quantities = [
        Quantity(name="lattice constant (energy-volume)", unit="Å", value=a_fit, reference=a_dft),
        Quantity(name="lattice constant (relaxed)", unit="Å", value=a_relaxed, reference=a_dft),
        Quantity(
            name="bulk modulus", unit="GPa", value=curve.bulk_modulus, reference=reference["bulk_modulus_GPa"]
        ),
        Quantity(name="C11", unit="GPa", value=elastic.c11, reference=expected["C11"]),
        Quantity(name="C12", unit="GPa", value=elastic.c12, reference=expected["C12"]),
        Quantity(name="C44", unit="GPa", value=elastic.c44, reference=expected["C44"]),
        Quantity(
            name="C44 (clamped ions)",
            unit="GPa",
            value=elastic.c44_clamped,
            reference=expected.get("C44_clamped"),
        ),
    ]
    vacancy = reference.get("vacancy")
    if vacancy is not None:
        cell = bulk(symbol, structure, float(vacancy["lattice_constant_A"]), cubic=True) * (2, 2, 2)
        energy = vacancy_energy(potential, cell, num_threads=num_threads)
        expected_energy = vacancy["formation_energy_unrelaxed_eV"]
        quantities.append(
            Quantity(name="vacancy energy (unrelaxed)", unit="eV", value=energy, reference=expected_energy)
        )
    fine = np.linspace(volumes.min(), volumes.max(), FINE_POINTS)
    return Comparison(
        quantities=tuple(quantities),
        curve=curve,
        reference_curve=reference_curve,
        smooth=np.stack([fine, energy_volume(potential, primitive, fine, num_threads=num_threads)]),
    )
