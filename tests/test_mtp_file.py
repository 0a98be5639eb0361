"""Files of MLIP: variants that are read, round trips, and damaged input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import ferrip
import ferrip.conversion
from ferrip import _core
from ferrip.cli.app import app
from ferrip.errors import FerripError, ModelFileError, SettingsError

TEXT = """MTP
version = 1.1.0
potential_name = MTP1m
scaling = 2.000000000000000e-01
species_count = 2
potential_tag = Ti Al
radial_basis_type = RBChebyshev
\tmin_dist = 1.9
\tmax_dist = 5.0
\tradial_basis_size = 3
\tradial_funcs_count = 2
\tradial_coeffs
\t\t0-0
\t\t\t{1.0, 0.5, 0.25}
\t\t\t{0.1, -0.3, 0.2}
\t\t0-1
\t\t\t{0.7, 0.1, 0.15}
\t\t\t{0.2, -0.1, 0.3}
\t\t1-0
\t\t\t{0.9, 0.4, 0.35}
\t\t\t{0.3, -0.2, 0.1}
\t\t1-1
\t\t\t{0.8, 0.3, 0.05}
\t\t\t{0.4, -0.4, 0.5}
alpha_moments_count = 9
alpha_index_basic_count = 5
alpha_index_basic = {{0, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}, {1, 0, 0, 0}}
alpha_index_times_count = 6
alpha_index_times = {{0, 0, 1, 5}, {1, 1, 1, 6}, {2, 2, 1, 6}, {3, 3, 1, 6}, {0, 5, 1, 7}, {0, 4, 2, 8}}
alpha_scalar_moments = 6
alpha_moment_mapping = {0, 4, 5, 6, 7, 8}
species_coeffs = {-1.5, -2.5}
moment_coeffs = {0.5, -0.25, 0.125, 0.75, 0.0625, 0.3}
"""


def structure() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    positions = rng.uniform(0, 4, (6, 3)) + np.arange(6)[:, None] * [0.7, 0.2, 0.1]
    return np.array([22, 13, 13, 22, 22, 13]), positions, 7 * np.eye(3), np.array([True] * 3)


def energies(path: Path, text: str | bytes, **options: object) -> np.ndarray:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return ferrip.load(path, **options).evaluator().compute(structure())[0]


@pytest.fixture
def expected(tmp_path: Path) -> np.ndarray:
    return energies(tmp_path / "plain.mtp", TEXT)


def test_energy_of_hand(tmp_path: Path) -> None:
    """Two atoms, by hand."""
    (tmp_path / "x.mtp").write_text(TEXT)
    potential = ferrip.load(tmp_path / "x.mtp")
    assert potential.symbols == ["Al", "Ti"] and potential.e0 == {22: -1.5, 13: -2.5}
    r, xi = 2.5, (2 * 2.5 - 6.9) / 3.1
    q = 0.2 * (r - 5.0) ** 2 * np.array([1.0, xi, 2 * xi**2 - 1])
    pair = (
        np.array([22, 13]),
        np.array([[0.0, 0, 0], [0, 1.5, 2.0]]),
        np.zeros((3, 3)),
        np.array([False] * 3),
    )
    computed = potential.evaluator().compute(pair)[0]
    for k, (e0, f0, f1) in enumerate(
        [(-1.5, [0.7, 0.1, 0.15], [0.2, -0.1, 0.3]), (-2.5, [0.9, 0.4, 0.35], [0.3, -0.2, 0.1])]
    ):
        a, b = q @ f0, q @ f1
        energy = e0 + 0.5 * a - 0.25 * b + 0.125 * a**2 + 0.75 * a**2 + 0.0625 * a**3 + 0.3 * 2 * a * b
        assert computed[k] == pytest.approx(energy, rel=1e-13)


@pytest.mark.parametrize("extension", ["mtp", "almtp"])
def test_variants(tmp_path: Path, expected: np.ndarray, extension: str) -> None:
    path = tmp_path / f"variant.{extension}"
    lines = TEXT.splitlines()
    inner = TEXT.replace("scaling = 2.000000000000000e-01\n", "").replace(
        "\tmin_dist", "\tscaling = 0.2\n\tmin_dist"
    )
    both = inner.replace("version", "scaling = 4\nversion").replace("\tscaling = 0.2", "\tscaling = 0.05")
    short = (
        TEXT.replace("\tmin_dist", "\tmin")
        .replace("\tmax_dist", "\tmax")
        .replace("radial_basis_size", "size")
    )
    late = [line for line in lines if "funcs_count" not in line]
    late.insert(-8, "radial_funcs_count = 2")
    wrapped = TEXT.replace("}, {0, 0, 1, 0}", "},\n  {0, 0, 1, 0}")
    for text in (
        inner,
        both,
        short,
        "\n".join(late),
        wrapped,
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("\t", "  "),
    ):
        assert energies(path, text) == pytest.approx(expected, rel=1e-14)
    assert energies(path, TEXT.encode() + b"#MVS_v1.1\n\x00\xff\xfe") == pytest.approx(expected, rel=1e-14)
    assert energies(path, TEXT.replace("Ti Al", ""), species=["Ti", "Al"]) == pytest.approx(
        expected, rel=1e-14
    )


def test_round_trips(tmp_path: Path, expected: np.ndarray) -> None:
    (tmp_path / "x.mtp").write_text(TEXT)
    runner = CliRunner()
    for source, target in (("x.mtp", "y.ferrip"), ("y.ferrip", "z.mtp"), ("z.mtp", "z.ferrip")):
        result = runner.invoke(app, ["convert", str(tmp_path / source), str(tmp_path / target)])
        assert result.exit_code == 0, result.output
        computed = ferrip.load(tmp_path / target).evaluator().compute(structure())[0]
        assert computed == pytest.approx(expected, rel=1e-13)
    assert runner.invoke(app, ["info", str(tmp_path / "x.mtp")]).exit_code == 0


def test_species_have_names(tmp_path: Path, expected: np.ndarray) -> None:
    path = tmp_path / "x.mtp"
    path.write_text(TEXT.replace("Ti Al", "some words"))
    with pytest.raises(ModelFileError, match="2 species without names"):
        ferrip.load(path)
    for species in (["Ti"], ["Ti", "Ti"], ["Ti", "Xx"], []):
        with pytest.raises(ModelFileError, match="different chemical symbols"):
            ferrip.load(path, species=species)
    target = tmp_path / "y.ferrip"
    result = CliRunner().invoke(app, ["convert", str(path), str(target), "--species", "Ti, Al"])
    assert result.exit_code == 0, result.output
    assert ferrip.load(target).evaluator().compute(structure())[0] == pytest.approx(expected, rel=1e-14)
    with pytest.raises(ModelFileError, match="species are for files of MLIP"):
        ferrip.load(target, species=["Ti"])


def test_untrained_files_are_written(tmp_path: Path) -> None:
    """The header that MLIP trains from holds everything but coefficients."""
    (tmp_path / "x.mtp").write_text(TEXT)
    result = CliRunner().invoke(
        app, ["convert", str(tmp_path / "x.mtp"), str(tmp_path / "y.almtp"), "--untrained"]
    )
    assert result.exit_code == 0, result.output
    trained, blank = (_core.read_mtp((tmp_path / name).read_bytes()) for name in ("x.mtp", "y.almtp"))
    assert blank.radial_coefficients is blank.coefficients is blank.species_coefficients is None
    assert (blank.range, blank.explicit, blank.rule) == (trained.range, trained.explicit, trained.rule)
    with pytest.raises(ModelFileError, match="not trained"):
        ferrip.load(tmp_path / "y.almtp", species=["Ti", "Al"])
    with pytest.raises(SettingsError, match="untrained"):
        ferrip.conversion.write(ferrip.load(tmp_path / "x.mtp"), tmp_path / "y.yace", untrained=True)


@pytest.mark.parametrize("block", ["radial_coeffs", "species_coeffs", "moment_coeffs"])
def test_untrained_files(tmp_path: Path, block: str) -> None:
    if block == "radial_coeffs":
        start, end = TEXT.index("\tradial_coeffs"), TEXT.index("alpha_moments")
        text = TEXT[:start] + TEXT[end:]
    else:
        text = "\n".join(line for line in TEXT.splitlines() if not line.startswith(block))
    (tmp_path / "x.mtp").write_text(text)
    assert _core.read_mtp(text.encode()).n_species == 2
    with pytest.raises(ModelFileError, match=f"not trained: there is no {block}"):
        ferrip.load(tmp_path / "x.mtp")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("MTP\nversion", "MPT\nversion", "line 1: expected 'MTP'"),
        ("RBChebyshev", "RBTaylor", "line 7: .*RBTaylor"),
        ("species_count = 2", "species_count = 3", "radial_coeffs: the pair 0-2"),
        ("{1.0, 0.5, 0.25}", "{1.0, 0.5}", "line 13: .*2 lists of 3"),
        ("{1.0, 0.5, 0.25}", "{1.0, x, 0.25}", "line 14: .*'x'"),
        ("1-0\n", "0-1\n", "line 19: .*0-1 comes twice"),
        ("{0, 0, 1, 5}", "{0, 7, 1, 5}", "before it is complete"),
        ("{0, 0, 1, 5}", "{0, 99, 1, 5}", "does not exist"),
        ("{0, 0, 1, 5}", "{0, -1, 1, 5}", "line 29: .*no node -1"),
        ("{0, 1, 0, 0}", "{0, 1, 0}", "line 27: .*groups of 4"),
        ("{0, 1, 0, 0}", "{0, 99, 0, 0}", "line 27: .*no moment"),
        ("times_count = 6", "times_count = 5", "line 29: .*expected 5"),
        ("moments_count = 9", "moments_count = 99999999999", "alpha_moments_count"),
        ("{-1.5, -2.5}", "{-1.5}", "species_coeffs: expected 2"),
        ("max_dist = 5.0", "max_dist = 1.0", "radial range"),
        ("potential_tag", "magnetic_basis_type = BChebyshev\npotential_tag", "magnetic"),
        ("potential_tag", "surprise", "line 6: unknown entry 'surprise'"),
        ("0.0625, 0.3}\n", "0.0625, 0.3\n", "line 33: .*no end"),
    ],
)  # fmt: skip
def test_clear_errors(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    path = tmp_path / "bad.mtp"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(ModelFileError, match=message) as caught:
        ferrip.load(path, species=None)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_what_the_format_does_not_hold(tmp_path: Path) -> None:
    (tmp_path / "x.mtp").write_text(TEXT)
    potential = ferrip.load(tmp_path / "x.mtp")
    from ferrip.conversion import with_repulsion, write

    files, notes = write(with_repulsion(potential), tmp_path / "y.mtp")
    assert files == [str(tmp_path / "y.mtp")] and "repulsion" in notes[0]
    with pytest.raises(SettingsError, match="no ACE"):
        write(potential, tmp_path / "y.yace")
    pace_like = ferrip.load(Path(__file__).parent / "data" / "format-1.ferrip")
    with pytest.raises(SettingsError, match="no MTP"):
        write(pace_like, tmp_path / "y.mtp")


def read(content: bytes) -> None:
    file, message = None, ""
    try:
        file = _core.read_mtp(content)
    except FerripError as error:
        message = str(error)
    assert "\n" not in message
    assert (file is None) == bool(message)
    if file is None:
        return
    assert file.rule is not None or file.explicit is not None


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.floats(0, 1))
def test_truncated(part: float) -> None:
    read(TEXT[: int(part * len(TEXT))].encode())


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.data())
def test_mutated(data: st.DataObject) -> None:
    text = list(TEXT)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at] = data.draw(st.sampled_from(list("0159-+.eE{}:,#= \t\n\r\0é")))
    read("".join(text).encode())


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.data())
def test_swapped_words(data: st.DataObject) -> None:
    words = TEXT.split(" ")
    for _ in range(data.draw(st.integers(1, 3))):
        i, j = (data.draw(st.integers(0, len(words) - 1)) for _ in range(2))
        words[i], words[j] = words[j], words[i]
    read(" ".join(words).encode())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes(content: bytes, begun: bool) -> None:
    read(b"MTP\n" * begun + content)
