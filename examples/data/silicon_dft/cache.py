"""Results on disk: one JSON file per calculation, so that a run can be killed and resumed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms

from . import espresso
from .settings import DFTSettings


def structure_hash(atoms: Atoms, kgrid: tuple[int, int, int]) -> str:
    """Return a hash of cell, positions (to 1e-8 Å) and k grid."""
    text = f"{np.round(atoms.cell.array, 8).tolist()}{np.round(atoms.positions, 8).tolist()}{kgrid}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Calculated:
    """A structure with its labels, as stored on disk."""

    name: str
    atoms: Atoms
    labels: espresso.Labels


@dataclass(frozen=True)
class Cache:
    """Folder of finished calculations of one set of settings.

    Attributes
    ----------
    workdir
        Folder for everything.
    settings
        DFT settings; results of others are kept apart.
    """

    workdir: Path
    settings: DFTSettings

    @property
    def folder(self) -> Path:
        """Folder of the results of these settings."""
        return self.workdir / self.settings.fingerprint()

    def load(self, name: str) -> Calculated | None:
        """Return the stored result of `name`, or None."""
        path = self.folder / f"{name}.json"
        if not path.exists():
            return None
        data = json.loads(path.read_text())
        cell, positions = np.array(data["cell"]), np.array(data["positions"])
        atoms = Atoms(f"Si{len(positions)}", positions=positions, cell=cell, pbc=True)
        labels = espresso.Labels(
            energy=data["energy"],
            forces=np.array(data["forces"]),
            stress=np.array(data["stress"]),
            smearing_energy=data["smearing_energy"],
            cycles=data["cycles"],
            kgrid=tuple(data["kgrid"]),
            n_kpoints=data["n_kpoints"],
            seconds=data["seconds"],
        )
        return Calculated(name, atoms, labels)

    def calculate(self, name: str, atoms: Atoms, kgrid: tuple[int, int, int] | None = None) -> Calculated:
        """Return the stored result of `name`, or run ``pw.x`` and store it.

        A stored result of another structure or k grid is replaced.
        """
        grid = self.settings.kgrid(atoms.cell.array) if kgrid is None else kgrid
        found = self.load(name)
        if found is not None:
            wanted = structure_hash(atoms, grid)
            if structure_hash(found.atoms, found.labels.kgrid) == wanted:
                return found
        labels = espresso.run(atoms, self.folder / "runs" / name, self.settings, grid)
        record = {
            "name": name,
            "cell": atoms.cell.array.tolist(),
            "positions": atoms.positions.tolist(),
            "energy": labels.energy,
            "forces": labels.forces.tolist(),
            "stress": labels.stress.tolist(),
            "smearing_energy": labels.smearing_energy,
            "cycles": labels.cycles,
            "kgrid": list(labels.kgrid),
            "n_kpoints": labels.n_kpoints,
            "seconds": labels.seconds,
        }
        path = self.folder / f"{name}.json"
        # A rename is atomic: a killed run never leaves half a file.
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(record))
        partial.rename(path)
        return Calculated(name, atoms, labels)
