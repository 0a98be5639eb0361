"""Writes `dscribe.npz`: descriptors of the first two atoms of a crystal by DScribe (2.1.2, Apache-2.0).

python tests/data/make_dscribe.py    (needs `dscribe`, see benches/requirements.txt)
"""

from pathlib import Path

import numpy as np
from ase.build import bulk
from dscribe.descriptors import ACSF, SOAP

ATOMS = [0, 1]
SOAPS = {"gto": [(4, 3), (8, 6)], "polynomial": [(3, 2), (6, 4)]}
ACSF_SETTINGS = {
    "r_cut": 4.0,
    "g2_params": [(0.5, 1.0), (2.0, 2.4)],
    "g4_params": [(0.01, 1.0, 1.0), (0.05, 4.0, -1.0), (0.05, 2.5, 0.5)],
    "g5_params": [(0.02, 1.0, -1.0), (0.05, 16.0, 1.0)],
}


def main() -> None:
    """Writes the file beside this one."""
    atoms = bulk("Si", cubic=True) * (2, 1, 1)
    atoms.numbers[::3] = 8
    atoms.rattle(0.1, seed=1)
    common = {"species": ["O", "Si"], "periodic": True}
    rows = {"numbers": atoms.numbers, "positions": atoms.positions, "cell": atoms.cell.array}
    for basis, sizes in SOAPS.items():
        for n_max, l_max in sizes:
            soap = SOAP(r_cut=4.5, n_max=n_max, l_max=l_max, sigma=0.5, rbf=basis, **common)
            rows[f"{basis}_{n_max}_{l_max}"] = soap.create(atoms, centers=ATOMS)
    rows["acsf"] = ACSF(**ACSF_SETTINGS, **common).create(atoms, centers=ATOMS)
    np.savez_compressed(Path(__file__).with_name("dscribe.npz"), **rows)


if __name__ == "__main__":
    main()
