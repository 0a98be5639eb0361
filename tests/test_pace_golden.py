"""Energies, forces and virials of ML-PACE itself, where ../shared/golden is there."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from ase.data import atomic_numbers

import ferrip
from ferrip import _core

ROOTS = [parent / "shared" / "golden" / "pace" for parent in Path(__file__).parents[2:4]]
GOLDEN = next((root for root in ROOTS if root.is_dir()), ROOTS[0])
FILES = sorted(path.name for path in GOLDEN.glob("*ace")) if GOLDEN.is_dir() else []


def largest(values: np.ndarray) -> float:
    return max(1.0, float(np.abs(values).max()))


@pytest.mark.skipif(not FILES, reason="no ../shared/golden")
@pytest.mark.parametrize("name", FILES or [""])
def test_equals_ml_pace(name: str) -> None:
    potential = ferrip.load(GOLDEN / name)
    reference = json.loads(gzip.decompress((GOLDEN / f"{Path(name).stem}.json.gz").read_bytes()))
    for frame in reference["frames"]:
        numbers = np.array([atomic_numbers[symbol] for symbol in frame["symbols"]], dtype=np.int64)
        arrays = (np.array(frame[key]) for key in ("positions", "cell", "pbc"))
        structure = (numbers, *arrays)
        energies, forces, virial = (np.array(frame[key]) for key in ("energies", "forces", "virial"))
        e, f, strain = potential.evaluator().compute(structure)
        assert np.abs(e - energies).max() < 1e-8 * largest(energies), frame["name"]
        assert np.abs(f - forces).max() < 1e-6 * largest(forces), frame["name"]
        assert np.abs(-strain - virial).max() < 2e-6 * largest(virial), frame["name"]
        analytic = _core.compute_analytic(potential.descriptor, potential.readout(), structure)[0]
        assert np.abs(analytic - energies).max() < 1e-8 * largest(energies), frame["name"]
