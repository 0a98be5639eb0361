"""The settings of every DFT calculation of the silicon set, in one place.

Changing a value here changes the label of every frame, so the run cache is keyed by
:meth:`DFTSettings.fingerprint`: frames of other settings are never mixed in.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class DFTSettings:
    """Settings of one Quantum ESPRESSO ``pw.x`` calculation.

    Attributes
    ----------
    ecutwfc, ecutrho
        Kinetic-energy cutoffs of wave functions and density, Ry.
    kspacing
        Largest allowed distance of k points along a reciprocal vector, 1/Å (2π included).
    smearing, degauss
        Smearing function (a ``pw.x`` keyword) and its width, Ry.
    conv_thr_per_atom
        Convergence threshold of the self-consistency, Ry per atom.
    mixing_beta
        Mixing factor of the density.
    pseudopotential, pseudo_dir
        File of the silicon pseudopotential and its folder.
    """

    ecutwfc: float = 36.0
    ecutrho: float = 240.0
    kspacing: float = 0.24
    smearing: str = "gaussian"
    degauss: float = 0.01
    conv_thr_per_atom: float = 1.0e-9
    mixing_beta: float = 0.5
    pseudopotential: str = "Si.pbe-nl-rrkjus_psl.1.0.0.UPF"
    pseudo_dir: str = "/usr/share/espresso/pseudo"

    def fingerprint(self) -> str:
        """Return a short hash of all settings but the folder of the pseudopotential."""
        values = asdict(self)
        values.pop("pseudo_dir")
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]

    def kgrid(self, cell: np.ndarray) -> tuple[int, int, int]:
        """Return the smallest Gamma-centred grid that obeys :attr:`kspacing`.

        Parameters
        ----------
        cell
            Lattice vectors as rows, Å.
        """
        reciprocal = 2.0 * math.pi * np.linalg.inv(np.asarray(cell, float)).T
        lengths = np.linalg.norm(reciprocal, axis=1)
        # The small allowance keeps rounding from adding a point to an exact fit.
        return tuple(max(1, math.ceil(x / self.kspacing - 1e-6)) for x in lengths)

    def metadata(self) -> dict[str, str | float]:
        """Return the settings as flat keys for ``Atoms.info``."""
        return {
            "dft_code": "QuantumESPRESSO-6.7",
            "dft_functional": "PBE",
            "dft_pseudopotential": self.pseudopotential,
            "dft_ecutwfc_Ry": self.ecutwfc,
            "dft_ecutrho_Ry": self.ecutrho,
            "dft_kspacing_invA": self.kspacing,
            "dft_smearing": self.smearing,
            "dft_degauss_Ry": self.degauss,
        }
