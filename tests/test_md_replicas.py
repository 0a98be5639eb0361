"""Replicas: shares of processes, seeds, files, restarts, and the summary of all."""

from __future__ import annotations

import json
from pathlib import Path

import ase.build
import ase.io
import numpy as np
import pytest
from typer.testing import CliRunner

from ferrip import pair
from ferrip.cli.app import app
from ferrip.errors import SettingsError
from ferrip.md.share import Share

LAUNCHERS = [
    {},
    {"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "3", "PMI_RANK": "0", "PMI_SIZE": "1"},
    {"PMI_RANK": "1", "PMI_SIZE": "4"},
    {"SLURM_PROCID": "0", "SLURM_NTASKS": "8"},
    {"SLURM_PROCID": "3", "SLURM_STEP_NUM_TASKS": "8"},
    {
        "SLURM_ARRAY_TASK_ID": "7",
        "SLURM_ARRAY_TASK_MIN": "3",
        "SLURM_ARRAY_TASK_MAX": "9",
        "SLURM_ARRAY_TASK_STEP": "2",
    },
    {
        "SLURM_ARRAY_TASK_ID": "1",
        "SLURM_ARRAY_TASK_MIN": "0",
        "SLURM_ARRAY_TASK_MAX": "1",
        "PMI_RANK": "1",
        "PMI_SIZE": "2",
    },
]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments of a run of solid argon; no launcher left a trace."""
    for name in {name for launcher in LAUNCHERS for name in launcher}:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    pair.potential({"Ar-Ar": pair.LennardJones(epsilon=0.0104, sigma=3.4)}, cutoff=7.0).save("Ar.ferrip")
    ase.io.write("Ar.xyz", ase.build.bulk("Ar", "fcc", 5.3, cubic=True) * (2, 2, 2))
    return [
        "md",
        "Ar.ferrip",
        "Ar.xyz",
        "-o",
        "run.extxyz",
        "--steps",
        "20",
        "--every",
        "10",
        "--temperature",
        "30",
    ]


def ferrip_md(arguments: list[str], status: int = 0) -> dict:
    result = CliRunner().invoke(app, [*arguments, "--json", "--threads", "1"])
    assert result.exit_code == status, result.output
    return json.loads(result.stdout) if result.stdout else {}


@pytest.mark.parametrize(
    ("environment", "expected"),
    list(
        zip(
            LAUNCHERS,
            [(0, 1, 1), (2, 3, 3), (1, 4, 4), (0, 1, 1), (3, 8, 8), (2, 4, 1), (3, 4, 2)],
            strict=True,
        )
    ),
)
def test_shares(environment: dict[str, str], expected: tuple[int, int, int]) -> None:
    share = Share.of_environment(environment)
    assert (share.index, share.count, share.ranks) == expected


@pytest.mark.parametrize(
    "environment",
    [
        {"PMI_RANK": "x", "PMI_SIZE": "4"},
        {"PMI_RANK": "4", "PMI_SIZE": "4"},
        LAUNCHERS[5] | {"SLURM_ARRAY_TASK_ID": "6"},
        LAUNCHERS[5] | {"SLURM_ARRAY_TASK_ID": "11"},
    ],
)
def test_environments_that_make_no_sense(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="environment"):
        Share.of_environment(environment)


def test_replicas_differ_in_their_seed_alone(start: list[str]) -> None:
    found = ferrip_md([*start, "--replicas", "3", "--seed", "5"])
    assert (found["ended"], found["stopped"], found["interrupted"]) == (3, [], False)
    temperatures = [one["temperature_mean_K"] for one in found["each"]]
    assert found["mean"]["temperature_mean_K"] == pytest.approx(np.mean(temperatures))
    assert found["standard_error"]["temperature_mean_K"] == pytest.approx(
        np.std(temperatures, ddof=1) / 3**0.5
    )
    assert json.loads(Path("run.summary.json").read_text()) == found
    single = ferrip_md([*start[:4], "one.extxyz", *start[5:], "--seed", "7"])
    assert single["temperature_mean_K"] == temperatures[2]
    assert ase.io.read("run-0002.extxyz", -1) == ase.io.read("one.extxyz", -1)
    for name in ("run-0000.log", "run-0001.restart", "run-0002.summary.json"):
        assert Path(name).exists()


def test_ranks_share_the_replicas(start: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PMI_SIZE", "2")
    monkeypatch.setenv("PMI_RANK", "1")
    first = ferrip_md([*start, "--replicas", "3"])
    assert [one["trajectory"] for one in first["each"]] == ["run-0001.extxyz"]
    assert not Path("run.summary.json").exists()
    monkeypatch.setenv("PMI_RANK", "0")
    assert ferrip_md([*start, "--replicas", "3"])["ended"] == 3
    assert Path("run.summary.json").exists()
    result = CliRunner().invoke(app, start)
    assert result.exit_code == 2
    assert "2 MPI ranks would write the same files" in result.stderr


def test_a_restart_leaves_what_has_ended(start: list[str]) -> None:
    whole = ferrip_md([*start, "--replicas", "2"])
    Path("run-0001.summary.json").unlink()
    before = Path("run-0000.extxyz").stat().st_mtime_ns
    again = ferrip_md([*start, "--replicas", "2", "--restart"])
    assert Path("run-0000.extxyz").stat().st_mtime_ns == before
    assert [one["seed"] for one in again["each"]] == [one["seed"] for one in whole["each"]]
    longer = ferrip_md([*start, "--replicas", "2", "--restart", "--steps", "40"])
    assert [one["steps"] for one in longer["each"]] == [40, 40]
    assert len(ase.io.read("run-0000.extxyz", ":")) == 5


def test_an_explosion_ends_one_replica_and_is_named(start: list[str]) -> None:
    found = ferrip_md([*start, "--replicas", "2", "--max-temperature", "0.5"], status=2)
    assert found["stopped"] == ["run-0000.extxyz", "run-0001.extxyz"]
    assert found["mean"] == {}
    assert "temperature" in found["each"][0]["stopped"]
