"""`ferrip.neighbor_list` against brute force and ASE, on cells of all shapes."""

from __future__ import annotations

import doctest
from itertools import pairwise

import ase
import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.neighborlist import neighbor_list as ase_neighbor_list
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import ferrip.neighbors
from ferrip import neighbor_list
from ferrip.data import Frame
from ferrip.errors import DataError, SettingsError


def brute_force(atoms: ase.Atoms, cutoff: float) -> set[tuple[int, ...]]:
    """All `(i, j, *S)`, from every pair and every shift that could matter."""
    positions, pbc = atoms.positions, np.asarray(atoms.pbc)
    cell = np.where(pbc[:, None], atoms.cell.array, 0.0)
    normals = np.linalg.pinv(cell)  # each column is orthogonal to the other periodic vectors
    distance = cutoff + 4 * np.abs(positions).max(initial=0.0)
    reach = np.where(pbc, np.ceil(distance * np.linalg.norm(normals, axis=0)), 0).astype(int)
    shifts = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in reach], indexing="ij"), -1).reshape(-1, 3)
    vectors = shifts @ cell
    edges: set[tuple[int, ...]] = set()
    for i, r_i in enumerate(positions):
        for j, r_j in enumerate(positions):
            hits = shifts[np.linalg.norm((r_j - r_i) + vectors, axis=1) < cutoff].tolist()
            edges |= {(i, j, *shift) for shift in hits if i != j or any(shift)}
    return edges


def rows(i: np.ndarray, j: np.ndarray, S: np.ndarray) -> list[tuple[int, ...]]:
    return [tuple(row) for row in np.column_stack([i, j, S]).tolist()]


@st.composite
def structures(draw: st.DrawFn) -> ase.Atoms:
    """Few atoms, inside and outside of triclinic, skewed and tiny cells, slabs, wires and clusters."""
    vector = st.tuples(*[st.floats(-1.0, 1.0).map(lambda x: round(x, 6))] * 3)
    pbc = draw(st.tuples(*[st.booleans()] * 3))
    cell = np.diag(draw(st.tuples(*[st.floats(1.2, 6.0)] * 3)))
    cell[1, 0], cell[2, 0], cell[2, 1] = draw(st.sampled_from([0.0, 2.0, 8.0])) * np.array(draw(vector))
    if draw(st.booleans()):  # away from the axes
        cell = cell @ np.linalg.qr(np.eye(3) + 0.3 * np.array([draw(vector) for _ in range(3)]))[0]
    if draw(st.booleans()):
        cell[~np.array(pbc)] = 0.0
    spread = draw(st.sampled_from([2.0, 6.0]))
    positions = spread * np.array(draw(st.lists(vector, max_size=5))).reshape(-1, 3)
    return ase.Atoms(numbers=[6] * len(positions), positions=positions, cell=cell, pbc=pbc)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(structures(), st.floats(0.5, 5.0))
def test_equals_brute_force(atoms: ase.Atoms, cutoff: float) -> None:
    before = atoms.copy()
    i, j, S, D = neighbor_list(atoms, cutoff)
    found = rows(i, j, S)
    assert all(a < b for a, b in pairwise(found))
    assert np.all(np.linalg.norm(D, axis=1) < cutoff * (1 + 1e-15))
    np.testing.assert_allclose(D, atoms.positions[j] + S @ atoms.cell.array - atoms.positions[i], atol=1e-10)
    # Sums in another order may put a distance that equals the cutoff on the other side of it.
    for i, j, *S in set(found) ^ brute_force(atoms, cutoff):
        r = np.linalg.norm(atoms.positions[j] + S @ atoms.cell.array - atoms.positions[i])
        assert abs(r - cutoff) < 1e-10
    assert atoms == before


@settings(max_examples=80, derandomize=True, deadline=None)
@given(structures(), st.floats(0.5, 5.0))
def test_equals_ase(atoms: ase.Atoms, cutoff: float) -> None:
    assume(len(atoms) > 0)
    i, j, S, D = neighbor_list(atoms, cutoff)
    i0, j0, S0, D0 = ase_neighbor_list("ijSD", atoms, cutoff)
    r, r0 = np.linalg.norm(D, axis=1), np.linalg.norm(D0, axis=1)
    assume(not np.any(np.abs(np.concatenate([r, r0]) - cutoff) < 1e-9))
    order = np.lexsort((*S0.T[::-1], j0, i0))
    assert rows(i, j, S) == rows(i0[order], j0[order], S0[order])
    np.testing.assert_allclose(D, D0[order], atol=1e-9)


@settings(max_examples=40, derandomize=True, deadline=None)
@given(structures(), st.floats(0.5, 5.0))
def test_every_edge_has_its_exact_reverse(atoms: ase.Atoms, cutoff: float) -> None:
    i, j, S, D = neighbor_list(atoms, cutoff)
    forward = dict(zip(rows(i, j, S), D.tolist(), strict=True))
    backward = dict(zip(rows(j, i, -S), (-D).tolist(), strict=True))
    assert forward == backward


def rattled(repeat: int) -> ase.Atoms:
    atoms = bulk("Si", a=5.43, cubic=True).repeat(repeat)
    atoms.rattle(0.1, seed=0)
    return atoms


def test_threads_do_not_matter() -> None:
    atoms = rattled(5)
    one, *others = [neighbor_list(atoms, 6.0, num_threads=n) for n in (1, 2, 5)]
    for other in others:
        assert all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


def test_arrays() -> None:
    i, j, S, D = neighbor_list(rattled(1), 5.0)
    n = len(i)
    assert [a.dtype for a in (i, j, S, D)] == [np.int64, np.int64, np.int32, np.float64]
    assert [a.shape for a in (i, j, S, D)] == [(n,), (n,), (n, 3), (n, 3)]
    assert all(a.flags.c_contiguous and a.flags.writeable for a in (i, j, S, D))


def test_memory_comes_back_only_when_its_array_is_freed() -> None:
    atoms = rattled(6)
    kept = neighbor_list(atoms, 5.0)
    copies = [a.copy() for a in kept]
    places = [a.__array_interface__["data"][0] for a in neighbor_list(atoms, 5.0)]  # freed at once
    again = neighbor_list(atoms, 5.0)
    assert sorted(places) == sorted(a.__array_interface__["data"][0] for a in again)
    view = again[3][10:]
    del again
    neighbor_list(atoms, 5.1)
    for a, b in zip(kept, copies, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(view, copies[3][10:])


def test_a_structure_tuple_and_a_frame_do_as_well() -> None:
    atoms = rattled(1)
    as_tuple = ([14] * 8, atoms.positions.tolist(), atoms.cell.array, [True] * 3)
    for other in (Frame.from_atoms(atoms), as_tuple):
        for a, b in zip(neighbor_list(atoms, 4.0), neighbor_list(other, 4.0), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("atoms", [ase.Atoms(), ase.Atoms("Si"), ase.Atoms("Si", cell=[10.0] * 3, pbc=True)])
def test_no_atoms_and_isolated_atoms(atoms: ase.Atoms) -> None:
    i, j, S, D = neighbor_list(atoms, 5.0)
    assert len(i) == len(j) == 0
    assert S.shape == D.shape == (0, 3)


def test_atoms_on_each_other_are_neighbors() -> None:
    i, j, _, D = neighbor_list(ase.Atoms("H2", positions=np.ones((2, 3))), 1.0)
    assert (i.tolist(), j.tolist()) == ([0, 1], [1, 0])
    assert not D.any()
    _, _, S, D = neighbor_list(
        ase.Atoms("H2", positions=[[0, 0, 0], [3, 0, 0]], cell=[3, 3, 3], pbc=True), 1.0
    )
    assert S.tolist() == [[-1, 0, 0], [1, 0, 0]]
    assert not D.any()


def test_a_very_skewed_cell_is_the_same_crystal() -> None:
    atoms = rattled(3)
    skewed = atoms.copy()
    skewed.set_cell(np.array([[1, 0, 0], [5000, 1, 0], [-7000, 30, 1]]) @ atoms.cell.array)
    lengths = [np.sort(np.linalg.norm(neighbor_list(a, 6.0)[3], axis=1)) for a in (atoms, skewed)]
    np.testing.assert_allclose(*lengths, atol=1e-9)


def test_unwrapped_atoms_have_the_same_edges() -> None:
    atoms = rattled(2)
    moved = atoms.copy()
    cells = np.random.default_rng(3).integers(-100, 100, (len(atoms), 3))
    moved.positions += cells @ atoms.cell.array
    i, j, S, D = neighbor_list(atoms, 5.0)
    i2, j2, S2, D2 = neighbor_list(moved, 5.0)
    # Sorting by S sees a constant of each pair only, so that the order is the same.
    assert rows(i, j, S) == rows(i2, j2, S2 + cells[j2] - cells[i2])
    np.testing.assert_allclose(D, D2, atol=1e-9)


def test_clusters_far_apart() -> None:
    atoms = molecule("CH3CH2OH")
    far = atoms.copy()
    far.translate([3e7, -1e8, 2e8])
    assert len(neighbor_list(atoms + far, 1.6)[0]) == 2 * len(neighbor_list(atoms, 1.6)[0]) > 0


@pytest.mark.parametrize("cutoff", [0.0, -1.0, np.nan, np.inf, 1e6, 1e200])
def test_bad_cutoffs(cutoff: float) -> None:
    with pytest.raises(SettingsError):
        neighbor_list(bulk("Si"), cutoff)


def test_bad_structures() -> None:
    atoms = bulk("Si")
    atoms.positions[1, 2] = np.nan
    with pytest.raises(DataError, match="position of atom 1"):
        neighbor_list(atoms, 3.0)
    flat = ase.Atoms("Si", cell=[[1, 0, 0], [2, 0, 0], [0, 0, 1]], pbc=True)
    with pytest.raises(DataError, match="linearly dependent"):
        neighbor_list(flat, 3.0)
    with pytest.raises(DataError, match="positions"):
        neighbor_list(([14], [[0.0, 0.0]], np.eye(3), [True] * 3), 3.0)
    with pytest.raises(SettingsError, match="num_threads"):
        neighbor_list(bulk("Si"), 3.0, num_threads=0)


def test_examples_of_the_docstring() -> None:
    assert doctest.testmod(ferrip.neighbors).failed == 0
