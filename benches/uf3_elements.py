"""Time and memory of a UF3 fit of many elements: all pairs and densities of random alloys, no triplets.

    python benches/uf3_elements.py [--elements 12] [--frames 400] [--size medium] [--threads 1] [--short]

The alloys are random fcc crystals of 32 atoms, strained and displaced, labelled by Morse functions of mixed parameters:
what counts is the size of the problem, not its physics. `--short` takes three elements and 24 frames.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from dataclasses import replace
from itertools import combinations_with_replacement

import numpy as np
from ase.build import bulk

import ferrip
from ferrip.data import Frame
from ferrip.pair import Morse, potential

SYMBOLS = ("Al", "Ti", "V", "Cr", "Fe", "Co", "Ni", "Cu", "Zr", "Nb", "Mo", "Ta")
LATTICE = 4.0
"""Å"""


def labelled(symbols: tuple[str, ...], n_frames: int) -> list[Frame]:
    """Random alloys with the energies, forces and stresses of Morse functions."""
    rng = np.random.default_rng(1)
    functions = {
        f"{a}-{b}": Morse(depth=rng.uniform(0.2, 0.5), stiffness=1.4, distance=rng.uniform(2.6, 3.0))
        for a, b in combinations_with_replacement(symbols, 2)
    }
    morse = potential(functions, cutoff=5.5)
    frames = []
    for k in range(n_frames):
        atoms = bulk("Al", "fcc", a=LATTICE, cubic=True) * 2
        atoms.symbols[:] = rng.choice(symbols, len(atoms))
        strain = np.eye(3) + rng.uniform(-0.04, 0.04, (3, 3))
        atoms.set_cell(atoms.cell.array @ strain, scale_atoms=True)
        atoms.rattle(0.12, seed=k)
        found = morse.evaluate(atoms)[0]
        frames.append(replace(Frame.from_atoms(atoms), energy=found.energy, forces=found.forces))
    return frames


def main() -> None:
    """Fit and print functions, seconds, peak memory and errors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--elements", type=int, default=len(SYMBOLS), choices=range(2, len(SYMBOLS) + 1))
    parser.add_argument("--frames", type=int, default=400)
    parser.add_argument("--size", default="medium")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="three elements, 24 frames, size small")
    arguments = parser.parse_args()
    n_elements, n_frames, size = arguments.elements, arguments.frames, arguments.size
    if arguments.short:
        n_elements, n_frames, size = 3, 24, "small"
    symbols = SYMBOLS[:n_elements]
    frames = labelled(symbols, n_frames)
    started, before = time.perf_counter(), time.process_time()
    fitted = ferrip.fit(
        frames,
        model="uf3",
        size=size,
        triplet_cutoff=0,
        e0=dict.fromkeys(symbols, 0.0),
        num_threads=arguments.threads,
        progress=False,
    )
    wall, cpu = time.perf_counter() - started, time.process_time() - before
    unit = 1.0 if sys.platform == "darwin" else 1024.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
    n_pairs = n_elements * (n_elements + 1) // 2
    error = fitted.metadata["metrics"]["train"]["forces"]["rmse_meV_per_A"]
    print(
        f"{n_elements} elements, {n_pairs} pairs, {fitted.descriptor.n_features} functions, "
        f"{sum(frame.n_atoms for frame in frames)} atoms in {n_frames} frames: {wall:.0f} s ({cpu:.0f} CPU s), "
        f"peak {peak:.2f} GB; forces of the training set within {error:.1f} meV/Å"
    )


if __name__ == "__main__":
    main()
