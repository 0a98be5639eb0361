"""`ferrip fit` and `ferrip info` as a user runs them, on a numpy descriptor."""

import json
import os
import signal
import warnings

import pytest
from ase.io import write
from pair_frames import make_frames
from typer.testing import CliRunner

import ferrip
from ferrip.cli.app import app
from ferrip.fitting.rows import RowSource

COMMON = ("--model", "pair-test", "--repulsion", "none", "--e0", "Si=-3,O=-5")


@pytest.fixture
def files(tmp_path):
    for name, frames in (("train", make_frames()), ("test", make_frames(4, seed=9))):
        write(tmp_path / f"{name}.xyz", [frame.to_atoms() for frame in frames])
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def fit(files, *arguments):
    return run("fit", files / "train.xyz", *COMMON, "-o", files / "out.ferrip", *arguments)


def test_fit_save_load_evaluate(files):
    result = fit(files, "--test", files / "test.xyz", "--metrics", files / "metrics.json")
    assert (result.exit_code, result.stdout) == (0, "")
    for text in ("estimate: ", "train errors", "test errors", "16 functions", "out.ferrip"):
        assert text in result.stderr
    potential = ferrip.load(files / "out.ferrip")
    frame = make_frames(1, seed=9)[0]
    assert potential.evaluate(frame)[0].energy == pytest.approx(frame.energy, abs=1e-4)
    metrics = json.loads((files / "metrics.json").read_text())
    assert metrics["test"]["energy"]["mae_meV_per_atom"] < 0.1
    evaluated = json.loads(run("eval", files / "out.ferrip", files / "test.xyz", "--json").stdout)
    assert evaluated["forces"] == pytest.approx(metrics["test"]["forces"])
    assert sorted(path.name for path in files.iterdir()) == [
        "metrics.json",
        "out.ferrip",
        "test.xyz",
        "train.xyz",
    ]


def test_json_is_the_only_thing_on_stdout(files):
    result = fit(files, "--json")
    document = json.loads(result.stdout)
    assert document["fit"]["n_functions"] == 16
    assert document["train"]["n_structures"] == 12


def test_settings_come_from_file_flags_and_assignments(files):
    (files / "fit.yaml").write_text("solver: bayes\nridge: 1e-3\nn-powers: 3\nweights: {energy: 5}\n")
    document = json.loads(
        fit(files, "--config", files / "fit.yaml", "--ridge", "0.5", "--set", "smoothness=2", "--json").stdout
    )
    settings = document["fit"]["settings"]
    assert (settings["solver"], settings["ridge"], settings["smoothness"]) == ("bayes", 0.5, 2.0)
    assert settings["weights"] == {"energy": 5.0, "forces": 1.0, "virial": 0.5}
    assert document["fit"]["n_functions"] == 12


def test_flags_go_before_the_file(files):
    (files / "fit.yaml").write_text("model: ace\nsize: large\nridge: 1e-3\n")
    document = json.loads(fit(files, "--config", files / "fit.yaml", "--size", "small", "--json").stdout)
    assert (document["fit"]["size"], document["fit"]["settings"]["ridge"]) == ("small", 1e-3)
    (files / "test.yaml").write_text(f"size: small\ntest: {files / 'test.xyz'}\n")
    document = json.loads(fit(files, "--config", files / "test.yaml", "--json").stdout)
    assert (document["fit"]["size"], document["test"]["n_structures"]) == ("small", 4)


def test_several_files(files):
    pair = (files / "train.xyz", files / "test.xyz")
    result = run(
        "fit", *pair, *COMMON, "-o", files / "out.ferrip", "--test", pair[0], "--test", pair[1], "--json"
    )
    document = json.loads(result.stdout)
    assert (document["train"]["n_structures"], document["test"]["n_structures"]) == (16, 16)


def test_labels_and_reference_energies_are_told(files):
    err = " ".join(fit(files).stderr.split())
    assert "labels: energy of 12 (calculator energy), forces of 12 (calculator forces)" in err
    assert "E0: O -5 eV (given), Si -3 eV (given)" in err
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        err = fit(files, "--e0", "Si=-3,O=-5,Ge=-1").stderr
    assert "warning: e0: the data hold no Ge" in err


def test_test_data_without_labels_are_refused(files):
    bare = make_frames(1)[0].to_atoms()
    bare.calc = None
    write(files / "bare.xyz", bare)
    result = fit(files, "--test", files / "bare.xyz")
    assert result.exit_code == 2
    assert "bare.xyz: the test data have no energy, forces or stress labels" in result.stderr


def test_info(files):
    fit(files)
    result = run("info", files / "out.ferrip")
    assert (result.exit_code, result.stdout) == (0, "")
    for text in ("O, Si", "functions", "train errors", "Si -3 eV", "given"):
        assert text in result.stderr
    document = json.loads(run("info", files / "out.ferrip", "--json").stdout)
    assert document["format_version"] == 3
    assert document["arrays"]["coefficients"] == [16]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--model", "pair-tst"), "did you mean 'pair-test'"),
        (("--set", "smothness=2"), "did you mean 'smoothness'"),
        (("--set", "smoothness"), "--set: expected NAME=VALUE"),
        (("--weights", "energy:3"), "weights: expected NAME=NUMBER"),
        (("--weights", "energi=3"), "did you mean 'energy'"),
        (("--config-weights", "nonsense=2"), "nonsense"),
        (("--config", "missing.yaml"), "missing.yaml"),
        (("--test", "missing.xyz"), "missing.xyz"),
        (("--energy-key", "E"), "'E'"),
        (("-o", "no/such/directory/x.ferrip"), "no directory"),
        (("-o", "."), "is a folder"),
        (("--metrics", "no/such/directory/x.json"), "no directory"),
        (("--set", "siz=small"), "did you mean 'size'"),
    ],
)
def test_bad_input_is_one_line_and_status_2(files, arguments, message):
    result = fit(files, *arguments)
    lines = result.stderr.strip().splitlines()
    assert (result.exit_code, result.stdout, len(lines)) == (2, "", 1)
    assert message in lines[0]


@pytest.mark.parametrize("text", ["a: [", "- 1", "solver: bayes\nfoo: 1\n"])
def test_bad_yaml(files, text):
    (files / "fit.yaml").write_text(text)
    assert fit(files, "--config", files / "fit.yaml").exit_code == 2


def test_info_of_other_files(files):
    result = run("info", files / "train.xyz")
    assert result.exit_code == 2
    assert "not a ferrip potential" in result.stderr


def test_interrupted_fit_says_how_to_go_on(files, monkeypatch):
    monkeypatch.setattr("ferrip.fitting.rows.BLOCK_BYTES", 1)
    original = RowSource.fold

    def interrupting(self, block, folds, factors):
        original(self, block, folds, factors)
        if block[0].index == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(RowSource, "fold", interrupting)
    stopped = fit(files)
    assert stopped.exit_code == 130
    assert "stopped after 4 of 12 frames; the same command continues from" in " ".join(stopped.stderr.split())
    assert not (files / "out.ferrip").exists()
    resumed = fit(files)
    assert resumed.exit_code == 0
    assert "continuing after 4 of 12 frames" in resumed.stderr
    assert not (files / "out.ferrip.checkpoint").exists()
