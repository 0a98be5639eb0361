"""What an MD step of a potential will cost, measured before its fit: coefficients do not matter for it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from ase import Atoms

from ferrip.benchmark import benchmark
from ferrip.data import Frame
from ferrip.fitting.problem import Problem
from ferrip.models import EmbeddedFamily, NeuralFamily
from ferrip.potential import Potential

SECONDS = 0.05
"""Time that steps are measured for."""
LEAST_ATOMS = 64
"""Atoms of a periodic structure that is timed."""


def step_cost(problem: Problem) -> float | None:
    """Wall time in µs per atom and MD step on one thread, with the reference, on a frame or a supercell of it.

    `None` where the potential is more than the linear one (embedded densities, networks), whose cost is another, and
    for evaluators of other packages that have no sessions of MD.
    """
    if isinstance(problem.family, EmbeddedFamily | NeuralFamily):
        return None
    descriptor = problem.source.descriptor
    potential = Potential(
        family=problem.family.name,
        descriptor=descriptor,
        settings=problem.resolved,
        coefficients=np.ones(descriptor.n_features),
        e0=problem.source.e0,
        pairs=tuple(problem.source.repulsion),
    )
    if problem.reference is not None:
        potential = potential + problem.reference
    if not hasattr(potential.evaluator(), "session"):
        return None
    return benchmark(potential, _typical(problem.frames), num_threads=1, seconds=SECONDS).us_per_atom_step


def _typical(frames: Sequence[Frame]) -> Atoms:
    """The frame of the median atom, repeated where it is periodic and small: kernels take several atoms at once."""
    ordered = sorted(frames, key=lambda frame: frame.n_atoms)
    atoms = np.cumsum([frame.n_atoms for frame in ordered])
    chosen = ordered[int(np.searchsorted(atoms, 0.5 * atoms[-1]))].to_atoms()
    times = math.ceil((LEAST_ATOMS / len(chosen)) ** (1 / 3))
    return chosen.repeat(times) if chosen.pbc.all() else chosen
