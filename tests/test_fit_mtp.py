"""Fits of MTP: learned radial functions, start, elements, files, settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import ase.io
import numpy as np
import pytest
import test_mtp_file
from ase.build import molecule
from ase.calculators.emt import EMT
from test_nonlinear_training import force_error, labelled, structures
from typer.testing import CliRunner

import ferrip
from ferrip.cli.app import app
from ferrip.conversion import with_elements, write
from ferrip.data import Frame
from ferrip.errors import ModelFileError, SettingsError
from ferrip.fitting.problem import prepare
from ferrip.fitting.radials.rows import RadialRows, at, evaluator
from ferrip.fitting.settings import FitSettings
from ferrip.models import Mtp, MtpSettings, family
from ferrip.potential import Potential

SMALL = {"model": "mtp", "level": 8, "cutoff": 4.5, "radial_size": 6, "num_threads": 1, "progress": False}
FIT = {**SMALL, "repulsion": "none", "e0": {"Si": -1.0}}


@pytest.fixture(scope="module")
def truth() -> Potential:
    """A linear potential of level 8 with random radial functions."""
    blank = [replace(f, energy=-8.0 - k, forces=np.zeros((8, 3))) for k, f in enumerate(structures(3, 9))]
    plain = ferrip.fit(blank, radial="fixed", min_distances={"Si-Si": 2.0}, **FIT)
    rng = np.random.default_rng(5)
    theta = Mtp().radials_of(dict(plain.settings))
    settings = Mtp().with_radials(dict(plain.settings), theta + 0.3 * rng.normal(size=theta.shape))
    descriptor = Mtp().descriptor(settings)
    rms = np.sqrt(np.mean(descriptor.values(structures(1, 9)[0].structure) ** 2, axis=0))
    coefficients = 0.3 * rng.normal(size=len(rms)) / np.maximum(rms, 1e-3)
    return Potential(
        family="mtp", descriptor=descriptor, settings=settings, coefficients=coefficients, e0={14: -1.0}
    )


@pytest.fixture(scope="module")
def train(truth: Potential) -> list[Frame]:
    return labelled(structures(12, 1), truth)


@pytest.fixture(scope="module")
def learned(train: list[Frame]) -> Potential:
    return ferrip.fit(train, min_distances={"Si-Si": 2.0}, **FIT)


def test_pairs_that_no_frame_holds_do_not_matter() -> None:
    """A molecule with one oxygen: nothing decides the functions of O-O."""
    rng, frames = np.random.default_rng(0), []
    for _ in range(12):
        water = molecule("H2O")
        water.rattle(0.1, rng=rng)
        water.calc = EMT()
        water.get_forces()
        frames.append(water)
    potential = ferrip.fit(frames, e0={"H": 0.0, "O": 0.0}, repulsion="none", **SMALL)
    (predicted,) = potential.evaluate(frames[0])
    assert predicted.energy == pytest.approx(frames[0].get_potential_energy(), abs=0.05)


def test_the_radial_functions_of_a_synthetic_potential_are_found(
    truth: Potential, train: list[Frame], learned: Potential
) -> None:
    test = labelled(structures(4, 2), truth)
    fixed = ferrip.fit(train, radial="fixed", min_distances={"Si-Si": 2.0}, **FIT)
    assert force_error(learned, test) < 0.1 * force_error(fixed, test)


def test_columns_are_the_derivatives_in_theta(train: list[Frame]) -> None:
    for polynomials in ("chebyshev", "jacobi"):
        settings = MtpSettings(level=10, radial_size=5, polynomials=polynomials)
        problem = prepare(family("mtp"), "small", FitSettings(), settings, train, 1)
        theta = Mtp().radials_of(problem.resolved)
        np.testing.assert_allclose(theta @ theta.T, np.eye(len(theta)), atol=1e-9)
        rng = np.random.default_rng(0)
        c = rng.normal(size=problem.source.descriptor.n_features)
        design, offset = RadialRows.of(problem, theta, c).design(train[:1])
        step = 1e-4 * rng.normal(size=theta.shape)
        up, down = (
            evaluator(at(problem, theta + sign * step), c).compute(train[0].structure)[1] for sign in (1, -1)
        )
        along = design[:, len(c) :] @ step.ravel()
        scale = np.abs(up - down).max()
        np.testing.assert_allclose(along[1:-6].reshape(-1, 3), (up - down) / 2, atol=1e-4 * scale)
        baseline = problem.source.baseline([train[0].structure])
        np.testing.assert_allclose(
            offset - baseline, -design[:, len(c) :] @ theta.ravel(), atol=1e-9 * np.abs(design).max()
        )


def test_a_fit_goes_on_from_the_radial_functions_of_a_file(
    truth: Potential, train: list[Frame], learned: Potential, tmp_path: Path
) -> None:
    learned.save(tmp_path / "Si.ferrip")
    test = labelled(structures(4, 2), truth)
    again = ferrip.fit(
        train, start=str(tmp_path / "Si.ferrip"), radial="fixed", min_distances={"Si-Si": 2.0}, **FIT
    )
    assert force_error(again, test) < 1.05 * force_error(learned, test) + 1e-6
    lower = ferrip.fit(
        train, start=str(tmp_path / "Si.ferrip"), min_distances={"Si-Si": 2.0}, **{**FIT, "level": 12}
    )
    assert force_error(lower, train) < 1.5 * force_error(learned, train)


def test_elements_are_added_and_left_out(train: list[Frame], learned: Potential, tmp_path: Path) -> None:
    learned.save(tmp_path / "Si.ferrip")
    mixed = []
    for frame in train:
        numbers = frame.numbers.copy()
        numbers[::3] = 32
        mixed.append(replace(frame, numbers=numbers))
    both = ferrip.fit(
        mixed,
        start=str(tmp_path / "Si.ferrip"),
        radial="fixed",
        **{**FIT, "e0": {"Si": -1.0, "Ge": -1.0}},
    )
    radial = both.settings["radial"]["coefficients"]
    assert set(radial) == {"Si-Si", "Si-Ge", "Ge-Si", "Ge-Ge"}
    silicon = with_elements(both, ["Si"])
    assert silicon.symbols == ["Si"]
    assert silicon.evaluate(train[0])[0].energy == pytest.approx(both.evaluate(train[0])[0].energy, abs=1e-10)
    ace = ferrip.fit(
        train, model="ace", size="small", degree=2.0, progress=False, num_threads=1, uncertainty=False
    )
    ace.save(tmp_path / "ace.ferrip")
    with pytest.raises(SettingsError, match="family 'mtp'"):
        ferrip.fit(train, start=str(tmp_path / "ace.ferrip"), **FIT)


def test_export_names_what_the_format_lacks(learned: Potential, train: list[Frame], tmp_path: Path) -> None:
    _, notes = write(learned, tmp_path / "Si.mtp")
    assert "2.2 Å (Si-Si)" in notes[0] and len(notes) == 1
    loaded = ferrip.load(tmp_path / "Si.mtp")
    far = [frame for frame in train if min_distance(frame) > 2.2]
    assert far
    for frame in far[:2]:
        assert loaded.evaluate(frame)[0].energy == pytest.approx(learned.evaluate(frame)[0].energy, abs=1e-8)
    names = [f"{a}-{b}" for a in ("Si", "Ge") for b in ("Si", "Ge")]
    settings = dict(learned.settings)
    own = settings["radial"]
    settings["elements"] = [14, 32]
    settings["radial"] = own | {
        "ranges": {name: [2.0, 4.5 if name == "Si-Si" else 4.0, 0.1] for name in names},
        "coefficients": dict.fromkeys(names, own["coefficients"]["Si-Si"]),
    }
    several = replace(
        learned, settings=settings, descriptor=Mtp().descriptor(settings), e0={14: 0.0, 32: 0.0}
    )
    with pytest.raises(SettingsError, match="one cutoff"):
        write(several, tmp_path / "SiGe.mtp")


def test_command_line(train: list[Frame], tmp_path: Path) -> None:
    ase.io.write(tmp_path / "train.xyz", [frame.to_atoms() for frame in train[:6]])

    def fit(output: str, *arguments: str) -> None:
        common = ["fit", str(tmp_path / "train.xyz"), "--model", "mtp", "--cutoff", "4.5", "--threads", "1"]
        result = CliRunner().invoke(app, [*common, "-o", str(tmp_path / output), *arguments])
        assert result.exit_code == 0, result.output

    fit("low.ferrip", "--level", "4", "--set", "radial_size=4")
    fit("high.ferrip", "--level", "6", "--start", str(tmp_path / "low.ferrip"), "--set", "radial_size=4")
    assert ferrip.load(tmp_path / "high.ferrip").settings["scalars"]["level"] == 6
    converted = ["convert", str(tmp_path / "high.ferrip"), str(tmp_path / "high.mtp")]
    assert CliRunner().invoke(app, converted).exit_code == 0
    for command in ("info", "bench"):
        result = CliRunner().invoke(app, [command, str(tmp_path / "high.mtp"), "--json"])
        assert result.exit_code == 0, result.output
    result = CliRunner().invoke(app, ["eval", str(tmp_path / "high.mtp"), str(tmp_path / "train.xyz")])
    assert result.exit_code == 0, result.output


def min_distance(frame: Frame) -> float:
    return min(np.linalg.norm(edge) for edge in ferrip._core.neighbor_list(*frame.structure, 5.0, 1)[3])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"level": 40}, "level"),
        ({"level": 16, "radial_size": 2}, "radial_size"),
        ({"min_distances": {"Si-Si": 5.0}}, "min_distances"),
        ({"cutoffs": {"Si-O": 5.0}}, "cutoffs"),
        ({"size": "huge"}, "size"),
        ({"levels": 8}, "did you mean 'level'"),
    ],
)
def test_bad_settings(train: list[Frame], settings: dict, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        ferrip.fit(train, **{**FIT, **settings})


def test_files_of_mlip_are_templates(
    truth: Potential, train: list[Frame], learned: Potential, tmp_path: Path
) -> None:
    """Scalars and cutoff come from the file, trained or not; the fit is that of the same level."""
    path = tmp_path / "blank.mtp"
    write(truth, path, untrained=True)
    options = {name: value for name, value in FIT.items() if name not in ("level", "cutoff")}
    fitted = ferrip.fit(train, template=str(path), min_distances={"Si-Si": 2.0}, **options)
    assert fitted.settings["scalars"]["level"] == 8
    assert fitted.descriptor.cutoff == pytest.approx(4.5)
    np.testing.assert_allclose(fitted.coefficients, learned.coefficients, rtol=1e-9)
    with pytest.raises(SettingsError, match="level: the template .* has its own scalars"):
        ferrip.fit(train, template=str(path), **options, level=8)
    with pytest.raises(ModelFileError, match="none.mtp"):
        ferrip.fit(train, template=str(tmp_path / "none.mtp"), **options)


@pytest.mark.parametrize(("weight", "n_features"), [(1, 7), (3, 6)])
def test_templates_with_scalars_of_their_own(
    train: list[Frame], tmp_path: Path, weight: int, n_features: int
) -> None:
    """The rule that holds the scalars of the file, or, where there is none, just these."""
    path = tmp_path / "own.almtp"
    path.write_text(test_mtp_file.TEXT.replace("{2, 2, 1, 6}", f"{{2, 2, {weight}, 6}}"))
    options = {name: value for name, value in FIT.items() if name != "level"}
    fitted = ferrip.fit(train, template=str(path), **options)
    assert fitted.descriptor.n_features == n_features
    write(fitted, tmp_path / "fitted.mtp")
    assert ferrip.load(tmp_path / "fitted.mtp").descriptor.n_features == n_features
