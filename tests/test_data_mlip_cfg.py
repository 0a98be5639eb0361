"""MLIP's `.cfg` data: units and signs, elements of numbered types, and errors that name file and line."""

import gzip

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ferrip.data import read_frames
from ferrip.errors import DataError

BLOCK = """BEGIN_CFG
 Size
    2
 Supercell
         4.0      0.0      0.0
         1.0      5.0      0.0
         0.0      0.0      3.0
 AtomData:  id type       cartes_x      cartes_y      cartes_z     fx          fy          fz    nbh_grades
             1    1       0.1           0.2           0.3          0.5         0.0        -0.5   1.25
             2    0       1.5           1.5           1.5         -0.5         0.0         0.5   0.5
 Energy
        -12.5
 PlusStress:  xx          yy          zz          yz          xz          xy
              6.0        12.0        18.0        24.0        30.0        36.0
 Feature   EFS_by       VASP
 Feature   config_type  liquid  drop
END_CFG

"""


def read(tmp_path, text, elements=("Si", "O"), name="data.cfg"):
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return read_frames(path, elements=elements)


@pytest.mark.parametrize("name", ["data.cfg", "data.CFG", "data.cfg.gz"])
def test_a_block(tmp_path, name):
    first, second = read(tmp_path, BLOCK + BLOCK.replace("-12.5", "-13.5"), name=name)
    assert (first.energy, second.energy, second.index) == (-12.5, -13.5, 1)
    assert first.numbers.tolist() == [8, 14]
    assert first.pbc.all()
    np.testing.assert_array_equal(first.cell[1], [1.0, 5.0, 0.0])
    np.testing.assert_array_equal(first.positions[0], [0.1, 0.2, 0.3])
    np.testing.assert_array_equal(first.forces[1], [-0.5, 0.0, 0.5])
    np.testing.assert_allclose(first.stress, [-0.1, -0.2, -0.3, -0.4, -0.5, -0.6], rtol=1e-14)
    assert first.config_type == "liquid drop"
    assert first.metadata == {"code": "VASP"}


def test_line_ends_and_values_behind_their_keyword(tmp_path):
    text = BLOCK.replace("Size\n    2", "Size 2").replace("Energy\n        -12.5", "Energy -12.5")
    (frame,) = read(tmp_path, text.replace("\n", "\r\n"))
    assert (frame.energy, frame.n_atoms) == (-12.5, 2)


def test_components_are_named_and_stress_is_the_negative(tmp_path):
    (frame,) = read(tmp_path, BLOCK.replace("yz          xz          xy", "xy yz xz"))
    np.testing.assert_allclose(frame.stress[3:], [-0.5, -0.6, -0.4], rtol=1e-14)
    (frame,) = read(tmp_path, BLOCK.replace("PlusStress:", "Stress:"))
    np.testing.assert_allclose(frame.stress[:3], [0.1, 0.2, 0.3], rtol=1e-14)


def test_fractional_positions(tmp_path):
    (frame,) = read(tmp_path, BLOCK.replace("cartes_", "direct_"))
    np.testing.assert_allclose(frame.positions[1], 1.5 * np.array([5.0, 5.0, 3.0]))


def test_fewer_lattice_vectors_are_fewer_periodic_directions(tmp_path):
    rows = BLOCK.splitlines(keepends=True)
    (slab,) = read(tmp_path, "".join(rows[:6] + rows[7:12] + rows[14:]))
    assert slab.pbc.tolist() == [True, True, False]
    assert slab.stress is None
    (molecule,) = read(tmp_path, "".join(rows[:3] + rows[7:12] + rows[14:]))
    assert not molecule.pbc.any()
    assert not molecule.cell.any()


def test_unlabelled_structures_of_one_element(tmp_path):
    text = "BEGIN_CFG\nSize\n1\nAtomData: id cartes_x cartes_y cartes_z\n1 0 0 0\nEND_CFG\n"
    (frame,) = read(tmp_path, text, ["Cu"])
    assert (frame.numbers.tolist(), frame.energy, frame.forces, frame.stress) == ([29], None, None, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read"),
        ("energy 1\n" + BLOCK, "cannot be read"),
        (BLOCK + "rubbish\n", "line 19: expected BEGIN_CFG, got 'rubbish'"),
        (BLOCK[:-10], "ends inside the block that begins in line 1"),
        (BLOCK.replace("END_CFG", "") + BLOCK, "line 19: BEGIN_CFG before the END_CFG of line 1"),
        (BLOCK + BLOCK.replace("Energy", "Enrgy"), r"frame 1 \(line 29\): unknown keyword 'Enrgy'"),
        (BLOCK.replace("    2\n", "    two\n"), r"frame 0 \(line 3\): expected a number of atoms, got 'two'"),
        (
            BLOCK.replace("    2\n", "    10000000000\n"),
            r"\(line 11\): atom 3 of 10000000000: expected 9 columns",
        ),
        (BLOCK.replace("    2\n", "    1\n"), r"\(line 10\): unknown keyword '2'"),
        (BLOCK.replace("1.25", ""), r"\(line 9\): atom 1 of 2: expected 9 columns, got 8"),
        (BLOCK.replace("0.1   ", "zero  "), r"\(line 9\): cartes_x should be a number, got 'zero'"),
        (
            BLOCK.replace("1    1 ", "1    2 "),
            r"\(line 9\): no element for atom type 2: 2 elements are given",
        ),
        (BLOCK.replace("1    1 ", "1   -1 "), r"\(line 9\): no element for atom type -1"),
        (BLOCK.replace("1    1 ", "1  nan "), r"\(line 9\): no element for atom type nan"),
        (BLOCK.replace("5.0      0.0", "5.0"), r"\(line 6\): expected 3 numbers, got 2"),
        (BLOCK.replace("-12.5", "low"), r"\(line 12\): not all numbers: 'low'"),
        (BLOCK.replace("36.0", ""), r"\(line 14\): expected 6 numbers, got 5"),
        (BLOCK.replace("yz  ", "yy  "), r"\(line 14\): expected the components xx yy zz yz xz xy"),
        (BLOCK.replace("cartes_z", "z"), "AtomData has no column 'cartes_z'"),
        (BLOCK.replace("cartes_", "r_"), "AtomData has no positions"),
        (BLOCK.replace(" Size\n    2\n", ""), r"\(line 6\): AtomData before Size"),
        (BLOCK.replace("-12.5", "nan"), "frame 0: NaN or infinity in energy"),
    ],
)
def test_errors_name_file_and_line(tmp_path, text, message):
    with pytest.raises(DataError, match=rf"data\.cfg:? ?.*{message}") as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_elements_must_be_given_and_exist(tmp_path):
    with pytest.raises(DataError, match=r"data\.cfg: numbers its elements; name them"):
        read(tmp_path, BLOCK, None)
    with pytest.raises(DataError, match="elements: 'Sj' is not a chemical symbol"):
        read(tmp_path, BLOCK, ["Sj"])


def edits():
    place = st.integers(0, len(BLOCK) - 1)
    words = st.sampled_from(["", "\n", " ", "nan", "1e400", "-1", "BEGIN_CFG\n", "END_CFG\n", "Size\n", "Ω"])
    changes = st.lists(st.tuples(place, st.integers(0, 12), words), max_size=5)

    def apply(changes):
        text = BLOCK + BLOCK
        for start, removed, inserted in changes:
            text = text[:start] + inserted + text[start + removed :]
        return text

    return st.builds(apply, changes)


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=edits())
def test_garbled_text_gives_frames_or_a_data_error_naming_the_file(tmp_path, text):
    message, frames = "", []
    try:
        frames = read(tmp_path, text)
    except DataError as error:
        message = str(error)
    assert frames or message.startswith(str(tmp_path / "data.cfg"))
    assert "\n" not in message
    assert all(np.isfinite(frame.positions).all() for frame in frames)
