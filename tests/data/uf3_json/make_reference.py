"""Energies and forces of `SiO.json` by the `uf3` package (0.4.0), as `reference.json`.

    python make_reference.py

Run it where that package is installed. `SiO.json` has random coefficients and was written by `ferrip.conversion.write`.
"""

import json
from pathlib import Path

import numpy as np
from ase import Atoms
from uf3.forcefield.calculator import UFCalculator
from uf3.regression.least_squares import WeightedLinearModel

HERE = Path(__file__).parent
GRID = np.stack(np.meshgrid(*[np.arange(2.0)] * 3), axis=-1).reshape(-1, 3)


def main() -> None:
    """Evaluate two frames."""
    calculator = UFCalculator(WeightedLinearModel.from_json(str(HERE / "SiO.json")))
    frames = []
    for seed in (1, 2):
        shifts = np.random.default_rng(seed).uniform(-0.15, 0.15, (8, 3))
        atoms = Atoms("SiO" * 4, 2.2 * GRID + shifts, cell=[9.0] * 3, pbc=True)
        frames.append(
            {
                "symbols": list(atoms.symbols),
                "positions": atoms.positions.tolist(),
                "cell": atoms.cell.tolist(),
                "energy": float(np.sum(calculator.get_potential_energy(atoms))),
                "forces": np.asarray(calculator.get_forces(atoms)).tolist(),
            }
        )
    (HERE / "reference.json").write_text(json.dumps(frames) + "\n")


if __name__ == "__main__":
    main()
