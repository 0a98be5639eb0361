"""Hypothesis strategies for cells, periodic directions and structures (needs `pip install 'ferrip[test]'`).

Examples
--------
>>> from hypothesis import given
>>> from ferrip.testing.strategies import structures
>>> @given(structures(elements=[14]))
... def atoms_are_counted(structure):
...     numbers, positions, cell, pbc = structure
...     assert len(numbers) == len(positions)
>>> atoms_are_counted()
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ferrip.testing.samples import F64, rotation, scattered
from ferrip.testing.subjects import as_atoms

try:
    from hypothesis import strategies as st
except ImportError as error:
    raise ImportError("ferrip.testing.strategies needs hypothesis: pip install 'ferrip[test]'") from error

if TYPE_CHECKING:
    from ase import Atoms
    from hypothesis.strategies import SearchStrategy

    from ferrip._core import Structure

MAX_SHEAR = 1.5


def pbcs() -> SearchStrategy[tuple[bool, bool, bool]]:
    """Any mix of periodic directions."""
    return st.tuples(st.booleans(), st.booleans(), st.booleans())


def shears(largest: float = MAX_SHEAR) -> SearchStrategy[tuple[float, float, float]]:
    """Skew of a cell: its components b_x, c_x, c_y in units of the edge."""
    component = st.floats(-largest, largest, allow_subnormal=False).map(lambda x: round(x, 6))
    return st.tuples(component, component, component)


def cells(min_edge: float = 1.0, max_edge: float = 12.0, max_shear: float = MAX_SHEAR) -> SearchStrategy[F64]:
    """(3, 3) lattice vectors in Å as rows: heights between the bounds, skewed and turned.

    Parameters
    ----------
    min_edge, max_edge
        Bounds of the lengths before the skew, Å.
    max_shear
        Largest skew in units of the edge.
    """

    @st.composite
    def build(draw: Any) -> F64:
        a, b, c = (draw(st.floats(min_edge, max_edge)) for _ in range(3))
        bx, cx, cy = draw(shears(max_shear))
        turn = rotation(np.random.default_rng(draw(st.integers(0, 2**16))))
        return np.array([[a, 0, 0], [a * bx, b, 0], [a * cx, b * cy, c]]) @ turn.T

    return build()


def structures(
    elements: Sequence[int],
    *,
    min_atoms: int = 0,
    max_atoms: int = 8,
    min_spacing: float = 1.5,
    max_spacing: float = 4.0,
) -> SearchStrategy[Structure]:
    """`(numbers, positions, cell, pbc)` as ferrip takes it: any cell, any pbc, unwrapped atoms, none too close.

    Parameters
    ----------
    elements
        Atomic numbers to choose from.
    min_atoms, max_atoms
        Bounds of the number of atoms.
    min_spacing, max_spacing
        Bounds of the grid spacing in Å; no two atoms are closer than about half of it.
    """

    @st.composite
    def build(draw: Any) -> Structure:
        n_atoms = draw(st.integers(min_atoms, max_atoms))
        numbers = draw(st.lists(st.sampled_from(list(elements)), min_size=n_atoms, max_size=n_atoms))
        spacing, pbc, shear = draw(st.floats(min_spacing, max_spacing)), draw(pbcs()), draw(shears())
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        return scattered(
            numbers,
            spacing=spacing,
            pbc=pbc,
            jitter=rng.uniform(-1, 1, (n_atoms, 3)),
            shear=shear,
            orientation=rotation(rng),
            images=rng.integers(-2, 3, (n_atoms, 3)),
        )

    return build()


def atoms(elements: Sequence[int], **bounds: Any) -> SearchStrategy[Atoms]:
    """ASE atoms from `structures` with the same arguments."""
    return structures(elements, **bounds).map(as_atoms)
