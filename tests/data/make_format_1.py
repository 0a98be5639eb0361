"""Writes `format-1.ferrip`, a small potential of file format 1, and `format-1.json`, what it says about structures.

Both are kept for ever: every later version must read the file and give these numbers. The script documents how they
came about; run it again only while format 1 is not released (`python tests/data/make_format_1.py`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk, molecule

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from fitted import label  # noqa: E402

import ferrip  # noqa: E402


def alloy(rng: np.random.Generator) -> Atoms:
    """A strained and rattled four-atom fcc cell of copper and zinc."""
    atoms = bulk("Cu", "fcc", a=rng.uniform(3.4, 4.1), cubic=True)
    atoms.numbers = rng.choice([29, 30], size=4)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + 0.04 * rng.normal(size=(3, 3))), scale_atoms=True)
    atoms.positions += 0.15 * rng.normal(size=(4, 3))
    return atoms


def main() -> None:
    """Fit, save, and store the predictions."""
    rng = np.random.default_rng(1)
    frames = [label(alloy(rng), index, "alloy") for index in range(24)]
    potential = ferrip.fit(
        frames,
        max_order=3,
        degree=4.0,
        cutoff=5.0,
        e0={"Cu": -1.25, "Zn": -0.75},
        solver="bayes",
        progress=False,
    )
    potential.save(HERE / "format-1.ferrip")
    dimer = molecule("H2")
    dimer.numbers[:] = [29, 30]
    dimer.positions *= 0.6 / dimer.get_distance(0, 1)
    stored = []
    for atoms in (alloy(rng), alloy(rng), dimer):
        (prediction,) = potential.evaluate(atoms)
        stress = prediction.stress
        stored.append(
            {
                "numbers": atoms.numbers.tolist(),
                "positions": atoms.positions.tolist(),
                "cell": atoms.cell.array.tolist(),
                "pbc": atoms.pbc.tolist(),
                "energies": prediction.energies.tolist(),
                "forces": prediction.forces.tolist(),
                "stress": None if stress is None else stress.tolist(),
                "energy_uncertainty": potential.energy_uncertainty(atoms),
            }
        )
    (HERE / "format-1.json").write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
