"""Potentials through the C interface: the same numbers as in Python, errors instead of crashes."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import ase
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_potentials import FAMILIES, random_potential
from standins_capi import Atoms, CHost, needs_library

import ferrip
from ferrip import capi
from ferrip.potential import Potential

pytestmark = needs_library
OK, INVALID, FAILED = 0, 1, 2
DATA = Path(__file__).parent / "data"


def cluster(seed: int = 0) -> ase.Atoms:
    """Twelve rattled atoms of two elements."""
    rng = np.random.default_rng(seed)
    places = np.stack(np.meshgrid(range(3), range(2), range(2), indexing="ij"), axis=-1).reshape(-1, 3)
    return ase.Atoms("O6Si6", 2.1 * places + rng.uniform(-0.15, 0.15, (12, 3)))


@pytest.fixture
def host() -> CHost:
    return CHost()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of every family."""
    path = tmp_path_factory.mktemp("potentials")
    for name in FAMILIES:
        random_potential(name).save(path / f"{name}.ferrip")
    return path


def types_of(atoms: ase.Atoms, potential: Potential) -> np.ndarray:
    return np.array([potential.elements.index(z) for z in atoms.numbers])


@pytest.mark.parametrize("form", ["compressed", "pointers"])
@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_gives_the_numbers_of_python(host: CHost, folder: Path, name: str, form: str) -> None:
    assert host.load(folder / f"{name}.ferrip") == OK, host.message
    potential, atoms = random_potential(name), cluster()
    assert host.symbols == potential.symbols
    assert host.library.ferrip_cutoff(host.potential) == pytest.approx(potential.cutoff, rel=1e-14)
    arrays = Atoms(atoms.positions, types_of(atoms, potential), len(atoms))
    arguments = arrays.arguments(form)
    assert host.compute(arguments) == OK, host.message
    energies, forces, strain = potential.evaluator().compute(
        (atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc)
    )
    virial = -strain[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
    assert arrays.energies == pytest.approx(energies, rel=1e-10, abs=1e-11)
    assert arguments.energy == pytest.approx(energies.sum(), rel=1e-11)
    assert arrays.forces == pytest.approx(forces, rel=1e-10, abs=1e-10)
    assert np.array(arguments.virial) == pytest.approx(virial, rel=1e-10, abs=1e-10)
    assert arrays.virials.sum(axis=0) == pytest.approx(virial, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("name", ["ace", "gap", "nn", "nn-pairs", "nn-acsf", "uf3"])
def test_parts_with_ghosts_add_up(host: CHost, folder: Path, name: str) -> None:
    assert host.load(folder / f"{name}.ferrip") == OK
    potential, atoms = random_potential(name), cluster(1)
    (whole,) = potential.evaluate(atoms)
    energy, forces = 0.0, np.zeros((12, 3))
    order = np.arange(12)
    for n_local, own in ((5, order), (7, np.roll(order, -5))):
        arrays = Atoms(atoms.positions[own], types_of(atoms, potential)[own], n_local)
        arguments = arrays.arguments("pointers", virials=None, energies=None)
        assert host.compute(arguments) == OK
        energy += arguments.energy
        forces[own] += arrays.forces
    assert energy == pytest.approx(whole.energy, rel=1e-12)
    assert forces == pytest.approx(whole.forces, abs=1e-11)


@pytest.mark.parametrize("name", ["ace", "gap", "mtp", "nn", "uf3"])
def test_lists_that_are_kept(host: CHost, folder: Path, name: str) -> None:
    """Two halves with ghosts, whose atoms move within the skin, then a new list, then other species."""
    assert host.load(folder / f"{name}.ferrip") == OK
    other = CHost()
    assert other.load(folder / f"{name}.ferrip") == OK
    potential, atoms = random_potential(name), cluster(2)
    rng, order = np.random.default_rng(3), np.arange(12)
    moves = rng.uniform(-0.05, 0.05, (3, 12, 3))
    moves[2] = rng.uniform(-0.3, 0.3, (12, 3))
    for list_id, move in ((1, moves[0]), (1, moves[1]), (2, moves[2]), (2, moves[2])):
        if list_id == 2:
            atoms.numbers = atoms.numbers[::-1]
        moved = atoms.copy()
        moved.positions += move
        (whole,) = potential.evaluate(moved)
        energy, energies, forces, virial = 0.0, np.zeros(12), np.zeros((12, 3)), np.zeros(6)
        for one, n_local, own in ((host, 5, order), (other, 7, np.roll(order, -5))):
            arrays = Atoms(moved.positions[own], types_of(moved, potential)[own], n_local)
            arguments = arrays.arguments("pointers", virials=None, list_id=list_id, skin=0.3)
            assert one.compute(arguments) == OK, one.message
            assert not arrays.energies[n_local:].any()
            energy += arguments.energy
            energies[own] += arrays.energies
            forces[own] += arrays.forces
            virial += arguments.virial
        assert energy == pytest.approx(whole.energy, rel=1e-12)
        assert energies.sum() == pytest.approx(energy, rel=1e-12)
        assert forces == pytest.approx(whole.forces, abs=1e-11)
        turned = -np.einsum("ni,nj->ij", whole.forces, moved.positions)
        assert virial == pytest.approx(-turned[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]], rel=1e-9, abs=1e-9)


def test_types_map_to_elements_and_some_are_not_seen(host: CHost, folder: Path) -> None:
    assert host.load(folder / "ace.ferrip") == OK
    potential, atoms = random_potential("ace"), cluster()
    (alone,) = potential.evaluate(atoms[:8])
    table = np.array([-1, 1, 0, -1], np.int32)
    types = np.where(atoms.numbers == 14, 1, 2)
    types[8:] = 3
    arrays = Atoms(atoms.positions, types, 8)
    arguments = arrays.arguments("compressed", species_of_type=table.ctypes.data, n_types=4)
    assert host.compute(arguments) == OK, host.message
    assert arguments.energy == pytest.approx(alone.energy, rel=1e-12)
    assert arrays.forces[:8] == pytest.approx(alone.forces, abs=1e-11)
    assert not arrays.forces[8:].any()
    arrays.n_local = 12
    arguments = Atoms(atoms.positions, types, 12).arguments(
        "compressed", species_of_type=table.ctypes.data, n_types=4
    )
    assert host.compute(arguments) == FAILED
    assert "atom 8 has no species" in host.message


@pytest.mark.parametrize("number", [1, 2])
def test_older_formats_are_read(host: CHost, number: int) -> None:
    path = DATA / f"format-{number}.ferrip"
    potential = ferrip.load(path)
    assert host.load(path) == OK, host.message
    atoms = ase.Atoms(numbers=np.resize(potential.elements, 4), positions=2.3 * np.eye(4, 3))
    arrays = Atoms(atoms.positions, types_of(atoms, potential), 4)
    arguments = arrays.arguments("compressed")
    assert host.compute(arguments) == OK, host.message
    assert arguments.energy == pytest.approx(potential.evaluate(atoms)[0].energy, rel=1e-11)


def test_wrong_arguments_are_named(host: CHost, folder: Path) -> None:
    assert host.load(folder / "ace.ferrip") == OK
    arrays = Atoms(cluster().positions, np.zeros(12), 12)
    for changes, message in (
        ({"abi_version": 1}, "compiled for version 1"),
        ({"struct_size": 64}, "64 bytes"),
        ({"nlocal": -1}, "nlocal -1"),
        ({"x": None}, "x is NULL"),
        ({"forces": None}, "forces is NULL"),
        ({"offsets": None}, "no list"),
        ({"neighbors": None}, "neighbors is NULL"),
    ):
        assert host.compute(arrays.arguments("compressed", **changes)) == INVALID
        assert message in host.message
    assert host.compute(arrays.arguments("pointers", numneigh=None)) == INVALID
    assert "firstneigh without" in host.message
    assert host.library.ferrip_compute(None, ctypes.byref(arrays.arguments("pointers")), None, 0) == INVALID
    far = Atoms(cluster().positions, np.full(12, 7), 12)
    assert host.compute(far.arguments("compressed")) == INVALID
    assert "species 7" in host.message
    same = Atoms(np.zeros((2, 3)), np.zeros(2), 2)
    assert host.compute(same.arguments("compressed")) == FAILED
    assert "lie on each other" in host.message


def test_files_that_are_none(host: CHost, tmp_path: Path, folder: Path) -> None:
    assert host.load(tmp_path / "missing.ferrip") == FAILED
    assert "missing.ferrip: No such file" in host.message
    assert host.potential.value is None
    (tmp_path / "empty.ferrip").write_bytes(b"")
    assert host.load(tmp_path / "empty.ferrip") == FAILED
    assert "truncated" in host.message
    assert host.load(folder / "ace.ferrip", b"sse") == FAILED
    assert "expected one of" in host.message


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_changed_bytes_are_refused(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    host, path = CHost(), tmp_path_factory.getbasetemp() / "changed.ferrip"
    whole = bytearray((DATA / "format-2.ferrip").read_bytes())
    if data.draw(st.booleans()):
        whole = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(whole)
    assert host.load(path) == FAILED
    assert host.message.startswith(f"{path}: ")


def test_the_example_in_c(folder: Path, tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler (cc) on this machine")
    source = Path(__file__).parents[1] / "examples" / "host.c"
    library, program = capi.library_path(), tmp_path / "host"
    command = [compiler, "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{capi.include_dir()}"]
    command += [str(source), str(library), f"-Wl,-rpath,{library.parent}", "-o", str(program)]
    subprocess.run(command, check=True)
    atoms = cluster(2)
    lines = [
        f"{s} {x!r} {y!r} {z!r}" for s, (x, y, z) in zip(atoms.symbols, atoms.positions.tolist(), strict=True)
    ]
    text = "\n".join([str(len(atoms)), *lines])
    run = subprocess.run(
        [str(program), str(folder / "ace.ferrip")], input=text, check=True, capture_output=True, text=True
    )
    energy, virial, *rows = [np.array(line.split(), float) for line in run.stdout.splitlines()]
    (expected,) = random_potential("ace").evaluate(atoms)
    assert energy[0] == pytest.approx(expected.energy, rel=1e-12)
    assert np.array(rows)[:, 0] == pytest.approx(expected.energies, rel=1e-11)
    assert np.array(rows)[:, 1:] == pytest.approx(expected.forces, abs=1e-11)
    assert len(virial) == 6
    run = subprocess.run([str(program), "none"], check=False, capture_output=True, text=True, input=text)
    assert run.returncode == 1
    assert run.stderr.startswith("host: none: ")
