"""Potentials with neural networks next to the same networks in torch, and to their linear part.

    python benches/networks.py [POTENTIAL.ferrip] [--atoms 216] [--rounds 9] [--short]

Without a potential one with random networks on the functions of `nn --size medium` for silicon is taken. One thread,
f64, energy and forces of a rattled diamond crystal in turns: the evaluator of the potential, its linear part alone, and
torch on `ferrip.torchops.features` (values, network, gradient of the network, vjp), where torch is installed.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from itertools import pairwise
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RAYON_NUM_THREADS", "1")

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.data import chemical_symbols

import ferrip
from ferrip.fitting.distances import PairDistances
from ferrip.models import family
from ferrip.models.family import many_body
from ferrip.network import Network
from ferrip.potential import Potential, as_structure

SKIN = 0.5


def random_potential(size: str) -> Potential:
    """Silicon with the functions of a size and networks of random numbers."""
    chosen, rng = family("nn"), np.random.default_rng(0)
    distances = PairDistances(minimum={(14, 14): 2.0}, nearest={(14, 14): 2.35}, neighbors=40.0)
    settings = chosen.settings_class()
    resolved = chosen.resolve(settings, size, [14], distances)
    descriptor = chosen.descriptor(resolved)
    columns = many_body(descriptor, 14)
    architecture = chosen.architecture(settings, size)
    widths = [columns.stop - columns.start, *architecture.hidden, 1]
    layers = [(rng.normal(size=(b, a)) / a**0.5, rng.normal(size=b)) for a, b in pairwise(widths)]
    return Potential(
        family="nn",
        descriptor=descriptor,
        settings=resolved,
        coefficients=0.01 * rng.normal(size=descriptor.n_features),
        e0={14: 0.0},
        networks={14: Network(activation=architecture.activation, layers=layers)},
    )


def crystal(potential: Potential, n_atoms: int) -> Atoms:
    """A rattled crystal of the first element."""
    atoms = bulk(chemical_symbols[potential.elements[0]], cubic=True)
    atoms *= (max(2, round((n_atoms / len(atoms)) ** (1 / 3))),) * 3
    atoms.rattle(0.05, seed=0)
    return atoms


def in_torch(potential: Potential, atoms: Atoms) -> Callable[[], object]:
    """Energy and forces of a potential of one element, with its linear part in torch too."""
    import torch

    from ferrip.torchops import features

    torch.set_num_threads(1)
    (z,), descriptor = potential.elements, potential.descriptor
    network = (potential.networks or {})[z]
    columns = many_body(descriptor, z)
    numbers, positions, cell, pbc = as_structure(atoms)
    linear = torch.tensor(potential.coefficients)
    layers = [(torch.tensor(weights), torch.tensor(biases)) for weights, biases in network.layers]

    def step() -> object:
        r = torch.tensor(positions, requires_grad=True)
        values = features(descriptor, numbers, r, cell, pbc, num_threads=1)
        hidden = values[:, columns]
        for weights, biases in layers[:-1]:
            a = hidden @ weights.T + biases
            s = a * torch.rsqrt(1.0 + a * a)
            hidden = s if network.activation == "isru" else 0.5 * a * (1.0 + s)
        weights, biases = layers[-1]
        energy = (values @ linear).sum() + (hidden @ weights.T + biases).sum()
        return -torch.autograd.grad(energy, r)[0].numpy()

    return step


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("potential", nargs="?")
    parser.add_argument("--atoms", type=int, default=216)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--short", action="store_true", help="size small and few rounds, to see that it runs")
    options = parser.parse_args()
    if options.potential is None:
        potential = random_potential("small" if options.short else "medium")
    else:
        potential = replace(ferrip.load(options.potential), pairs=())
    rounds = 2 if options.short else options.rounds
    atoms = crystal(potential, 64 if options.short else options.atoms)
    structure = as_structure(atoms)
    linear = replace(potential, networks=None)
    whole, part = (one.evaluator().session(SKIN, 1) for one in (potential, linear))
    calls: dict[str, Callable[[], object]] = {
        "networks in ferrip": lambda: whole.compute(structure)[1],
        "linear part in ferrip": lambda: part.compute(structure)[1],
    }
    if find_spec("torch") is not None:
        calls["networks in torch"] = in_torch(potential, atoms)
        off = np.abs(calls["networks in torch"]() - calls["networks in ferrip"]()).max()
        print(f"largest difference of a force: {off:.1e} eV/Å")
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            call()
            begun = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - begun)
    own = median(seconds["networks in ferrip"])
    for name, found in seconds.items():
        print(f"{name:24s} {1e6 * median(found) / len(atoms):8.1f} µs/atom  {median(found) / own:6.2f} ×")


if __name__ == "__main__":
    main()
