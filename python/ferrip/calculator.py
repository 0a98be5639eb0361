"""The ASE calculator of every potential."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from ase import Atoms
from ase.calculators.calculator import (
    Calculator as ASECalculator,
)
from ase.calculators.calculator import (
    PropertyNotImplementedError,
    external_calculators,
    register_calculator_class,
)
from ase.stress import full_3x3_to_voigt_6_stress

from ferrip.errors import SettingsError
from ferrip.potential import Potential, as_structure
from ferrip.precision import simd_of

if TYPE_CHECKING:
    from ferrip._core import Session

UNCERTAINTIES = ("energy_uncertainty", "energies_uncertainty", "forces_uncertainty")


def has_stress(atoms: Atoms) -> bool:
    """Return whether all three directions are periodic with a cell of finite volume."""
    return bool(atoms.pbc.all()) and abs(float(np.linalg.det(atoms.cell.array))) > 0.0


class Calculator(ASECalculator):
    """Energies, forces, stress and their uncertainties for ASE.

    Properties: `energy` and `free_energy` (equal, eV), `energies` (N,) (eV, they sum to `energy`), `forces` (N, 3)
    (eV/Å), `stress` (6,) (eV/Å³, Voigt xx yy zz yz xz xy, full cells only), and, computed only when asked for,
    `energy_uncertainty` (eV), `energies_uncertainty` (N,) (eV), `forces_uncertainty` (N, 3) (eV/Å): one standard
    deviation of the fit's posterior.

    Parameters
    ----------
    potential
        A potential, or the path of a `.ferrip` file.
    skin
        The neighbor list reaches this much further than the cutoff, Å, and is reused while no atom moved more
        than half of it.
    num_threads
        Threads; by default `FERRIP_NUM_THREADS`, `RAYON_NUM_THREADS` or all cores.
    precision
        ``"double"``, or ``"mixed"`` for about 1.6 times the speed: sums over the neighbors of an atom and their
        products are in single precision. Forces are within 1e-6 to 1e-4 of the largest one, the more the
        coefficients cancel each other (compare with double precision before a long run). ACE only.

    Raises
    ------
    SettingsError
        The skin is negative or not finite, or the potential has no mixed precision.
    UnsupportedElementError
        On evaluation: an element that the potential does not know.
    PropertyNotImplementedError
        On evaluation: stress of a structure without a full cell or of a potential with direct forces, or
        uncertainties of a potential without them.

    Examples
    --------
    >>> from ase.build import bulk
    >>> atoms = bulk("Si")
    >>> atoms.calc = Calculator("Si.ferrip")  # doctest: +SKIP
    >>> atoms.get_potential_energy()  # doctest: +SKIP
    """

    implemented_properties: list[str] = [  # noqa: RUF012 - so ASE declares it
        "energy",
        "free_energy",
        "energies",
        "forces",
        "stress",
        *UNCERTAINTIES,
    ]
    ignored_changes: set[str] = {"initial_charges", "initial_magmoms"}  # noqa: RUF012 - so ASE declares it

    def __init__(
        self,
        potential: Potential | str | PathLike[str],
        *,
        skin: float = 0.7,
        num_threads: int | None = None,
        precision: str = "double",
    ) -> None:
        if not (np.isfinite(skin) and skin >= 0.0):
            raise SettingsError(f"skin: expected a non-negative number of Å, got {skin}")
        super().__init__()
        if isinstance(potential, str | PathLike):
            from ferrip.potential_io import load

            potential = load(potential)
        self.potential = cast(Potential, potential)
        self._num_threads = num_threads
        evaluator = self.potential.evaluator(simd_of(precision))
        self._session: Session = evaluator.session(skin, num_threads)

    @property
    def session(self) -> Session:
        """The evaluator with its neighbor list: rebuilds, neighbors and minimum distances of the last call."""
        return self._session

    def calculate(
        self, atoms: Atoms | None = None, properties: list[str] | None = None, system_changes: Any = None
    ) -> None:
        """Compute the results for a structure; ASE calls this."""
        properties = properties or ["energy"]
        if atoms is not None:
            self.atoms = atoms.copy()
        atoms = self.atoms
        if "stress" in properties and not has_stress(atoms):
            raise PropertyNotImplementedError(
                "stress: the structure has no cell with three periodic directions"
            )
        if "stress" in properties and not self.potential.conservative:
            raise PropertyNotImplementedError(
                "stress: the forces of this potential are direct, not derivatives of its energy"
            )
        if "energy" not in self.results or system_changes:
            self.results = self._evaluate(atoms)
        self.results.update(self._uncertainty(atoms, [name for name in properties if name in UNCERTAINTIES]))

    def _evaluate(self, atoms: Atoms) -> dict[str, Any]:
        energies, forces, strain_gradient = self._session.compute(as_structure(atoms))
        energy = float(np.sum(energies))
        results = {"energy": energy, "free_energy": energy, "energies": energies, "forces": forces}
        if has_stress(atoms) and self.potential.conservative:
            results["stress"] = full_3x3_to_voigt_6_stress(strain_gradient) / atoms.get_volume()
        return results

    def _uncertainty(self, atoms: Atoms, properties: list[str]) -> dict[str, Any]:
        if not properties:
            return {}
        potential, threads = self.potential, self._num_threads
        if not potential.has_uncertainty:
            raise PropertyNotImplementedError("this potential was fitted without uncertainties")
        computed = {
            "energy_uncertainty": potential.energy_uncertainty,
            "energies_uncertainty": potential.energies_uncertainty,
            "forces_uncertainty": potential.forces_uncertainty,
        }
        return {name: computed[name](atoms, threads) for name in properties}


if "ferrip" not in external_calculators:
    register_calculator_class("ferrip", Calculator)
