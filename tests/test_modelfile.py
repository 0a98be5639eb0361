"""The `.ferrip` file: round trip, refusal of everything that is not whole, and a fuzzer."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pair_family import PairDescriptor
from safetensors.numpy import save as save_tensors

import ferrip
from ferrip import modelfile
from ferrip.errors import FerripError, ModelFileError
from ferrip.models.pair_terms import zbl
from ferrip.potential import Potential


def example():
    descriptor = PairDescriptor([8, 14], 4.0, 4)
    rng = np.random.default_rng(0)
    return Potential(
        family="pair-test",
        descriptor=descriptor,
        settings={"elements": [8, 14], "cutoff": 4.0, "n_powers": 4},
        coefficients=rng.normal(size=16),
        e0={8: -5.0, 14: -3.0},
        pairs=[zbl(8, 14, 0.5, 1.0)],
        metadata={"minimum_distances": {"O-Si": 1.6}},
        posterior_factor=rng.normal(size=(16, 16)),
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "example.ferrip"
    example().save(path)
    return path


def test_round_trip(saved):
    first, second = example(), ferrip.load(saved)
    assert np.array_equal(first.coefficients, second.coefficients)
    assert second.posterior_factor == pytest.approx(first.posterior_factor, rel=1e-6)
    assert (second.family, second.settings, second.e0) == (first.family, first.settings, first.e0)
    assert list(second.pairs) == first.pairs
    assert second.minimum_distances == {(8, 14): 1.6}
    assert second.symbols == ["O", "Si"]


def test_writing_is_atomic(saved, monkeypatch):
    before = saved.read_bytes()
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        example().save(saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["example.ferrip"]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_truncated_bytes(saved, data):
    content = saved.read_bytes()
    with pytest.raises(ModelFileError):
        modelfile.parse(content[: data.draw(st.integers(0, len(content) - 1))])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.data())
def test_flipped_bits(saved, data):
    content = bytearray(saved.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        header, arrays = modelfile.parse(bytes(content))
    except ModelFileError:
        return
    expected_header, expected = modelfile.parse(saved.read_bytes())
    assert header == expected_header
    assert all(np.array_equal(arrays[name], expected[name]) for name in expected)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_any_bytes(content):
    with pytest.raises(ModelFileError):
        modelfile.parse(content)


@pytest.mark.parametrize("version", [0, 4])
def test_other_versions_are_refused(saved, tmp_path, version):
    header, arrays = modelfile.read(saved)
    path = tmp_path / "other.ferrip"
    modelfile.write(path, header | {"format_version": version}, arrays)
    with pytest.raises(ModelFileError, match=f"format version {version} .* reads versions 1 to 3"):
        ferrip.load(path)


@pytest.mark.parametrize(
    "change",
    [
        {"family": "nonsense"},
        {"settings": {"elements": [8, 14], "cutoff": 4.0, "n_powers": 5}},
        {"settings": {"elements": [8, 14]}},
        {"elements": ["O", "Ge"]},
        {"e0": {"O": 1.0}},
        {"e0": {"O": "x", "Si": 1.0}},
        {"fingerprint": {"n_features": 16, "sha256": "0"}},
        {"pairs": [[1]]},
        {"metadata": []},
    ],
)
def test_inconsistent_headers(saved, tmp_path, change):
    header, arrays = modelfile.read(saved)
    path = tmp_path / "other.ferrip"
    modelfile.write(path, header | change, arrays)
    with pytest.raises(ModelFileError, match=r"other\.ferrip: ."):
        ferrip.load(path)


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"coefficients": np.zeros(15)},
        {"coefficients": np.full(16, np.nan)},
        {"coefficients": np.zeros(16, np.float32)},
        {"coefficients": np.zeros(16), "posterior_factor": np.zeros((3, 3), np.float32)},
    ],
)
def test_wrong_arrays(saved, tmp_path, arrays):
    header, _ = modelfile.read(saved)
    path = tmp_path / "other.ferrip"
    modelfile.write(path, header, arrays)
    with pytest.raises(ModelFileError):
        ferrip.load(path)


def test_missing_file_and_directory(tmp_path):
    with pytest.raises(ModelFileError, match=r"no\.ferrip: No such file"):
        ferrip.load(tmp_path / "no.ferrip")
    with pytest.raises(ModelFileError, match="directory"):
        ferrip.load(tmp_path)


def test_other_safetensors_files(tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(save_tensors({"x": np.zeros(2)}, {"format": "pt"}))
    with pytest.raises(ModelFileError, match="not a ferrip potential"):
        ferrip.load(path)
    path.write_bytes((2**60).to_bytes(8, "little") + json.dumps({}).encode())
    with pytest.raises(ModelFileError, match="not a ferrip potential"):
        ferrip.load(path)


def test_wrong_number_of_coefficients():
    with pytest.raises(FerripError, match="expected 16"):
        Potential(
            family="pair-test",
            descriptor=PairDescriptor([8, 14], 4.0, 4),
            settings={},
            coefficients=np.zeros(3),
            e0={8: 0.0, 14: 0.0},
        )
