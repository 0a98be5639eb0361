"""DFT reference properties, with the settings of the frames and a stated procedure.

A fitted potential is compared by the very same procedure: same strains, same finite
differences, same way of relaxing the ions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from scipy.optimize import curve_fit

from .cache import Cache
from .crystals import EOS_GRID, equation_of_state
from .frame import A_GUESS, cubic, strained, voigt
from .vacancy import large_vacancy

GPA = 160.21766208
"""GPa per eV/Å³."""
FIT_RANGE = (0.905, 1.095)
"""Volume ratios that enter the Birch-Murnaghan fit."""
STRAIN = 0.005
"""Amplitude of the finite strains."""
FORCE_LIMIT = 1.0e-3
"""Largest force left after the relaxation of the ions, eV/Å."""

PROCEDURE = {
    "energy_volume": (
        "2-atom primitive diamond cell, 9x9x9 Gamma-centred k grid at every volume, at volumes "
        f"(5.469 Å)³/8 per atom times {[f.name[4:] for f in equation_of_state()]}"
    ),
    "lattice_constant": (
        "minimum of a third-order Birch-Murnaghan energy-volume curve, least squares through "
        f"the points with volume ratios in {list(FIT_RANGE)}"
    ),
    "bulk_modulus": "B0 of the same fit",
    "elastic_constants": (
        "2-atom primitive diamond cell at lattice_constant_A, 9x9x9 k grid, r' = (1 + ε) r; "
        f"tensor strains of ±{STRAIN}; central finite differences of the stress "
        "σ = (1/V) dE/dε. C11 = [σ_xx(+) - σ_xx(-)] / 2ε and C12 = [σ_yy(+) - σ_yy(-)] / 2ε "
        "for ε_xx = ±ε (the ions stay by symmetry). C44 = [σ_yz(+) - σ_yz(-)] / 4ε for "
        "ε_yz = ε_zy = ±ε with relaxed ions: the second atom is moved along x until its force "
        f"is below {FORCE_LIMIT} eV/Å at fixed cell. By the two-fold axis z the cell of -ε is "
        "that of +ε turned, so only +ε is calculated. C44_clamped: the same without relaxation."
    ),
    "vacancy": (
        "unrelaxed: 64-atom cubic cell (2x2x2) at lattice constant 5.469 Å without one atom, 3x3x3 k "
        "grid; E_f = E(63 atoms) - 63 E_bulk with E_bulk per atom of the 8-atom cubic cell "
        "on a 6x6x6 k grid, whose k points are those of the 64-atom cell on 3x3x3"
    ),
}


def birch_murnaghan(
    volume: np.ndarray, energy0: float, volume0: float, bulk0: float, slope: float
) -> np.ndarray:
    """Return the third-order Birch-Murnaghan energy.

    F. Birch, Phys. Rev. 71, 809 (1947), doi:10.1103/PhysRev.71.809.

    Parameters
    ----------
    volume, volume0
        Volume and equilibrium volume, Å³.
    energy0
        Minimum energy, eV.
    bulk0, slope
        Bulk modulus at the minimum, eV/Å³, and its pressure derivative.
    """
    x = (volume0 / volume) ** (2 / 3) - 1.0
    return energy0 + 9 * volume0 * bulk0 / 16 * (x**3 * slope + x**2 * (2 - 4 * x))


@dataclass(frozen=True)
class EnergyVolume:
    """Energy-volume curve of diamond and its fit, per atom."""

    ratios: np.ndarray
    volumes: np.ndarray
    energies: np.ndarray
    pressures: np.ndarray
    fit: np.ndarray

    @property
    def lattice_constant(self) -> float:
        """Lattice constant of the fit, Å."""
        return float((8 * self.fit[1]) ** (1 / 3))


def energy_volume(cache: Cache) -> EnergyVolume:
    """Calculate the curve (its points are frames of the set) and fit it."""
    rows = []
    for frame in equation_of_state():
        done = cache.calculate(frame.name, frame.atoms, frame.kgrid)
        volume = done.atoms.get_volume() / 2
        pressure = -np.trace(done.labels.stress) / 3 * GPA
        rows.append((float(frame.name[4:]), volume, done.labels.energy / 2, pressure))
    ratios, volumes, energies, pressures = np.array(rows).T
    near = (ratios > FIT_RANGE[0]) & (ratios < FIT_RANGE[1])
    guess = (energies.min(), A_GUESS**3 / 8, 0.55, 4.2)
    fit, _ = curve_fit(birch_murnaghan, volumes[near], energies[near], guess)
    return EnergyVolume(ratios, volumes, energies, pressures, fit)


def elastic_constants(cache: Cache, lattice_constant: float) -> dict[str, float]:
    """Return C11, C12, C44, C44 with clamped ions (GPa) and the internal displacement (Å)."""
    cell = bulk("Si", "diamond", lattice_constant)

    def stress(name: str, atoms: Atoms) -> tuple[np.ndarray, np.ndarray]:
        labels = cache.calculate(name, atoms, EOS_GRID).labels
        return labels.stress * GPA, labels.forces

    plus, _ = stress("ref_xx_plus", strained(cell, voigt(STRAIN, 0, 0, 0, 0, 0)))
    minus, _ = stress("ref_xx_minus", strained(cell, voigt(-STRAIN, 0, 0, 0, 0, 0)))
    difference = (plus - minus) / (2 * STRAIN)

    sheared = strained(cell, voigt(0, 0, 0, STRAIN, 0, 0))
    clamped, forces = stress("ref_yz_0", sheared)
    # Newton, then secant steps of the internal displacement u along x; the first slope is the
    # optical spring constant of silicon, about 15 eV/Å² between the two sublattices.
    u, spring, step = 0.0, 15.0, 0
    sigma, force = clamped, forces[1, 0]
    while abs(force) > FORCE_LIMIT:
        step += 1
        move = force / spring
        atoms = sheared.copy()
        atoms.positions[1, 0] += u + move
        sigma, forces = stress(f"ref_yz_{step}", atoms)
        spring = (force - forces[1, 0]) / move
        u, force = u + move, forces[1, 0]
    return {
        "C11": difference[0, 0],
        "C12": difference[1, 1],
        "C44": sigma[1, 2] / (2 * STRAIN),
        "C44_clamped": clamped[1, 2] / (2 * STRAIN),
        "internal_displacement_A": u,
        "internal_displacement_residual_force_eV_per_A": abs(force),
    }


def vacancy_energy(cache: Cache) -> dict[str, float] | None:
    """Return the unrelaxed vacancy energy and its parts, or None where it is not finished."""
    vacancy = cache.load("vacancy63")
    if vacancy is None or not np.allclose(vacancy.atoms.positions, large_vacancy().positions):
        return None
    bulk8 = cache.calculate("ref_bulk8_k6", cubic(), (6, 6, 6)).labels.energy / 8
    return {
        "formation_energy_unrelaxed_eV": vacancy.labels.energy - 63 * bulk8,
        "energy_63_atoms_eV": vacancy.labels.energy,
        "bulk_energy_per_atom_eV": bulk8,
        "lattice_constant_A": A_GUESS,
    }


def write_reference(cache: Cache, folder: Path) -> None:
    """Calculate what is missing and write ``reference.json`` into `folder`."""
    curve = energy_volume(cache)
    energy0, volume0, bulk0, slope = curve.fit
    elastic = elastic_constants(cache, curve.lattice_constant)
    slopes = [
        -np.polynomial.Polynomial.fit(curve.volumes, curve.energies, 6).deriv()(v) * GPA
        for v in curve.volumes
    ]

    def digits(value: float, n: int) -> float:
        return round(float(value), n)

    reference = {
        "structure": "diamond",
        "dft": cache.settings.metadata(),
        "lattice_constant_A": digits(curve.lattice_constant, 5),
        "volume_A3_per_atom": digits(volume0, 5),
        "energy_eV_per_atom": digits(energy0, 6),
        "bulk_modulus_GPa": digits(bulk0 * GPA, 2),
        "bulk_modulus_derivative": digits(slope, 2),
        "elastic_constants_GPa": {
            key: digits(elastic[key], 2) for key in ("C11", "C12", "C44", "C44_clamped")
        },
        "internal_displacement_A": digits(elastic["internal_displacement_A"], 6),
        "energy_volume": {
            "volume_ratio": curve.ratios.tolist(),
            "volume_A3_per_atom": [digits(v, 6) for v in curve.volumes],
            "energy_eV_per_atom": [digits(e, 7) for e in curve.energies],
            "pressure_from_stress_GPa": [digits(p, 4) for p in curve.pressures],
            "pressure_from_slope_GPa": [digits(p, 4) for p in slopes],
        },
        "vacancy": vacancy_energy(cache),
        "procedure": PROCEDURE,
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(reference, indent=2, ensure_ascii=False)
    (folder / "reference.json").write_text(text + "\n")
    print(text)
