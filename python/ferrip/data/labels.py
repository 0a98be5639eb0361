"""Where the labels of a structure are: the order in which keys are looked up, and the units and signs behind them.

Order per quantity: the key that was given > `REF_energy`, `REF_forces`, `REF_stress`, `REF_virial` > results of the
calculator > known aliases. Forces are taken as stored: constraints never zero a training force.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ferrip.data.frame import Frame
from ferrip.errors import DataError

if TYPE_CHECKING:
    from ase import Atoms

ENERGY_ALIASES = ("energy", "dft_energy", "DFT_energy", "Energy", "total_energy", "energy_eV", "free_energy")
FORCES_ALIASES = (
    "forces",
    "force",
    "dft_forces",
    "dft_force",
    "DFT_forces",
    "DFT_force",
    "Forces",
    "forces_eV_A",
)
STRESS_ALIASES = ("stress", "dft_stress", "DFT_stress", "Stress")
VIRIAL_ALIASES = ("virial", "virials", "dft_virial", "dft_virials", "DFT_virial", "Virial")
WEIGHT_KEYS = ("weight", "config_weight")

METADATA_KEYS = {
    "dft_functional": "functional",
    "functional": "functional",
    "xc": "functional",
    "dft_code": "code",
    "dft_pseudopotential": "pseudopotential",
    "pseudopotential": "pseudopotential",
    "dft_ecutwfc_Ry": "cutoff_Ry",
    "dft_cutoff_eV": "cutoff_eV",
    "dft_encut_eV": "cutoff_eV",
    "dft_kspacing": "kspacing",
    "dft_smearing": "smearing",
}
"""Keys of `info` that state DFT settings → names in `Frame.metadata`; other `dft_*` strings keep their name."""


@dataclass(frozen=True, kw_only=True)
class LabelKeys:
    """Names of the labels in the data; None looks for the known names.

    Attributes
    ----------
    energy : str or None
        Key of the total energy, eV, in `info`.
    forces : str or None
        Key of the forces, eV/Å, in `arrays`.
    stress : str or None
        Key of the stress, eV/Å³, ASE's sign, in `info`: 6 Voigt numbers, 9 numbers or a 3×3 matrix.
    virial : str or None
        Key of the virial −V σ, eV, in `info`, in the same forms. Not together with `stress`.

    Raises
    ------
    DataError
        Both `stress` and `virial` are given.
    """

    energy: str | None = None
    forces: str | None = None
    stress: str | None = None
    virial: str | None = None

    def __post_init__(self) -> None:
        if self.stress is not None and self.virial is not None:
            raise DataError("give the key of the stress or of the virial, not both")


def frame_from_atoms(
    atoms: Atoms,
    *,
    keys: LabelKeys | None = None,
    source: str = "memory",
    index: int = 0,
    is_fresh: bool = False,
) -> Frame:
    """Frame of an `ase.Atoms`; see `Frame.from_atoms`.

    With `is_fresh`, the calculator is known to hold results of this very structure (it was just read from a file).
    """
    keys = keys or LabelKeys()
    where = f"{source} frame {index}"
    results = _calculator_results(atoms, is_fresh)
    energy_key, energy = _find(
        where, "energy", keys.energy, "REF_energy", results, atoms.info, ENERGY_ALIASES
    )
    forces_key, forces = _find(
        where, "forces", keys.forces, "REF_forces", results, atoms.arrays, FORCES_ALIASES
    )
    stress_key, stress = _find_stress(where, keys, results, atoms)
    found = {"energy": energy_key, "forces": forces_key, "stress": stress_key}
    return Frame(
        numbers=atoms.numbers,
        positions=atoms.positions,
        cell=np.asarray(atoms.cell),
        pbc=atoms.pbc,
        energy=energy,
        forces=forces,
        stress=stress,
        config_type=str(atoms.info.get("config_type", "default")),
        weight=_weight(where, atoms.info),
        source=source,
        index=index,
        metadata=_metadata(atoms.info),
        keys={quantity: key for quantity, key in found.items() if key is not None},
    )


def _calculator_results(atoms: Atoms, is_fresh: bool) -> Mapping[str, object]:
    """Results that the calculator holds for just this structure; nothing is computed."""
    calculator = atoms.calc
    results = getattr(calculator, "results", None)
    if not results:
        return {}
    check_state = getattr(calculator, "check_state", None)
    if is_fresh or check_state is None or getattr(calculator, "atoms", None) is None:
        return results
    return {} if check_state(atoms) else results


def _find(
    where: str,
    quantity: str,
    given: str | None,
    reference: str,
    results: Mapping[str, object],
    store: Mapping[str, object],
    aliases: tuple[str, ...],
) -> tuple[str | None, Any]:
    """(Name of the key, value) of the first place that holds the quantity, or (None, None)."""
    if given is not None:
        if given in store:
            return given, store[given]
        if results.get(given) is not None:
            return f"calculator {given}", results[given]
        raise DataError(f"{where}: no {quantity} under the key '{given}'{_hint(store, results)}")
    if reference in store:
        return reference, store[reference]
    if results.get(quantity) is not None:
        return f"calculator {quantity}", results[quantity]
    for alias in aliases:
        if alias in store:
            return alias, store[alias]
    if quantity == "energy" and results.get("free_energy") is not None:
        return "calculator free_energy", results["free_energy"]
    return None, None


def _hint(store: Mapping[str, object], results: Mapping[str, object]) -> str:
    known = sorted((set(store) | set(results)) - {"numbers", "positions"})
    return f"; the frame holds: {', '.join(known)}" if known else "; the frame holds no labels"


def _find_stress(
    where: str, keys: LabelKeys, results: Mapping[str, object], atoms: Atoms
) -> tuple[str | None, NDArray[np.float64] | None]:
    """Stress from a stress or a virial label, in the order of the module."""
    candidates: Iterator[tuple[str | None, object, bool]] = (
        (*_find(where, quantity, given, reference, held, atoms.info, aliases), is_virial)
        for quantity, given, reference, held, aliases, is_virial in _stress_places(keys, results)
    )
    for key, value, is_virial in candidates:
        if key is None:
            continue
        voigt = _voigt(where, key, value)
        if not is_virial:
            return key, voigt
        with np.errstate(invalid="ignore"):  # numbers that are not finite are reported for the whole frame
            volume = abs(float(np.linalg.det(np.asarray(atoms.cell))))
        if volume > 0.0:
            return key, -voigt / volume
        if keys.virial is not None or np.any(voigt != 0.0):
            raise DataError(f"{where}: a virial ('{key}') needs a full cell")
    return None, None


def _stress_places(
    keys: LabelKeys, results: Mapping[str, object]
) -> list[tuple[str, str | None, str, Mapping[str, object], tuple[str, ...], bool]]:
    """(quantity, given key, reference key, results, aliases, is a virial) in the order to look at."""
    nothing: Mapping[str, object] = {}
    if keys.virial is not None:
        return [("virial", keys.virial, "", results, (), True)]
    if keys.stress is not None:
        return [("stress", keys.stress, "", results, (), False)]
    return [
        ("stress", None, "REF_stress", nothing, (), False),
        ("virial", None, "REF_virial", nothing, (), True),
        ("stress", None, "", results, STRESS_ALIASES, False),
        ("virial", None, "", nothing, VIRIAL_ALIASES, True),
    ]


def _voigt(where: str, key: str, value: object) -> NDArray[np.float64]:
    """(6,) xx yy zz yz xz xy of 6 numbers, 9 numbers or a 3×3 matrix, which must be symmetric."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{where}: '{key}' is not made of numbers") from None
    if array.shape == (6,):
        return array
    if array.shape not in ((9,), (3, 3)):
        raise DataError(f"{where}: '{key}' should be 6, 9 or 3×3 numbers, got shape {array.shape}")
    matrix = array.reshape(3, 3)
    scale = float(np.abs(matrix).max())
    if np.abs(matrix - matrix.T).max() > 1e-2 * scale + 1e-8:
        raise DataError(f"{where}: '{key}' is not a symmetric matrix")
    matrix = 0.5 * (matrix + matrix.T)
    return matrix[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]


def _weight(where: str, info: Mapping[str, object]) -> float:
    for key in WEIGHT_KEYS:
        if key in info:
            try:
                return float(info[key])  # type: ignore[arg-type]
            except (TypeError, ValueError):
                raise DataError(f"{where}: '{key}' is not a number") from None
    return 1.0


def _metadata(info: Mapping[str, object]) -> dict[str, str]:
    """DFT settings that the frame states."""
    labels = {*ENERGY_ALIASES, *FORCES_ALIASES, *STRESS_ALIASES, *VIRIAL_ALIASES}
    metadata = {}
    for key, value in info.items():
        if key in labels or not isinstance(value, str | int | float | np.number):
            continue
        if key in METADATA_KEYS:
            metadata[METADATA_KEYS[key]] = str(value)
        elif key.startswith("dft_"):
            metadata[key.removeprefix("dft_")] = str(value)
    return metadata
