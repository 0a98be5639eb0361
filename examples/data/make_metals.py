"""Make the synthetic set of ten metals in `metals/`: random alloys labelled by CHGNet, a universal potential.

    pip install chgnet ase && python examples/data/make_metals.py

The labels are those of CHGNet 0.3.0, whose weights ship in its wheel (Deng et al., doi:10.1038/s42256-023-00716-3;
BSD licence), and not of density functional theory: the set shows how a fit scales with the number of elements, and
nothing about alloys. Energies in eV, forces in eV/Å, stress in eV/Å³ with ASE's sign.

Groups of frames by `config_type`: `three`, `five` and `ten` are random alloys of the first elements of `ELEMENTS`,
`pure` and `binary` hold one and two of the ten. Cells are fcc or bcc supercells of the volume that the volumes of the
elements add up to, strained and sheared at random, with Gaussian displacements of up to 0.25 Å per component.
"""

from __future__ import annotations

import argparse
import gzip
import io
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import atomic_numbers, reference_states

ELEMENTS = ("Al", "Ni", "Ti", "Cu", "Nb", "V", "Zr", "Mo", "Pd", "W")
"""The first three and five have groups of their own."""
GROUPS = {"three": (110, 30), "five": (140, 30), "pure": (60, 10), "binary": (90, 20), "ten": (160, 40)}
"""Training and test frames."""
LATTICES = (("fcc", (2, 2, 1)), ("bcc", (2, 2, 2)), ("bcc", (2, 2, 3)), ("fcc", (2, 2, 2)))
DISPLACEMENTS = (0.03, 0.1, 0.18, 0.25)
"""Standard deviations, Å."""
TYPES_OF_VOLUME = {"fcc": 4.0, "bcc": 2.0, "hcp": 4.0}
DIGITS = 5


def volume(symbol: str) -> float:
    """Volume per atom (Å³) of the element in its reference structure."""
    state = reference_states[atomic_numbers[symbol]]
    a = state["a"]
    if state["symmetry"] == "hcp":
        return 3**0.5 / 4 * a**3 * state["c/a"]
    return a**3 / TYPES_OF_VOLUME[state["symmetry"]]


def symbols_of(group: str, rng: np.random.Generator) -> tuple[str, ...]:
    """The elements that a frame of this group draws from."""
    if group == "three":
        return ELEMENTS[:3]
    if group == "five":
        return ELEMENTS[:5]
    count = {"pure": 1, "binary": 2, "ten": 10}[group]
    return tuple(rng.choice(ELEMENTS, count, replace=False))


def alloy(group: str, index: int, rng: np.random.Generator) -> Atoms:
    """Frame number `index` of a group, without labels."""
    lattice, repeat = LATTICES[index % len(LATTICES)]
    atoms = bulk("X", lattice, a=1.0, cubic=True).repeat(repeat)
    known = symbols_of(group, rng)
    shares = rng.dirichlet(np.full(len(known), 2.0))
    chosen = list(rng.choice(known, len(atoms), p=shares))
    atoms.symbols = chosen
    length = (sum(volume(symbol) for symbol in chosen) / atoms.get_volume()) ** (1 / 3)
    strain = np.eye(3) * rng.uniform(0.96, 1.06) + 0.02 * rng.normal(size=(3, 3))
    atoms.set_cell(length * atoms.cell.array @ strain, scale_atoms=True)
    atoms.positions += rng.normal(size=(len(atoms), 3)) * rng.choice(DISPLACEMENTS)
    atoms.info["config_type"] = group
    return atoms


def labelled(atoms: Atoms, calculator: object) -> Atoms:
    """The frame with the labels of the calculator, rounded."""
    atoms.calc = calculator
    results = {
        "energy": round(float(atoms.get_potential_energy()), DIGITS),
        "forces": atoms.get_forces().astype(float).round(DIGITS),
        "stress": atoms.get_stress().astype(float).round(DIGITS + 2),
    }
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def write(path: Path, frames: list[Atoms]) -> None:
    """Compressed extended XYZ; the same bytes for the same frames."""
    text = io.StringIO()
    ase.io.write(text, frames, format="extxyz")
    with path.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as compressed:
        compressed.write(text.getvalue().encode())


def main() -> None:
    """Label and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "metals")
    options = parser.parse_args()
    from chgnet.model import CHGNet, CHGNetCalculator  # pyright: ignore[reportMissingImports]

    calculator = CHGNetCalculator(CHGNet.load(model_name="0.3.0", use_device="cpu"), use_device="cpu")
    rng = np.random.default_rng(2026)
    parts: dict[str, list[Atoms]] = {"train": [], "test": []}
    for group, counts in GROUPS.items():
        for part, count in zip(parts, counts, strict=True):
            for index in range(count):
                frame = alloy(group, index, rng)
                frame.positions = frame.positions.round(DIGITS)
                parts[part].append(labelled(frame, calculator))
            print(f"{group}, {part}: {count} frames", flush=True)
    options.output.mkdir(exist_ok=True)
    for part, frames in parts.items():
        write(options.output / f"{part}.xyz.gz", frames)


if __name__ == "__main__":
    main()
