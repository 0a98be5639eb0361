"""Writes `format-2.ferrip`, a small potential with embedded densities of file format 2, and `format-2.json`.

Kept as `make_format_1.py` says, by the version before format 3.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from ase.build import bulk

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from test_conversion import fitted  # noqa: E402


def main() -> None:
    """Save a potential with random coefficients, and store the predictions."""
    potential = fitted("FinnisSinclair", zbl=True)
    potential.save(HERE / "format-2.ferrip")
    stored = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        atoms = bulk("Cu", a=3.9, cubic=True)
        atoms.numbers[:2] = 13
        atoms.positions += 0.1 * rng.normal(size=(4, 3))
        atoms.positions[1] = atoms.positions[0] + [0.9, 0.8, 0.7 + seed]
        (prediction,) = potential.evaluate(atoms)
        stored.append(
            {
                "numbers": atoms.numbers.tolist(),
                "positions": atoms.positions.tolist(),
                "cell": atoms.cell.array.tolist(),
                "pbc": atoms.pbc.tolist(),
                "energies": prediction.energies.tolist(),
                "forces": prediction.forces.tolist(),
                "stress": None if prediction.stress is None else prediction.stress.tolist(),
            }
        )
    (HERE / "format-2.json").write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
