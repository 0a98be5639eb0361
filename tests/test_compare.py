"""`ferrip.compare` and its command."""

import json
from dataclasses import replace
from functools import cache

import pytest
from fitted import frames

import ferrip
from ferrip.cli.app import app
from ferrip.comparing import Candidate, FamilyComparison
from ferrip.errors import DataError, SettingsError


@cache
def data():
    """The frames in one config type."""
    return [replace(frame, config_type="md") for frame in frames()]


def candidate(model, energy, forces, cost):
    return Candidate(
        model=model, size="small", energy_mae=energy, forces_mae=forces, us_per_atom_step=cost, n_functions=1
    )


def comparison(*candidates):
    return FamilyComparison(candidates=candidates, n_train=1, n_test=1, held_out="here", timed="Cu4")


FAST, MIDDLE, BEST, DOMINATED = (
    candidate("fast", 8.0, 200.0, 1.0),
    candidate("middle", 2.0, 100.0, 4.0),
    candidate("best", 1.0, 90.0, 90.0),
    candidate("slow", 3.0, 120.0, 50.0),
)


def test_the_need_decides():
    result = comparison(BEST, DOMINATED, FAST, MIDDLE)
    assert [one.model for one in result.pareto()] == ["fast", "middle", "best"]
    assert result.score(BEST) == 1.0
    assert result.score(MIDDLE) == pytest.approx((2.0 * 100 / 90) ** 0.5)
    assert result.recommended("accuracy") is BEST
    assert result.recommended("balanced") is MIDDLE
    assert result.recommended("speed") is MIDDLE  # "fast" has more than three times the best errors
    with pytest.raises(SettingsError, match="need: 'cheap' is not one of speed, balanced, accuracy"):
        result.recommended("cheap")


def test_energies_or_forces_alone_are_enough():
    result = comparison(candidate("a", None, 10.0, 1.0), candidate("b", None, 5.0, 9.0))
    assert result.score(result.candidates[0]) == pytest.approx(2.0)


def test_failures_are_kept_and_named():
    failed = Candidate(model="x", size="small", failure="too large")
    assert comparison(failed, BEST).recommended("speed") is BEST
    with pytest.raises(SettingsError, match="no candidate could be fitted .x-small: too large."):
        comparison(failed).recommended()
    assert comparison(failed).as_dict()["recommended"] == {}


def test_compare_fits_every_candidate_once(tmp_path):
    seen = []
    options = {
        "models": ["ace"],
        "sizes": ["small"],
        "folder": tmp_path,
        "progress": False,
        "e0": {"Cu": 0.0},
    }
    first = ferrip.compare(data(), on_candidate=seen.append, **options)
    assert seen == list(first.candidates)
    assert first.n_train + first.n_test == len(frames())
    written = (tmp_path / "ace-small.ferrip").stat().st_mtime_ns
    again = ferrip.compare(data(), **options)
    assert (tmp_path / "ace-small.ferrip").stat().st_mtime_ns == written
    assert again.candidates[0].energy_mae == first.candidates[0].energy_mae
    assert ferrip.load(tmp_path / "ace-small.ferrip").metadata["training_data"]["n_frames"] == first.n_train


def test_a_candidate_that_fails_does_not_end_the_comparison():
    result = ferrip.compare(frames(), models=["pace"], sizes=["small"], test=frames()[:2], progress=False)
    assert "is read from" in result.candidates[0].failure


def test_bad_requests():
    with pytest.raises(SettingsError, match="unknown model 'acee'; did you mean 'ace'"):
        ferrip.compare(frames(), models=["acee"])
    with pytest.raises(SettingsError, match="size: ace has small, medium, large, huge, not tiny"):
        ferrip.compare(frames(), models=["ace"], sizes=["small", "tiny"])
    with pytest.raises(SettingsError, match="settings of 'uf3', which is none of ace"):
        ferrip.compare(frames(), models=["ace"], model_settings={"uf3": {"cutoff": 4.0}})
    with pytest.raises(SettingsError, match="at least one model"):
        ferrip.compare(frames(), models=[])
    with pytest.raises(DataError, match="no config type has 4 frames"):
        ferrip.compare(frames(), models=["ace"])
    with pytest.raises(DataError, match="10 frames are too few to hold some out"):
        ferrip.compare(frames()[:10], models=["ace"])


def test_command(tmp_path, capsys):
    path = tmp_path / "data.extxyz"
    write(path)
    words = ["compare", str(path), "--models", "ace", "--sizes", "small", "--need", "speed", "--json"]
    with pytest.raises(SystemExit) as stop:
        app([*words, "-o", str(tmp_path / "out"), "--threads", "1"], prog_name="ferrip")
    captured = capsys.readouterr()
    assert stop.value.code == 0, captured.err
    document = json.loads(captured.out)
    assert document["use"] == "ace-small"
    assert document["recommended"]["accuracy"] == {"model": "ace", "size": "small"}
    assert document["candidates"][0]["pareto"]
    assert "use ace-small" in captured.err
    assert (tmp_path / "out" / "pareto.svg").read_text().startswith("<?xml")
    with pytest.raises(SystemExit) as stop:
        app(["compare", str(path), "--need", "cheap"], prog_name="ferrip")
    assert stop.value.code == 2


def test_command_takes_settings_of_single_models(tmp_path, capsys):
    path = tmp_path / "data.extxyz"
    write(path)
    words = ["compare", str(path), "--models", "ace", "--sizes", "small", "-o", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as stop:
        app([*words, "--set", "ace.max_order=2", "--set", "smoothness=1"], prog_name="ferrip")
    told = capsys.readouterr().err
    assert stop.value.code == 0, told
    assert "--model ace --size small --set smoothness=1 --set max_order=2" in told
    found = ferrip.load(tmp_path / "out" / "ace-small.ferrip")
    assert max(len(factors) for _, factors in found.descriptor.feature_table()) == 2
    assert found.metadata["fit"]["settings"]["smoothness"] == 1
    with pytest.raises(SystemExit) as stop:
        app([*words, "--set", "uf3.cutoff=4"], prog_name="ferrip")
    assert stop.value.code == 2
    assert "'uf3' is none of the compared models, ace" in capsys.readouterr().err


def write(path):
    """The frames as an extended XYZ file."""
    import ase.io
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator

    made = []
    for frame in data():
        atoms = Atoms(frame.numbers, frame.positions, cell=frame.cell, pbc=frame.pbc)
        atoms.calc = SinglePointCalculator(
            atoms, energy=frame.energy, forces=frame.forces, stress=frame.stress
        )
        atoms.info["config_type"] = frame.config_type
        made.append(atoms)
    ase.io.write(path, made, format="extxyz")
