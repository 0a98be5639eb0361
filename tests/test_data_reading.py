"""Reading files: formats, parts of files, and errors that name file, frame and line."""

import gzip
import pickle
from importlib.resources import files

import ase.db
import ase.io
import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ferrip.data import Frame, LabelKeys, read_frames
from ferrip.errors import DataError

TWO_FRAMES = """2
Lattice="5 0 0 0 5 0 0 0 5" Properties=species:S:1:pos:R:3:forces:R:3 energy=-1.5 config_type=a pbc="T T T"
Si 0.0 0.0 0.0 0.1 0.2 0.3
Si 1.5 1.5 1.5 -0.1 -0.2 -0.3
1
Lattice="5 0 0 0 5 0 0 0 5" Properties=species:S:1:pos:R:3:REF_forces:R:3 REF_energy=-0.5 pbc="T T T"
Si 0.0 0.0 0.0 0.0 0.0 0.0
"""


@pytest.fixture
def two_frames(tmp_path):
    path = tmp_path / "two.xyz"
    path.write_text(TWO_FRAMES)
    return path


def test_extended_xyz(two_frames):
    first, second = read_frames(two_frames)
    assert (first.energy, first.config_type, first.index, first.source) == (-1.5, "a", 0, str(two_frames))
    assert (second.energy, second.config_type, second.label) == (-0.5, "default", f"{two_frames} frame 1")
    np.testing.assert_array_equal(first.forces[1], [-0.1, -0.2, -0.3])
    assert second.keys == {"energy": "REF_energy", "forces": "REF_forces"}


def test_gzip_and_several_files(two_frames, tmp_path):
    packed = tmp_path / "packed.extxyz.gz"
    packed.write_bytes(gzip.compress(TWO_FRAMES.encode()))
    frames = read_frames([two_frames, str(packed)])
    assert [frame.energy for frame in frames] == [-1.5, -0.5, -1.5, -0.5]
    assert frames[3].label == f"{packed} frame 1"


@pytest.mark.parametrize(
    ("part", "indices"), [("@1", [1]), ("@-1", [1]), ("@:", [0, 1]), ("@0:1", [0]), ("@::-1", [1, 0])]
)
def test_part_of_a_file(two_frames, part, indices):
    assert [frame.index for frame in read_frames(f"{two_frames}{part}")] == indices


@pytest.mark.parametrize("part", ["@x", "@1:2:3:4", "@::0"])
def test_bad_part_of_a_file(two_frames, part):
    with pytest.raises(DataError, match=part):
        read_frames(f"{two_frames}{part}")


def test_other_formats_through_ase(tmp_path):
    atoms = bulk("Si", cubic=True)
    atoms.calc = SinglePointCalculator(atoms, energy=-43.0, forces=np.zeros((8, 3)))
    ase.io.write(tmp_path / "one.traj", [atoms, atoms])
    ase.io.write(tmp_path / "POSCAR", atoms, format="vasp")
    frames = read_frames([tmp_path / "one.traj", tmp_path / "POSCAR"])
    assert [frame.energy for frame in frames] == [-43.0, -43.0, None]


def test_ase_databases(tmp_path):
    atoms = bulk("Si", cubic=True)
    atoms.calc = SinglePointCalculator(atoms, energy=-43.0, forces=np.zeros((8, 3)))
    with ase.db.connect(tmp_path / "data.db") as database:
        database.write(atoms, config_type="bulk")
        database.write(atoms, REF_energy=-44.0)
    first, second = read_frames(tmp_path / "data.db")
    assert (first.energy, first.config_type) == (-43.0, "bulk")
    assert (second.energy, second.keys["energy"]) == (-44.0, "REF_energy")


@pytest.mark.parametrize("name", ["OUTCAR_example_1", "vasprun_dfpt.xml"])
def test_vasp_outputs(tmp_path, name):
    original = files("ase.test") / "testdata" / "vasp" / name
    if not original.is_file():
        pytest.skip("ASE came without its test data")
    for path, content in (
        (tmp_path / name, original.read_bytes()),
        (tmp_path / f"{name}.gz", gzip.compress(original.read_bytes())),
    ):
        path.write_bytes(content)
        (frame,) = read_frames(path)
        assert frame.energy is not None
        assert frame.forces is not None
        assert frame.stress is not None
    path = tmp_path / f"cut_{name}"
    path.write_bytes(original.read_bytes()[:2000])
    with pytest.raises(DataError, match=rf"cut_{name}: cannot be read") as caught:
        read_frames(path)
    assert "\n" not in str(caught.value)


def test_atoms_and_frames_pass(two_frames):
    frame = Frame(numbers=[14], positions=np.zeros((1, 3)))
    assert read_frames(frame) == [frame]
    assert [item.index for item in read_frames([frame, bulk("Si")])] == [0, 1]
    with pytest.raises(DataError, match="item 0: expected a path"):
        read_frames([3.0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no frames"),
        ("two\n\n", r"frame 0 \(line 1\): expected the number of atoms, got 'two'"),
        ("-2\n\n", "expected the number of atoms, got -2"),
        (TWO_FRAMES[:-40], r"frame 1 \(line 5\)"),
        (TWO_FRAMES.replace("Si 1.5", "Si x"), r"frame 0 \(line 1\): not extended XYZ"),
        (TWO_FRAMES.replace("Si 1.5", "Zz 1.5"), r"frame 0 \(line 1\): not extended XYZ"),
        ("1000000000000\n\nSi 0 0 0\n", "the file ends after 1 of 1000000000000 atoms"),
        (TWO_FRAMES + "\n\n" + TWO_FRAMES, "blank line 8 after frame 1"),
        (TWO_FRAMES.replace("-1.5 config", "nan config"), "frame 0: NaN or infinity in energy"),
        (TWO_FRAMES.replace("Si 1.5", "Si inf"), "frame 0: NaN or infinity in positions"),
        (TWO_FRAMES.replace("energy=-1.5", "energy=low"), "frame 0: energy is not made of numbers"),
    ],
)
def test_errors_name_file_and_frame(tmp_path, text, message):
    path = tmp_path / "bad.xyz"
    path.write_text(text)
    with pytest.raises(DataError, match=rf"bad\.xyz:? ?.*{message}") as caught:
        read_frames(path)
    assert "\n" not in str(caught.value)


def test_missing_files_directories_and_unknown_formats(tmp_path):
    with pytest.raises(DataError, match=r"nix\.xyz: no such file"):
        read_frames(tmp_path / "nix.xyz")
    with pytest.raises(DataError, match="is a directory"):
        read_frames(tmp_path)
    (tmp_path / "noise.bin").write_bytes(pickle.dumps({"not": "a structure"}))
    with pytest.raises(DataError, match=r"noise\.bin: cannot be read"):
        read_frames(tmp_path / "noise.bin")


def test_a_broken_archive(tmp_path):
    path = tmp_path / "cut.xyz.gz"
    path.write_bytes(gzip.compress(TWO_FRAMES.encode())[:-12])
    with pytest.raises(DataError, match=r"cut\.xyz\.gz: cannot be read"):
        read_frames(path)


def test_given_keys_apply_to_files(two_frames):
    with pytest.raises(DataError, match=r"two\.xyz frame 0: no energy under the key 'REF_energy'"):
        read_frames(two_frames, LabelKeys(energy="REF_energy"))


def frames_unless_refused(path):
    """The frames of a file, or none where it is refused with an error that names it in one line."""
    message, frames = "", []
    try:
        frames = read_frames(path)
    except DataError as error:
        message = str(error)
    assert frames or message.startswith(str(path))
    assert "\n" not in message
    return frames


def edits(original: bytes):
    """Copies of the bytes, truncated and with some bytes replaced, removed or inserted."""
    position = st.integers(0, len(original) - 1)
    change = st.tuples(position, st.integers(0, 2), st.binary(min_size=0, max_size=6))

    def apply(cut, changes):
        data = bytearray(original[:cut])
        for place, removed, inserted in changes:
            data[place : place + removed] = inserted
        return bytes(data)

    return st.builds(apply, st.integers(0, len(original)), st.lists(change, max_size=4))


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.one_of(edits(TWO_FRAMES.encode()), st.binary(max_size=80)))
def test_garbled_bytes_give_frames_or_a_data_error_naming_the_file(tmp_path, data):
    path = tmp_path / "garbled.xyz"
    path.write_bytes(data)
    frames = frames_unless_refused(path)
    assert all(np.isfinite(frame.positions).all() for frame in frames)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=edits(gzip.compress(TWO_FRAMES.encode(), mtime=0)))
def test_garbled_archives_give_frames_or_a_data_error_naming_the_file(tmp_path, data):
    path = tmp_path / "garbled.xyz.gz"
    path.write_bytes(data)
    frames_unless_refused(path)
