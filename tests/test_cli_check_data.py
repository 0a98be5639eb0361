"""`ferrip check-data` as a user runs it."""

import json
import subprocess
import sys

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from typer.testing import CliRunner

from ferrip.cli.app import app


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(7)
    images = []
    for k in range(6):
        atoms = bulk("Si", cubic=True)
        atoms.rattle(0.05, rng=rng)
        atoms.info["config_type"] = "rattled" if k < 4 else "other"
        atoms.calc = SinglePointCalculator(
            atoms, energy=-43.0 + rng.random(), forces=rng.normal(0, 1, (8, 3))
        )
        images.append(atoms)
    path = tmp_path / "si.xyz"
    write(path, images)
    return path


def check(*arguments):
    return CliRunner().invoke(app, ["check-data", *map(str, arguments)])


def test_tables_go_to_stderr(data):
    result = check(data)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "6 frames in" in result.stderr
    assert "rattled" in result.stderr
    assert "calculator energy" in result.stderr
    assert "no problems found" in result.stderr


def test_json_from_a_process(data):
    command = [sys.executable, "-m", "ferrip", "check-data", str(data), "--json"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    document = json.loads(result.stdout)
    assert (document["n_structures"], document["n_atoms"], document["problems"]) == (6, 48, [])
    rattled = document["by_config_type"]["rattled"]
    assert rattled["labels"]["forces"] == {"n_frames": 4, "keys": {"calculator forces": 4}}
    assert document["stress"]["decision"] == "unknown"
    assert "6 frames" in result.stderr


def test_errors_are_listed_and_the_status_is_2(data):
    text = data.read_text().splitlines()
    fields = text[2].split()
    text[2] = " ".join([*fields[:4], "nan", *fields[5:]])
    data.write_text("\n".join(text) + "\n")
    result = check(data, "--json")
    assert result.exit_code == 2
    (problem,) = json.loads(result.stdout)["problems"]
    assert (problem["severity"], problem["kind"], problem["frames"]) == (
        "error",
        "non-finite",
        [f"{data} frame 0"],
    )
    assert f"error: {data} frame 0: NaN or infinity in forces" in result.stderr


def test_keys_are_options(data):
    result = check(data, "--energy-key", "E_total")
    assert result.exit_code == 2
    assert result.stderr.startswith(
        f"error: {data} frame 0: no energy under the key 'E_total'; the frame holds:"
    )
    assert result.stderr.count("\n") == 1
    both = check(data, "--stress-key", "s", "--virial-key", "v")
    assert (both.exit_code, both.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b"3\n\nSi 0 0 0\n"])
def test_bad_files_are_one_line_and_status_2(tmp_path, content):
    path = tmp_path / "bad.xyz"
    path.write_bytes(content)
    for target in (path, tmp_path / "missing.xyz", tmp_path):
        result = check(target, "--json")
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert result.stderr.startswith(f"error: {target}")
