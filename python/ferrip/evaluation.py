"""Errors of predictions against labels, in the units in which potentials are compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferrip.data.frame import EV_PER_CUBIC_ANGSTROM_IN_GPA, Frame
from ferrip.errors import DataError
from ferrip.prediction import Prediction

N_WORST = 10


def error_metrics(
    frames: Sequence[Frame], predictions: Sequence[Prediction], *, align_energies: bool = False
) -> dict[str, Any]:
    """Mean absolute and root-mean-square errors, overall and per config type.

    Parameters
    ----------
    frames
        Labelled frames.
    predictions
        One prediction per frame.
    align_energies
        Take a least-squares energy offset per element (over all frames) out of the energy errors first.

    Returns
    -------
    dict
        `{"energy": {"mae_meV_per_atom", "rmse_meV_per_atom", "mae_meV", "rmse_meV"}, "forces": {"mae_meV_per_A",
        "rmse_meV_per_A"}, "stress": {"mae_GPa"}, "n_structures", "by_config_type"}`. `mae_meV` is per structure, forces
        and stress are per component; a quantity without labels (or, for stress, without a full cell) is None.
        With `align_energies`, `"energy_offsets_eV"` holds the offset per element.

    Raises
    ------
    DataError
        The numbers of frames and predictions differ, or a prediction has another number of atoms than its frame.

    Examples
    --------
    >>> frame = Frame(numbers=[14, 14], positions=np.eye(3)[:2], energy=-10.0)
    >>> guess = Prediction(energy=-9.99, energies=np.full(2, -4.995), forces=np.zeros((2, 3)))
    >>> metrics = error_metrics([frame], [guess])
    >>> round(metrics["energy"]["mae_meV_per_atom"], 6), metrics["forces"]["mae_meV_per_A"]
    (5.0, None)
    """
    _check_sizes(frames, predictions)
    offsets = energy_offsets(frames, predictions) if align_energies else {}
    energy_errors = _energy_errors(frames, predictions, offsets)
    metrics = _metrics(frames, predictions, energy_errors)
    metrics["by_config_type"] = {}
    for name in dict.fromkeys(frame.config_type for frame in frames):
        chosen = [k for k, frame in enumerate(frames) if frame.config_type == name]
        metrics["by_config_type"][name] = _metrics(
            [frames[k] for k in chosen], [predictions[k] for k in chosen], energy_errors[chosen]
        )
    if align_energies:
        metrics["energy_offsets_eV"] = offsets
    return metrics


def energy_offsets(frames: Sequence[Frame], predictions: Sequence[Prediction]) -> dict[str, float]:
    """Energy per element, eV, that least squares adds to the predictions to meet the labels (minimum norm).

    Elements are chemical symbols; the result is empty where no frame has an energy label.
    """
    from ase.data import chemical_symbols

    labelled = [
        (frame, guess) for frame, guess in zip(frames, predictions, strict=True) if frame.energy is not None
    ]
    if not labelled:
        return {}
    species = np.unique(np.concatenate([frame.numbers for frame, _ in labelled]))
    counts = np.array(
        [[np.count_nonzero(frame.numbers == z) for z in species] for frame, _ in labelled], dtype=float
    )
    n_atoms = np.maximum(counts.sum(axis=1), 1.0)
    misses = np.array([(frame.energy or 0.0) - guess.energy for frame, guess in labelled])
    solution, *_ = np.linalg.lstsq(counts / n_atoms[:, None], misses / n_atoms, rcond=None)
    return {chemical_symbols[z]: float(offset) for z, offset in zip(species, solution, strict=True)}


def worst_frames(
    frames: Sequence[Frame],
    predictions: Sequence[Prediction],
    *,
    align_energies: bool = False,
    n_worst: int = N_WORST,
) -> dict[str, list[dict[str, Any]]]:
    """The frames with the largest errors.

    Returns
    -------
    dict
        "energy" and "forces" → up to `n_worst` entries, worst first, with `source`, `index`, `config_type` and
        `error_meV_per_atom` (signed, prediction − label) or `rmse_meV_per_A`.

    Raises
    ------
    DataError
        As `error_metrics`.
    """
    _check_sizes(frames, predictions)
    offsets = energy_offsets(frames, predictions) if align_energies else {}
    n_atoms = np.array([max(frame.n_atoms, 1) for frame in frames])
    energy = 1e3 * _energy_errors(frames, predictions, offsets) / n_atoms
    forces = np.array(
        [
            np.nan if frame.forces is None or not frame.n_atoms else 1e3 * _rms(guess.forces - frame.forces)
            for frame, guess in zip(frames, predictions, strict=True)
        ]
    )
    return {
        "energy": _worst(frames, energy, "error_meV_per_atom", n_worst),
        "forces": _worst(frames, forces, "rmse_meV_per_A", n_worst),
    }


def _check_sizes(frames: Sequence[Frame], predictions: Sequence[Prediction]) -> None:
    if len(frames) != len(predictions):
        raise DataError(f"{len(frames)} frames but {len(predictions)} predictions")
    for frame, guess in zip(frames, predictions, strict=True):
        if guess.forces.shape != (frame.n_atoms, 3):
            raise DataError(f"{frame.label}: {frame.n_atoms} atoms but predicted forces {guess.forces.shape}")


def _energy_errors(
    frames: Sequence[Frame], predictions: Sequence[Prediction], offsets: dict[str, float]
) -> NDArray[np.float64]:
    """(n,) prediction − label of the total energies, eV; NaN without a label."""
    from ase.data import atomic_numbers

    per_element = {atomic_numbers[symbol]: offset for symbol, offset in offsets.items()}
    errors = np.full(len(frames), np.nan)
    for k, (frame, guess) in enumerate(zip(frames, predictions, strict=True)):
        if frame.energy is not None:
            shift = sum(per_element.get(int(z), 0.0) for z in frame.numbers) if per_element else 0.0
            errors[k] = guess.energy + shift - frame.energy
    return errors


def _metrics(
    frames: Sequence[Frame], predictions: Sequence[Prediction], energy_errors: NDArray[np.float64]
) -> dict[str, Any]:
    """Metrics of one group of frames."""
    pairs = list(zip(frames, predictions, strict=True))
    has_energy = np.isfinite(energy_errors)
    total = 1e3 * energy_errors[has_energy]
    per_atom = total / np.array([max(frame.n_atoms, 1) for frame in frames])[has_energy]
    forces = _joined(
        1e3 * (guess.forces - frame.forces) for frame, guess in pairs if frame.forces is not None
    )
    stress = _joined(
        EV_PER_CUBIC_ANGSTROM_IN_GPA * (guess.stress - frame.stress)
        for frame, guess in pairs
        if frame.stress is not None and guess.stress is not None
    )
    return {
        "energy": {
            "mae_meV_per_atom": _mae(per_atom),
            "rmse_meV_per_atom": _rmse(per_atom),
            "mae_meV": _mae(total),
            "rmse_meV": _rmse(total),
        },
        "forces": {"mae_meV_per_A": _mae(forces), "rmse_meV_per_A": _rmse(forces)},
        "stress": {"mae_GPa": _mae(stress)},
        "n_structures": len(frames),
    }


def _joined(parts: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate([np.zeros(0), *(part.ravel() for part in parts)])


def _mae(errors: NDArray[np.float64]) -> float | None:
    return float(np.mean(np.abs(errors))) if len(errors) else None


def _rmse(errors: NDArray[np.float64]) -> float | None:
    return _rms(errors) if len(errors) else None


def _rms(errors: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))


def _worst(
    frames: Sequence[Frame], errors: NDArray[np.float64], name: str, n_worst: int
) -> list[dict[str, Any]]:
    labelled = np.flatnonzero(np.isfinite(errors))
    order = labelled[np.argsort(-np.abs(errors[labelled]), kind="stable")][:n_worst]
    return [
        {
            "source": frames[k].source,
            "index": frames[k].index,
            "config_type": frames[k].config_type,
            name: float(errors[k]),
        }
        for k in order
    ]
