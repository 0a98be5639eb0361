"""Dimers that stay repulsive below the shortest training distance.

Nothing in the data holds the functions down there, and polynomials may dig holes that ZBL does not fill. Where a fit
has such a hole, energies of the pair's dimer are added as rows with a small weight: from the shortest training distance
inwards the fitted part goes on as a rising line. The rows fold into the same triangular factors, so that this costs
another solution but no second pass over the data; the weight grows until no dimer attracts.
"""

from __future__ import annotations

import warnings
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np
from ase.data import chemical_symbols, covalent_radii
from numpy.typing import NDArray

from ferrip.fitting.tsqr import RFactor

if TYPE_CHECKING:
    from ferrip._core import Structure
    from ferrip.fitting.problem import Problem
    from ferrip.fitting.regressors import LinearFit
    from ferrip.potential import Potential

F64 = NDArray[np.float64]
Pair = tuple[int, int]

CLOSEST = 0.1
"""Å; below it the repulsion goes on linearly."""
N_ROWS = 40
"""Dimers per pair that are added as rows."""
N_CHECKED = 400
"""Distances per pair at which the curve is checked."""
WEIGHTS = (1e-4, 1e-3, 1e-2, 0.1, 1.0)
"""Weights of the rows (1/eV) that are tried, beside 15 for the energies of the data."""
MARGIN = 0.9
"""Rows start at this part of the distance at which a hole starts; further in ZBL outweighs everything."""
LEAST_SLOPE = 2.0
"""eV/Å by which the fitted part rises inwards at least."""


def keep_repulsive(
    problem: Problem, factors: dict[str, RFactor], solution: LinearFit, *, use_stress: bool
) -> tuple[LinearFit, list[str]]:
    """The solution, or one with rows of dimers where those of the first attract each other at close range.

    Returns
    -------
    (solution, notes)
        What was done, one line per weight that was tried; empty where nothing was needed.

    Warns
    -----
    UserWarning
        If a dimer attracts at close range even so.
    """
    if not problem.source.repulsion:
        return solution, []
    first, notes = solution, []
    holes = attractive(problem.potential(solution, {}), limits(problem))
    inner: dict[Pair, float] = {}
    for weight in WEIGHTS:
        if not holes:
            return solution, notes
        for pair, (low, _) in holes.items():
            inner[pair] = max(CLOSEST, min(MARGIN * low, inner.get(pair, low)))
        rows = RFactor(problem.source.descriptor.n_features)
        for pair, start in inner.items():
            rows.append(*_rows(problem, first, pair, start), weight)
        notes.append(
            f"rows of dimers against holes below the shortest distances, weight {weight:g}: {_names(holes)}"
        )
        solution = problem.solve({**factors, "core": rows}, use_stress=use_stress)
        holes = attractive(problem.potential(solution, {}), limits(problem))
    if holes:
        warnings.warn(f"dimers attract at close range: {_names(holes)}", stacklevel=3)
    return solution, notes


def limits(problem: Problem) -> dict[Pair, float]:
    """Distance in Å below which each pair must repel: the shortest in the data, or else the sum of covalent radii."""
    pairs = combinations_with_replacement(problem.source.descriptor.elements, 2)
    bond = {(a, b): float(covalent_radii[a] + covalent_radii[b]) for a, b in pairs}
    return {pair: problem.distances.minimum.get(pair, 0.9 * length) for pair, length in bond.items()}


def attractive(potential: Potential, below: dict[Pair, float]) -> dict[Pair, tuple[float, float]]:
    """Range (Å) of distances at which a pair attracts, for the pairs that do so below their distance (Å).

    Examples
    --------
    >>> attractive(ferrip.load("Si.ferrip"), {(14, 14): 1.8})  # doctest: +SKIP
    {}
    """
    session = potential.evaluator().session(0.0, 1)
    found = {}
    for pair, end in below.items():
        r = np.linspace(CLOSEST, end, N_CHECKED)
        energies = np.array([np.sum(session.compute(_dimer(pair, x))[0]) for x in r])
        rising = np.flatnonzero(np.diff(energies) > 0.0)
        if len(rising):
            found[pair] = (float(r[rising[0]]), float(r[rising[-1] + 1]))
    return found


def _rows(problem: Problem, solution: LinearFit, pair: Pair, start: float) -> tuple[F64, F64]:
    """Features of the dimers from `start` (Å) on and the energies that the fitted part should have."""
    end = limits(problem)[pair]
    r = np.linspace(start, end, N_ROWS)
    descriptor = problem.source.descriptor
    rows = np.array([descriptor.values(_dimer(pair, x), 1).sum(axis=0) for x in r])
    energies = rows @ solution.coefficients
    slope = max(LEAST_SLOPE, float((energies[-2] - energies[-1]) / (r[-1] - r[-2])))
    return rows, energies[-1] + slope * (end - r)


def _dimer(pair: Pair, distance: float) -> Structure:
    positions = np.array([[0.0, 0.0, 0.0], [distance, 0.0, 0.0]])
    return np.array(pair, dtype=np.int64), positions, np.zeros((3, 3)), np.zeros(3, dtype=np.bool_)


def _names(holes: dict[Pair, tuple[float, float]]) -> str:
    return ", ".join(
        f"{chemical_symbols[a]}-{chemical_symbols[b]} {low:.2f}–{high:.2f} Å"
        for (a, b), (low, high) in holes.items()
    )
