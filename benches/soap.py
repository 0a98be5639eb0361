"""SOAP descriptors next to DScribe and featomic, and sparse Gaussian processes on them next to quippy.

    python benches/soap.py [--rounds 5] [--points 1000] [--output soap.json] [--short]

fcc copper displaced by 0.05 Å, 43 neighbors, n_max 8, l_max 6; one thread, the peers that are installed, in turns.
Gradients are those of all features with respect to all positions: `design` rows here, `gradients=["positions"]` in
featomic; DScribe has none for crystals. The Gaussian process has `--points` sparse environments and ζ = 4; quippy runs
the descriptor with gradients only (`soap` with the same sizes), which is less than its energy and forces take.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RAYON_NUM_THREADS", "1")

import numpy as np
from ase import Atoms
from ase.build import bulk

from ferrip import _core
from ferrip.potential import as_structure

N_MAX, L_MAX, CUTOFF, SIGMA = 8, 6, 5.0, 0.5
ZETA = 4

Calls = dict[str, Callable[[], object]]


def own_calls(atoms: Atoms, n_points: int) -> Calls:
    """Descriptor and Gaussian process of ferrip."""
    structure = as_structure(atoms)
    soap = _core.Descriptor.soap(
        elements=[29], n_max=N_MAX, l_max=L_MAX, cutoff=CUTOFF, sigma=SIGMA, cutoff_width=1.0
    )
    points = np.random.default_rng(0).normal(size=(n_points, soap.n_features))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    kernels = _core.KernelDescriptor(soap, [points], ZETA)
    session = kernels.evaluator(np.ones(n_points), [0.0]).session(0.5, 1)
    return {
        "ferrip values": lambda: soap.values(structure, 1),
        "ferrip gradients": lambda: soap.design([structure], 1),
        f"ferrip energy and forces, {n_points} points": lambda: session.compute(structure),
    }


def dscribe_calls(atoms: Atoms) -> Calls:
    """DScribe's values."""
    from dscribe.descriptors import SOAP

    soap = SOAP(species=["Cu"], r_cut=CUTOFF, n_max=N_MAX, l_max=L_MAX, sigma=SIGMA, periodic=True)
    return {"dscribe values": lambda: soap.create(atoms)}


def featomic_calls(atoms: Atoms) -> Calls:
    """Values and gradients of featomic."""
    import featomic

    radial = {"type": "Gto", "max_radial": N_MAX - 1}
    soap = featomic.SoapPowerSpectrum(
        cutoff={"radius": CUTOFF, "smoothing": {"type": "ShiftedCosine", "width": 1.0}},
        density={"type": "Gaussian", "width": SIGMA},
        basis={"type": "TensorProduct", "max_angular": L_MAX, "radial": radial},
    )
    return {
        "featomic values": lambda: soap.compute(atoms),
        "featomic gradients": lambda: soap.compute(atoms, gradients=["positions"]),
    }


def quippy_calls(atoms: Atoms) -> Calls:
    """Descriptor and gradients of quippy."""
    from quippy.descriptors import Descriptor

    text = (
        f"soap cutoff={CUTOFF} cutoff_transition_width=1.0 atom_sigma={SIGMA} n_max={N_MAX} l_max={L_MAX} "
        "n_Z=1 Z={29} n_species=1 species_Z={29}"
    )
    soap = Descriptor(text)
    return {"quippy gradients": lambda: soap.calc(atoms, grad=True)}


def main() -> None:
    """Print the medians, and write them where `--output` says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--output", type=Path, help="JSON file for the figures")
    parser.add_argument("--short", action="store_true", help="32 atoms, one round")
    arguments = parser.parse_args()
    repeat, rounds = (2, 1) if arguments.short else (4, arguments.rounds)
    atoms = bulk("Cu", "fcc", a=3.615, cubic=True).repeat(repeat)
    atoms.rattle(0.05, seed=1)
    calls = own_calls(atoms, arguments.points)
    for peer in (dscribe_calls, featomic_calls, quippy_calls):
        try:
            calls |= peer(atoms)
        except ImportError as error:
            print(f"left out: {error}")
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn:
                times[name].append(1e6 * (time.perf_counter() - start) / len(atoms))
    medians = {name: median(values) for name, values in times.items()}
    for name, value in medians.items():
        print(f"{name:45s} {value:10.1f} µs/atom")
    if arguments.output:
        arguments.output.write_text(json.dumps(medians, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
