"""Write finished frames as compressed extended XYZ, the same bytes for the same frames."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import write

from .cache import Cache, structure_hash
from .frame import Frame


def labelled(cache: Cache, frame: Frame) -> Atoms | None:
    """Return the structure of `frame` with its labels, or None where it is not finished."""
    found = cache.load(frame.name)
    if found is None:
        return None
    grid = frame.kgrid or cache.settings.kgrid(frame.atoms.cell.array)
    if structure_hash(found.atoms, found.labels.kgrid) != structure_hash(frame.atoms, grid):
        return None
    labels = found.labels
    atoms = found.atoms.copy()
    atoms.info["REF_energy"] = round(labels.energy, 8)
    # Nine numbers, the standard form of a tensor in extended XYZ.
    stress = 0.5 * (labels.stress + labels.stress.T)
    atoms.info["REF_stress"] = np.round(stress, 10).ravel() + 0.0
    atoms.arrays["REF_forces"] = labels.forces
    atoms.info["config_type"] = frame.config_type
    atoms.info["name"] = frame.name
    atoms.info.update(cache.settings.metadata())
    atoms.info["kgrid"] = "x".join(str(n) for n in grid)
    return atoms


def write_compressed(path: Path, frames: list[Atoms]) -> None:
    """Write `frames` as gzip-compressed extended XYZ without a time stamp or a name."""
    text = io.StringIO()
    write(text, frames, format="extxyz")
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
        out.write(text.getvalue().encode())


def collect(cache: Cache, frames: list[Frame], folder: Path) -> None:
    """Write ``train.extxyz.gz`` and ``test.extxyz.gz`` and print what they hold."""
    folder.mkdir(parents=True, exist_ok=True)
    seconds = 0.0
    for split in ("train", "test"):
        chosen = sorted(
            (f for f in frames if f.split == split),
            key=lambda f: (f.config_type, f.name),
        )
        labels = {f.name: labelled(cache, f) for f in chosen}
        done = [atoms for atoms in labels.values() if atoms is not None]
        write_compressed(folder / f"{split}.extxyz.gz", done)
        counts = Counter(atoms.info["config_type"] for atoms in done)
        seconds += sum(cache.load(atoms.info["name"]).labels.seconds for atoms in done)
        missing = [name for name, atoms in labels.items() if atoms is None]
        n_atoms = sum(len(atoms) for atoms in done)
        print(f"{split}: {len(done)} frames, {n_atoms} atoms; {dict(sorted(counts.items()))}")
        if missing:
            print(f"  not finished: {' '.join(missing)}")
    print(f"processor time of the collected frames: {seconds:.0f} s")
