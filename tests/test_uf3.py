"""The UF3 family: presets, prior, fits, and the `.uf3` files of LAMMPS."""

from __future__ import annotations

import contextlib
import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st

import ferrip
from ferrip import _core
from ferrip.cli.app import app
from ferrip.conversion import write
from ferrip.data import Frame
from ferrip.errors import FerripError, ModelFileError, SettingsError
from ferrip.fitting.distances import PairDistances
from ferrip.models import family
from ferrip.models import uf3_file as files
from ferrip.models.uf3 import Uf3, Uf3Settings

ROOTS = [parent / "shared" / "golden" / "uf3" for parent in Path(__file__).parents[2:4]]
GOLDEN = next((root for root in ROOTS if root.is_dir()), ROOTS[0])
DISTANCES = PairDistances(
    minimum={(8, 14): 1.5, (14, 14): 2.1}, nearest={(8, 14): 1.62, (14, 14): 2.35}, neighbors=20.0
)


def resolved(size: str = "small", **given: object) -> dict:
    return Uf3().resolve(Uf3Settings(**given), size, [8, 14], DISTANCES)


def test_sizes_are_resolutions() -> None:
    counts = [
        Uf3().descriptor(Uf3().resolve(Uf3Settings(), size, [14], DISTANCES)).n_features
        for size in ("small", "medium", "large")
    ]
    assert counts == [20 + 10 * 7 + 14, 25 + 28 * 13 + 4 * 14, 30 + 55 * 17 + 4 * 14]
    with pytest.raises(SettingsError, match="size"):
        resolved("huge")
    with pytest.raises(SettingsError, match="triplet_intervals"):
        resolved(triplet_intervals=(3, 8))


def test_settings_survive_json_and_pairs_alone_do() -> None:
    complete = resolved(triplet_cutoff=0, pair_cutoff=5.0, pair_intervals=8, density=[])
    assert json.loads(json.dumps(complete)) == complete
    descriptor = Uf3().descriptor(complete)
    assert (descriptor.n_features, descriptor.cutoff) == (3 * 8, 5.0)


def test_the_prior_covers_every_feature_once() -> None:
    complete = resolved()
    descriptor = Uf3().descriptor(complete)
    groups = Uf3().correlated_functions(complete)
    columns = np.concatenate([columns for columns, _ in groups])
    assert np.array_equal(columns, np.arange(descriptor.n_features))
    table = descriptor.feature_table()
    for columns, covariance in groups:
        assert len({(table[c][0], *[z for z, _, _ in table[c][1]]) for c in columns}) == 1
        np.testing.assert_allclose(covariance, covariance.T, atol=1e-8 * np.abs(covariance).max())
        assert np.linalg.eigvalsh(covariance).min() > 0


def test_the_prior_of_a_pair_is_its_curvature() -> None:
    complete = resolved(pair_curvature=2.0, pair_ridge=0.5)
    columns, covariance = Uf3().correlated_functions(complete)[0]
    c = np.random.default_rng(1).normal(size=len(columns))
    all_coefficients = np.concatenate([c, np.zeros(3)])
    wanted = 2.0 * np.sum(np.diff(all_coefficients, 2) ** 2) + 0.5 * np.sum(c**2)
    assert c @ np.linalg.solve(covariance, c) == pytest.approx(wanted)


def lennard_jones(atoms: Atoms) -> tuple[float, np.ndarray]:
    i, _j, _S, D = ferrip.neighbor_list(atoms, 6.0)
    r = np.linalg.norm(D, axis=1)
    x = (2.2 / r) ** 6
    switch = np.where(r < 6.0, (1 - (r / 6.0) ** 2) ** 3, 0.0)
    slope = -6 * r / 36 * (1 - (r / 6.0) ** 2) ** 2
    energy = 0.25 * (x * x - x)
    derivative = (0.25 * (-12 * x * x + 6 * x) / r) * switch + energy * slope
    forces = np.zeros((len(atoms), 3))
    np.add.at(forces, i, 2 * (derivative / r)[:, None] * D)
    return float(np.sum(energy * switch)), forces


def frames(n: int) -> list[Frame]:
    out = []
    for k in range(n):
        atoms = bulk("Cu", "fcc", a=3.5 + 0.05 * (k % 7), cubic=True) * (2, 1, 1)
        atoms.rattle(0.12, seed=k)
        energy, forces = lennard_jones(atoms)
        out.append(replace(Frame.from_atoms(atoms), energy=energy, forces=forces))
    return out


def test_a_pair_potential_is_learned_and_survives_the_file(tmp_path: Path) -> None:
    train, test = frames(24)[:18], frames(24)[18:]
    potential = ferrip.fit(train, model="uf3", size="small", pair_cutoff=6.0, density=[], progress=False)
    errors = [potential.evaluate(frame)[0].forces - frame.forces for frame in test]
    reference = np.concatenate([frame.forces for frame in test])
    assert np.sqrt(np.mean(np.concatenate(errors) ** 2)) < 0.06 * reference.std()
    potential.save(tmp_path / "Cu.ferrip")
    again = ferrip.load(tmp_path / "Cu.ferrip")
    for frame in test:
        assert np.array_equal(again.evaluate(frame)[0].forces, potential.evaluate(frame)[0].forces)
    notes = files.save(potential, tmp_path / "Cu.uf3")
    assert [note.split()[0] for note in notes] == ["energies", "core", "the"]
    imported = files.load(tmp_path / "Cu.uf3")
    core = max(ending[2] for *_, ending in potential.pairs)
    far = [frame for frame in test if _core.neighbor_list(*frame.structure, core)[0].size == 0]
    assert far
    for frame in far:
        a, b = imported.evaluate(frame)[0], potential.evaluate(frame)[0]
        np.testing.assert_allclose(a.forces, b.forces, atol=1e-11)
        e0 = sum(potential.e0[int(z)] for z in frame.numbers)
        assert a.energy == pytest.approx(b.energy - e0, abs=1e-10)


def random_potential(tmp_path: Path) -> tuple[ferrip.Potential, Path]:
    complete = resolved(density=[])
    descriptor = Uf3().descriptor(complete)
    potential = ferrip.Potential(
        family="uf3",
        descriptor=descriptor,
        settings=complete,
        coefficients=np.random.default_rng(4).normal(size=descriptor.n_features),
        e0={8: 0.0, 14: 0.0},
    )
    path = tmp_path / "SiO.uf3"
    files.save(potential, path)
    return potential, path


def test_two_elements_go_through_a_uf3_file(tmp_path: Path) -> None:
    potential, path = random_potential(tmp_path)
    again = files.load(path)
    rng = np.random.default_rng(3)
    grid = np.stack(np.meshgrid(*[np.arange(2.0)] * 3), axis=-1).reshape(-1, 3)
    atoms = Atoms("SiO" * 4, 2.2 * grid + rng.uniform(-0.2, 0.2, (8, 3)), cell=[4.5] * 3, pbc=True)
    a, b = potential.evaluate(atoms)[0], again.evaluate(atoms)[0]
    np.testing.assert_allclose(a.energies, b.energies, rtol=1e-12)
    np.testing.assert_allclose(a.forces, b.forces, atol=1e-11)
    assert again.elements == [8, 14]


def test_other_families_are_not_written(tmp_path: Path) -> None:
    potential, _ = random_potential(tmp_path)
    object.__setattr__(potential, "family", "ace")
    with pytest.raises(SettingsError, match="'ace'"):
        files.save(potential, tmp_path / "x.uf3")


def test_files_go_by_their_extension(tmp_path: Path) -> None:
    potential, path = random_potential(tmp_path)
    loaded = ferrip.load(path)
    assert np.array_equal(loaded.coefficients[loaded.coefficients != 0], potential.coefficients)
    written, notes = write(loaded, tmp_path / "again.uf3")
    assert written == [str(tmp_path / "again.uf3")]
    assert len(notes) == 1
    assert (tmp_path / "again.uf3").read_text() == path.read_text()
    write(loaded, tmp_path / "again.ferrip")
    assert np.array_equal(ferrip.load(tmp_path / "again.ferrip").coefficients, loaded.coefficients)
    with pytest.raises(SettingsError, match="is no ACE"):
        write(loaded, tmp_path / "again.yace")


def test_info_reads_uf3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    potential, path = random_potential(tmp_path)
    with pytest.raises(SystemExit, match="0"):
        app(["info", str(path), "--json"], prog_name="ferrip")
    assert json.loads(capsys.readouterr().out)["elements"] == potential.symbols


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="none.uf3"):
        files.load(tmp_path / "none.uf3")


@pytest.mark.parametrize(
    ("line", "text", "reason"),
    [
        (0, "nothing", "line 1: expected '#UF3 POT"),
        (1, "4B O O 0 3 nk", "line 2: expected 2B or 3B"),
        (1, "2B O Xx 0 3 nk", "'Xx' is no chemical symbol"),
        (1, "2B O O 0 3 zz", "expected knot spacing"),
        (1, "2B O O 0 nk", "expected 6 words"),
        (2, "5.0", "expected 1 cutoffs"),
        (2, "5.0 1000000000", "expected a number from 8"),
        (4, "1", "expected a number from"),
        (5, "1.0 nan", "expected 23 numbers, got 2"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, line: int, text: str, reason: str) -> None:
    _, path = random_potential(tmp_path)
    lines = path.read_text().splitlines()
    lines[line] = text
    with pytest.raises(ModelFileError, match=reason):
        files.parse("\n".join(lines))


def test_a_file_that_ends_early_is_refused() -> None:
    with pytest.raises(ModelFileError, match="middle of a block"):
        files.parse("#UF3 POT\n2B O O 0 3 nk\n5.0 12")
    with pytest.raises(ModelFileError, match="no block"):
        files.parse("")


@settings(max_examples=60, derandomize=True, deadline=None)
@given(data=st.data())
def test_damaged_files_are_refused_or_read(data: st.DataObject) -> None:
    text = FUZZ_BASE
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text) - 1))
        end = min(len(text), start + data.draw(st.integers(0, 40)))
        text = text[:start] + data.draw(st.text(alphabet="0123456789.-eE \nBOSi#nk", max_size=8)) + text[end:]
    with contextlib.suppress(FerripError):
        files.parse(text)


FUZZ_BASE = (
    """#UF3 POT UNITS: metal
2B O O 0 3 nk
5.0 11
0 0 0 0 1 2 3 5 5 5 5
7
1 2 3 4 0 0 0
#
#UF3 POT UNITS: metal
3B O O O 0 3 nk
4.0 2.0 2.0 8 8 8
0 0 0 0 4 4 4 4
0 0 0 0 2 2 2 2
0 0 0 0 2 2 2 2
4 4 4
"""
    + "1 0 0 0\n" * 16
)


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="no ../shared/golden")
def test_niobium_equals_lammps() -> None:
    potential = files.load(GOLDEN / "Nb.uf3")
    golden = json.loads(gzip.decompress((GOLDEN / "Nb.json.gz").read_bytes()))
    for simd in _core.supported_simd():
        evaluator = potential.evaluator(simd)
        for frame in golden["frames"]:
            n = len(frame["symbols"])
            structure = (
                np.full(n, 41),
                np.array(frame["positions"]),
                np.array(frame["cell"]),
                np.array(frame["pbc"], dtype=bool),
            )
            energies, forces, strain = evaluator.compute(structure)
            assert abs(energies.sum() - frame["energy"]) < 1e-10 * n
            assert np.abs(forces - frame["forces"]).max() < 1e-9
            assert np.abs(-strain - frame["virial"]).max() < 1e-8


def test_the_family_is_known_by_name() -> None:
    assert family("uf3").name == "uf3"
