"""JSON files of the `uf3` package, and UF3 potentials of fewer elements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from hypothesis import given, settings
from hypothesis import strategies as st

import ferrip
from ferrip.conversion import with_elements, write
from ferrip.errors import FerripError, ModelFileError
from ferrip.models import uf3_json as files
from ferrip.models.knots import uniform_knots
from ferrip.models.uf3 import Uf3

PENALTIES = {"pair_curvature": 1.0, "pair_ridge": 1e-4, "triplet_curvature": 1.0, "triplet_ridge": 1e-2}


def random_potential() -> ferrip.Potential:
    bond, other, across = (uniform_knots(1.0, end, n) for end, n in ((3.0, 4), (3.4, 5), (6.4, 6)))
    complete = {
        "elements": [8, 14],
        "pairs": [
            {"elements": pair, "knots": uniform_knots(0.5, 4.0, 6), "trims": [0, 3]}
            for pair in ([8, 8], [8, 14], [14, 14])
        ],
        "triplets": [
            {"elements": [8, 8, 14], "knots": [bond, other, across], "trims": [3, 3]},
            {"elements": [14, 14, 14], "knots": [other, other, across], "trims": [3, 3]},
        ],
        "penalties": PENALTIES,
    }
    descriptor = Uf3().descriptor(complete)
    return ferrip.Potential(
        family="uf3",
        descriptor=descriptor,
        settings=complete,
        coefficients=np.random.default_rng(4).normal(size=descriptor.n_features),
        e0={8: -1.5, 14: 0.25},
    )


def cluster(symbols: str = "SiO") -> Atoms:
    rng = np.random.default_rng(3)
    grid = np.stack(np.meshgrid(*[np.arange(2.0)] * 3), axis=-1).reshape(-1, 3)
    atoms = Atoms("SiO" * 4, 2.2 * grid + rng.uniform(-0.2, 0.2, (8, 3)), cell=[4.5] * 3, pbc=True)
    return atoms[[symbol in symbols for symbol in atoms.symbols]]


def test_two_elements_go_through_json(tmp_path: Path) -> None:
    potential = random_potential()
    written, notes = write(potential, tmp_path / "SiO.json")
    assert written == [str(tmp_path / "SiO.json")]
    assert [note.split()[1] for note in notes] == ["linear"]
    again = ferrip.load(tmp_path / "SiO.json")
    a, b = potential.evaluate(cluster())[0], again.evaluate(cluster())[0]
    np.testing.assert_allclose(a.energies, b.energies, rtol=1e-12)
    np.testing.assert_allclose(a.forces, b.forces, atol=1e-11)
    assert dict(again.e0) == {8: -1.5, 14: 0.25}


def test_neighbors_in_another_order_are_the_same(tmp_path: Path) -> None:
    potential = random_potential()
    files.save(potential, tmp_path / "SiO.json")
    document = json.loads((tmp_path / "SiO.json").read_text())
    for part in ("coefficients", "knots"):
        document[part]["Si-O"] = document[part].pop("O-Si")
        tensor = document[part].pop("O-O-Si")
        if part == "coefficients":
            tensor = np.transpose(tensor, (1, 0, 2)).tolist()
        else:
            tensor = [tensor[1], tensor[0], tensor[2]]
        document[part]["O-Si-O"] = tensor
    (tmp_path / "other.json").write_text(json.dumps(document))
    a, b = potential.evaluate(cluster())[0], ferrip.load(tmp_path / "other.json").evaluate(cluster())[0]
    np.testing.assert_allclose(a.forces, b.forces, atol=1e-11)


def test_fewer_elements_have_the_same_energies() -> None:
    potential = random_potential()
    silicon = with_elements(potential, ["Si"])
    assert silicon.symbols == ["Si"]
    a, b = potential.evaluate(cluster("Si"))[0], silicon.evaluate(cluster("Si"))[0]
    np.testing.assert_allclose(a.energies, b.energies, rtol=1e-12)
    np.testing.assert_allclose(a.forces, b.forces, atol=1e-12)


def document() -> dict[str, Any]:
    knots = uniform_knots(0.5, 4.0, 6)
    return {"coefficients": {"W": 1.0, "W-W": [1.0] * 9}, "knots": {"W-W": knots}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"coefficients": {}}, "no pair"),
        ({"coefficients": 3}, "an object 'coefficients'"),
        ({"knots": {}}, "none for W-W"),
        ({"coefficients": {"W-W": [1.0] * 8}}, "expected"),
        ({"coefficients": {"W-W": [[1.0], [1.0, 2.0]]}}, "equal length"),
        ({"coefficients": {"W-W": [float("nan")] * 9}}, "finite"),
        ({"coefficients": {"W-Q": [1.0] * 9}}, "symbols"),
        ({"coefficients": {"W-W-W": [1.0] * 9}, "knots": {"W-W-W": 1}}, "three lists"),
        ({"coefficients": {"W-W": ["x"] * 9}}, "numbers"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(document() | change))
    with pytest.raises(ModelFileError, match=message) as caught:
        ferrip.load(path)
    assert str(path) in str(caught.value)


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    for content in (b"\xff\xfe", b"{", b"[1]", b"[" * 100_000):
        (tmp_path / "bad.json").write_bytes(content)
        with pytest.raises(ModelFileError):
            ferrip.load(tmp_path / "bad.json")
    with pytest.raises(ModelFileError, match="No such file"):
        ferrip.load(tmp_path / "absent.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["W", "W-W", "W-W-W", "O-W", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(part=st.sampled_from(["coefficients", "knots", "knots_map"]), value=JSON)
def test_any_document_is_read_or_refused(part: str, value: Any) -> None:
    try:
        files.parse(document() | {part: value})
    except FerripError:
        return


def test_the_package_gives_the_same_energies() -> None:
    folder = Path(__file__).parent / "data" / "uf3_json"
    potential = ferrip.load(folder / "SiO.json")
    for frame in json.loads((folder / "reference.json").read_text()):
        atoms = Atoms(frame["symbols"], frame["positions"], cell=frame["cell"], pbc=True)
        got = potential.evaluate(atoms)[0]
        assert got.energy == pytest.approx(frame["energy"], abs=1e-10)
        np.testing.assert_allclose(got.forces, frame["forces"], atol=1e-9)
