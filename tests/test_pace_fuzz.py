"""Readers of foreign potential files on damaged input: one clear line or a potential, never anything else."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import oracle_pace
import pytest
from ase import Atoms
from hypothesis import given, settings
from hypothesis import strategies as st

import ferrip
from ferrip import _core
from ferrip.errors import FerripError, ModelFileError

YACE = oracle_pace.text(oracle_pace.random_potential("ChebExpCos"))
YAML = """
global:
  DeltaSplineBins: 0.001
species:
  - speciesblock: Al
    ndensityi: 1
    npoti: FinnisSinclair
    parameters: [1, 1]
    nradmaxi: 1
    lmaxi: 1
    rcutij: 5
    dcutij: 0.01
    nradbaseij: 2
    radbase: ChebExpCos
    radparameters: [5.25]
    radcoefficients: [[[1.0, 0.5], [0.5, 0.2]]]
    core-repulsion: [10, 2]
    nbody:
      - {type: Al Al, nr: [1], nl: [0], c: [0.5]}
      - {type: Al Al Al, nr: [1, 1], nl: [1, 1], c: 0.25}
      - {type: Al Al Al Al, nr: [1, 1, 1], nl: [1, 1, 0], lint: [0], c: [0.1]}
"""
ACE = """# a comment
nelements=1
elements: Al

lmax=1

embedding-function: FinnisSinclairShiftedScaled
2 FS parameters:  1.0 0.5
core energy-cutoff parameters: 100.0 25.0
E0: -0.5

radbasename=ChebPow
nradbase=2
nradmax=1
cutoffmax=5.0
deltaSplineBins=0.001
core repulsion parameters: 10.0 1.0
radparameter= 2.0
cutoff= 5.0
dcut= 0.01
crad= 1.0 0.5
 0.2 0.1

rankmax=2
ndensitymax=1

num_c_tilde_max=1
num_ms_combinations_max=2
total_basis_size_rank1: 1
ctilde_basis_func: rank=1 ndens=1 mu0=0 mu=( 0 )
n=( 1 )
l=( 0 )
num_ms=1
< 0 >:  0.5
total_basis_size: 1
ctilde_basis_func: rank=2 ndens=1 mu0=0 mu=( 0  0 )
n=( 1  1 )
l=( 1  1 )
num_ms=2
< 0  0 >:  0.25
< 1  -1 >:  -0.5
"""
ZBL = YAML.replace(
    "    rcutij: 5\n", "    rcutij: 5\n    r_in: 3\n    delta_in: 1\n    inner_cutoff_type: zbl\n"
)
FILES = {"yace": YACE, "yaml": YAML, "zbl.yaml": ZBL, "ace": ACE}
"""Texts by name, which ends with the extension."""


def read(text: str, name: str) -> None:
    content, message = None, ""
    extension = name.rpartition(".")[2]
    try:
        content = _core.read_pace(text, extension)
    except FerripError as error:
        message = str(error)
    assert "\n" not in message and (content is None) == bool(message)
    if content is None:
        return
    assert content.descriptor.n_features == content.coefficients.shape[1]
    assert _core.read_pace(content.yace, "yace").yace == content.yace


@pytest.mark.parametrize("name", FILES)
def test_whole_files_are_read(name: str) -> None:
    content = _core.read_pace(FILES[name], name.rpartition(".")[2])
    assert content.descriptor.n_features > 2
    assert _core.read_pace(content.yace, "yace").yace == content.yace


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(FILES)), st.floats(0, 1))
def test_truncated(name: str, part: float) -> None:
    text = FILES[name]
    read(text[: int(part * len(text))], name)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_mutated(name: str, data: st.DataObject) -> None:
    text = list(FILES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at] = data.draw(st.sampled_from(list("0159-+.eE[]{}:,#&*!|>'\"%@` \t\n\r\0é")))
    read("".join(text), name)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_swapped_words(name: str, data: st.DataObject) -> None:
    words = FILES[name].split(" ")
    for _ in range(data.draw(st.integers(1, 3))):
        i, j = (data.draw(st.integers(0, len(words) - 1)) for _ in range(2))
        words[i], words[j] = words[j], words[i]
    read(" ".join(words), name)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(FILES)), st.text(max_size=200))
def test_any_text(name: str, text: str) -> None:
    read(text, name)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_enormous_numbers(extension: str, data: st.DataObject) -> None:
    """Sizes that the file does not hold cost no memory."""
    words = FILES[extension].split(" ")
    numbers = [k for k, word in enumerate(words) if word.strip("[],{}()\n").lstrip("-").isdigit()]
    k = data.draw(st.sampled_from(numbers))
    digits = words[k].strip("[],{}()\n")
    words[k] = words[k].replace(
        digits, data.draw(st.sampled_from(["99999999", "9" * 30, "-1", "1e300", "nan"]))
    )
    read(" ".join(words), extension)


def peak_megabytes() -> float:
    resource = pytest.importorskip("resource")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_mutated_bytes_load_or_say_why(extension: str, data: st.DataObject) -> None:
    """Bytes replaced, removed and repeated: a potential that computes, or one line; and never much memory."""
    content = bytearray(FILES[extension].encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        end = at + data.draw(st.integers(0, 40))
        match data.draw(st.sampled_from(["replace", "remove", "repeat"])):
            case "replace":
                content[at:end] = data.draw(st.binary(max_size=6))
            case "remove":
                del content[at:end]
            case _:
                content[at:at] = content[at:end] * data.draw(st.integers(1, 50))
        content = content or bytearray(b" ")
    before = peak_megabytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"one.{extension}"
        path.write_bytes(content)
        potential, message = None, ""
        try:
            potential = ferrip.load(path)
        except ModelFileError as error:
            message = str(error)
    assert "\n" not in message
    if potential is None:
        assert message.startswith(str(path))
    else:
        dimer = Atoms(potential.symbols[:1] * 2, [[0, 0, 0], [2.5, 0, 0]])
        with contextlib.suppress(FerripError):
            assert potential.evaluate(dimer)[0].forces.shape == (2, 3)
    assert peak_megabytes() - before < 300


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"\x00" * 100, b"elements: [" * 1000])
def test_bytes_that_are_no_potential(tmp_path: Path, content: bytes) -> None:
    for extension in FILES:
        path = tmp_path / f"bad.{extension}"
        path.write_bytes(content)
        with pytest.raises(ModelFileError) as caught:
            ferrip.load(path)
        assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="No such file"):
        ferrip.load(tmp_path / "none.yace")
