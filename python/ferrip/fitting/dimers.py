"""The most probable coefficients under which the atoms of every dimer repel each other at close range.

Nothing in the data holds the functions below the shortest distance of a pair, and polynomials may dig holes there that
ZBL does not fill. The posterior of the fit, c ~ N(c₀, L Lᵀ), says in which directions the coefficients are free; its
mode among those whose dimers repel is c = c₀ + L x with

    min ‖x‖²   subject to   D L x ≥ v,      v = g − D c₀ − b,

where D are the force rows of dimers, b the forces of core repulsion and reference and g a small force that is asked
for. This is least distance programming: Lawson, Hanson, Solving Least Squares Problems (1974), chapter 23,
doi:10.1137/1.9781611971217.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np
from ase.data import covalent_radii
from numpy.typing import NDArray
from scipy.optimize import nnls

from ferrip import _core
from ferrip.data import Frame
from ferrip.fitting.core import CLOSEST, N_CHECKED, dimers
from ferrip.fitting.nonlinear.densities import Densities
from ferrip.fitting.nonlinear.rows import LinearizedRows
from ferrip.fitting.regressors import LinearFit
from ferrip.fitting.rows import RowSource
from ferrip.models.pair_terms import zbl

if TYPE_CHECKING:
    from ferrip._core import Structure
    from ferrip.fitting.core import Pair
    from ferrip.potential import Potential

F64 = NDArray[np.float64]

FORCE_FLOOR = 0.02
"""eV/Å; smallest repulsive force that is asked for."""
ZBL_SHARE = 0.1
"""Share of the unswitched ZBL force that is asked for at r → 0; it falls linearly to 0 at the shortest distance."""
UNSEEN_REACH = 0.8
"""Reach of the demand for pairs that the data do not have, in sums of covalent radii."""
MOST_DEMANDS = 4000
"""Distances of all pairs together; many elements have fewer distances per pair, at least `FEWEST`."""
FEWEST = 24
MET = 1e-9
"""eV/Å; a demand that is missed by less is met."""
MOST_DEVIATIONS = 100.0
"""Standard deviations of the posterior by which coefficients move at most."""
FORCES = slice(4, None, 1 + 3 * 2 + 6)
"""Rows of the force on the second atom along the dimer: after the energy and the first atom of every dimer."""


def reach(elements: Sequence[int], shortest: Mapping[Pair, float]) -> dict[Pair, float]:
    """Distance (Å) below which the dimer of every pair is to repel: the shortest one in the data."""
    return {
        (a, b): shortest.get((a, b), UNSEEN_REACH * float(covalent_radii[a] + covalent_radii[b]))
        for a, b in combinations_with_replacement(sorted(elements), 2)
    }


def repelling(
    fit: LinearFit, source: RowSource, shortest: Mapping[Pair, float], reference: Potential | None = None
) -> LinearFit:
    """`fit` with the nearest coefficients, in units of their posterior, whose dimers repel.

    Parameters
    ----------
    fit
        Solution with its posterior.
    source
        What forms the rows.
    shortest
        Å, shortest distance of every pair in the data.
    reference
        What the fit will be added to.

    Returns
    -------
    LinearFit
        `fit` itself where its dimers repel already, where no coefficients would (rank-deficient posterior), or where
        those that would are against the data (more than `MOST_DEVIATIONS` away).
    """
    rows, wanted = _demands(source, reach(source.descriptor.elements, shortest), reference)
    missing = wanted - rows @ fit.coefficients
    if not (missing > MET).any():
        return fit
    shift = nearest(rows @ fit.posterior_factor, missing)
    if shift is None or float(np.linalg.norm(shift)) > MOST_DEVIATIONS:
        return fit
    return replace(fit, coefficients=fit.coefficients + fit.posterior_factor @ shift)


def repelling_densities(
    densities: Densities,
    fit: LinearFit,
    source: RowSource,
    shortest: Mapping[Pair, float],
    reference: Potential | None = None,
) -> Densities:
    """Densities with the nearest coefficients of the linear ones whose dimers repel.

    The energy is linear in these, so that the demands are exact and what is far from dimers changes as little as the
    posterior says. That of the linear densities beside the others as they are follows from the triangular factor of
    the posterior of all: with the rows of the others first, `[L_o; L_l] = [T_oo 0; T_lo T_ll] Q`, it is `T_ll`.

    Parameters
    ----------
    densities
        Trained densities.
    fit
        Their posterior.
    source, shortest, reference
        As for `repelling`.
    """
    exact = np.array([m == 1.0 for _, m in densities.terms])
    linear = np.broadcast_to(exact[:, None], densities.free.shape)[densities.free]
    order = np.concatenate([np.flatnonzero(~linear), np.flatnonzero(linear)])
    triangle = np.asarray(np.linalg.qr(fit.posterior_factor[order].T, mode="r")).T
    factor = np.zeros((len(order), int(linear.sum())))
    factor[linear] = triangle[-factor.shape[1] :, -factor.shape[1] :]
    here = replace(fit, coefficients=densities.vector, posterior_factor=factor)
    moved = repelling(here, LinearizedRows.of(source, densities), shortest, reference)
    return densities.moved(moved.coefficients)


def _demands(source: RowSource, ends: Mapping[Pair, float], reference: Potential | None) -> tuple[F64, F64]:
    """Force rows (m, p) of the dimers, and what they are to give at least (m,)."""
    rows, wanted = [], []
    for (a, b), end in ends.items():
        distances = np.linspace(CLOSEST, end, min(N_CHECKED, max(FEWEST, MOST_DEMANDS // len(ends))))
        frames = [_frame(dimers((a, b), np.array([r]), 0.0)) for r in distances]
        design, baseline = source.design(frames)
        structures = [frame.structure for frame in frames]
        bare = _core.pair_design_offset(structures, [zbl(a, b, end, end + 1.0)], source.num_threads)
        share = ZBL_SHARE * bare[FORCES] * (1.0 - distances / end)
        rows.append(design[FORCES])
        said = [] if reference is None else reference.evaluate(frames, source.num_threads)
        beside = np.array([one.forces[1, 0] for one in said]) if said else 0.0
        wanted.append(np.maximum(share, FORCE_FLOOR) - baseline[FORCES] - beside)
    return np.concatenate(rows), np.concatenate(wanted)


def _frame(structure: Structure) -> Frame:
    numbers, positions, cell, pbc = structure
    return Frame(numbers=numbers, positions=positions, cell=cell, pbc=pbc)


def nearest(matrix: F64, bound: F64) -> F64 | None:
    """X of the smallest norm with `matrix` x ≥ `bound`; `None` where there is none."""
    norms = np.linalg.norm(matrix, axis=1)
    used = norms > 0.0
    scale = float(np.max(np.abs(bound[used] / norms[used]), initial=0.0))
    if scale == 0.0:
        return None
    constraints, limits = matrix[used] / norms[used, None], bound[used] / norms[used] / scale
    triangle = np.linalg.qr(constraints.T, mode="r")
    target = np.zeros(len(triangle) + 1)
    target[-1] = 1.0
    multipliers, residual = nnls(np.vstack([triangle, limits]), target, maxiter=50 * len(limits))
    if residual < 1e-9:
        return None
    room = 1.0 - float(limits @ multipliers)
    return constraints.T @ multipliers * (scale / room)
