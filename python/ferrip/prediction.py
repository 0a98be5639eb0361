"""What a potential says about one structure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction:
    """Energy, forces and stress of one structure of N atoms.

    Attributes
    ----------
    energy : float
        Total energy, eV; the sum of `energies`.
    energies : (N,) array
        Per-atom energies, eV.
    forces : (N, 3) array
        Forces −dE/dr, eV/Å.
    stress : (6,) array or None
        (1/V) dE/dε in ASE's sign, eV/Å³, Voigt xx yy zz yz xz xy; None where the structure has no full cell.

    Examples
    --------
    >>> import numpy as np
    >>> prediction = Prediction(energy=-1.5, energies=np.array([-1.5]), forces=np.zeros((1, 3)))
    >>> prediction.stress is None
    True
    """

    energy: float
    energies: NDArray[np.float64]
    forces: NDArray[np.float64]
    stress: NDArray[np.float64] | None = None
