"""Reference energies E0 per element: given > isolated atoms > least squares."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from ase.data import atomic_numbers, chemical_symbols

from ferrip.data import Frame
from ferrip.errors import DataError, SettingsError


def parse_e0(given: dict[str, float]) -> dict[int, float]:
    """Energies by atomic number from energies by symbol (eV).

    Raises
    ------
    SettingsError
        For an unknown symbol or an energy that is not finite.
    """
    energies = {}
    for symbol, energy in given.items():
        if symbol not in atomic_numbers or symbol == "X":
            raise SettingsError(f"e0: {symbol!r} is no chemical symbol")
        if not np.isfinite(energy):
            raise SettingsError(f"e0: the energy of {symbol} is {energy}")
        energies[atomic_numbers[symbol]] = float(energy)
    return energies


def reference_energies(
    frames: Sequence[Frame], elements: Sequence[int], given: dict[str, float] | None
) -> tuple[dict[int, float], dict[str, str]]:
    """E0 in eV of every element, and where each came from.

    Elements without a given energy take the mean energy of their isolated atoms; what is left is the
    least-squares solution of `E = Σ_z n_z E0_z` over the frames, of minimum norm (with a warning) where the
    compositions do not decide it.

    Parameters
    ----------
    frames
        Training frames; those without an energy are not used.
    elements
        Atomic numbers that need an energy.
    given
        Energies by symbol (eV), or `None`.

    Returns
    -------
    tuple
        Energies by atomic number, and by symbol `"given"`, `"isolated atom"` or `"least squares"`.
    """
    energies = {z: e for z, e in parse_e0(given or {}).items() if z in elements}
    unused = [symbol for symbol in given or {} if atomic_numbers[symbol] not in elements]
    if unused:
        warnings.warn(f"e0: the data hold no {', '.join(unused)}", stacklevel=2)
    source = {chemical_symbols[z]: "given" for z in energies}
    for z in elements:
        found = [
            f.energy for f in frames if f.is_isolated_atom and f.energy is not None and f.numbers[0] == z
        ]
        if z not in energies and found:
            energies[z] = float(np.mean(found))
            source[chemical_symbols[z]] = "isolated atom"
    missing = [z for z in elements if z not in energies]
    if missing:
        energies |= _least_squares(frames, missing, energies)
        source |= {chemical_symbols[z]: "least squares" for z in missing}
    return {z: energies[z] for z in elements}, source


def _least_squares(frames: Sequence[Frame], missing: list[int], known: dict[int, float]) -> dict[int, float]:
    labelled = [f for f in frames if f.energy is not None and np.isin(f.numbers, missing).any()]
    symbols = [chemical_symbols[z] for z in missing]
    if not labelled:
        raise DataError(
            f"no energy label decides E0 of {', '.join(symbols)}; give it, e.g. e0 {symbols[0]}=-157.2"
        )
    counts = np.array([[np.count_nonzero(f.numbers == z) for z in missing] for f in labelled], float)
    rest = [sum(known.get(int(z), 0.0) for z in f.numbers) for f in labelled]
    target = np.array([f.energy for f in labelled], float) - rest
    size = np.array([len(f.numbers) for f in labelled], float)
    solution, _, rank, _ = np.linalg.lstsq(counts / size[:, None], target / size, rcond=1e-10)
    if rank < len(missing):
        warnings.warn(
            f"the compositions in the data do not decide E0 of {', '.join(symbols)} (rank {rank} of "
            f"{len(missing)}): the least-squares solution of minimum norm is used; give e0 or add isolated atoms",
            stacklevel=2,
        )
    return {z: float(e) for z, e in zip(missing, solution, strict=True)}
