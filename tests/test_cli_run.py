"""The commands md, relax and bench."""

import json
import subprocess
import sys

import ase.io
import pytest
from ase.build import bulk, molecule
from fitted import copper

from ferrip.cli.app import app


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    copper().save(folder / "Cu.ferrip")
    atoms = bulk("Cu", a=3.95, cubic=True) * (2, 2, 2)
    atoms.rattle(0.05, seed=1)
    atoms.write(folder / "cu.extxyz")
    bulk("Si").write(folder / "si.extxyz")
    molecule("H2").write(folder / "h2.xyz")
    (folder / "junk.extxyz").write_text("not a structure\n")
    (folder / "nan.xyz").write_text("2\n\nCu 0 0 0\nCu 0 nan 2\n")
    (folder / "broken.ferrip").write_bytes(b"\x00" * 100)
    return folder


def run(folder, capsys, *arguments):
    """Exit status, JSON document on stdout and text on stderr of one command line."""
    words = [str(folder / a[1:]) if str(a).startswith("@") else str(a) for a in arguments]
    with pytest.raises(SystemExit) as stop:
        app(words, prog_name="ferrip")
    captured = capsys.readouterr()
    return stop.value.code, json.loads(captured.out) if captured.out else None, captured.err


def test_mixed_precision_is_an_option_of_md_and_bench(folder, capsys):
    code, summary, _ = run(
        folder, capsys, "bench", "@Cu.ferrip", "--seconds", 0, "--precision", "mixed", "--json"
    )
    assert code == 0
    assert summary["simd"].endswith("-mixed")
    arguments = ("md", "@Cu.ferrip", "@cu.extxyz", "-o", "@mixed.extxyz", "--steps", 5)
    assert run(folder, capsys, *arguments, "--precision", "mixed")[0] == 0
    code, _, text = run(folder, capsys, *arguments, "--overwrite", "--precision", "half")
    assert code == 2
    assert "precision: 'half' is none of double, mixed" in text


def test_md_writes_its_files_and_one_json_object(folder, capsys):
    common = ("md", "@Cu.ferrip", "@cu.extxyz", "-o", "@md.extxyz", "--every", 10, "--json", "--threads", 1)
    code, summary, _ = run(folder, capsys, *common, "--steps", 20)
    assert code == 0
    assert summary["steps"] == 20
    assert summary["energy_drift_ueV_per_atom_ps"] is None
    assert "time constant 100 fs" in summary["settings"][1]
    assert len(ase.io.read(folder / "md.extxyz", index=":")) == 3
    code, summary, _ = run(folder, capsys, *common, "--steps", 40, "--restart")
    assert code == 0
    assert summary["steps"] == 40
    assert len(ase.io.read(folder / "md.extxyz", index=":")) == 5


def test_md_that_explodes_ends_with_one_line(folder, capsys):
    code, summary, err = run(
        folder, capsys, "md", "@Cu.ferrip", "@cu.extxyz", "-o", "@hot.extxyz", "--max-temperature", 10
    )
    assert code == 2
    assert summary is None
    assert "error: stopped at step 0: the temperature rose" in err.splitlines()[-1]
    assert (folder / "hot.extxyz").is_file()


def test_relax_lowers_the_forces(folder, capsys):
    code, summary, _ = run(
        folder,
        capsys,
        "relax",
        "@Cu.ferrip",
        "@cu.extxyz",
        "--cell",
        "--fmax",
        0.01,
        "-o",
        "@out.extxyz",
        "--json",
    )
    assert code == 0
    assert summary["converged"]
    assert summary["max_force_eV_per_A"] < 0.02
    assert ase.io.read(folder / "out.extxyz").get_potential_energy() == pytest.approx(summary["energy_eV"])


def test_bench_reports_the_keys_of_the_field(folder, capsys):
    code, summary, _ = run(
        folder,
        capsys,
        *("bench", "@Cu.ferrip", "--structure", "@cu.extxyz", "--repeat", 2, 1, 1),
        *("--seconds", 0, "--threads", 1, "--json"),
    )
    assert code == 0
    assert summary["n_atoms"] == 64
    assert summary["threads"] == 1
    assert {"us_per_atom_step", "proc_s_per_atom_step", "neighbors_per_atom"} <= summary.keys()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("md", "@Cu.ferrip", "@nowhere.xyz", "-o", "@x.extxyz"), "nowhere.xyz: no such file"),
        (("md", "@nowhere.ferrip", "@cu.extxyz", "-o", "@x.extxyz"), "nowhere.ferrip"),
        (("md", "@broken.ferrip", "@cu.extxyz", "-o", "@x.extxyz"), "broken.ferrip"),
        (("md", "@Cu.ferrip", "@junk.extxyz", "-o", "@x.extxyz"), "junk.extxyz: not a structure"),
        (
            ("md", "@Cu.ferrip", "@nan.xyz", "-o", "@x.extxyz"),
            "nan.xyz: the position of atom 1 is not finite",
        ),
        (("info", "@nan.xyz"), "nan.xyz: not a ferrip potential\n"),
        (("md", "@Cu.ferrip", "@si.extxyz", "-o", "@x.extxyz"), "holds Si"),
        (("md", "@Cu.ferrip", "@cu.extxyz", "-o", "@x.extxyz", "--timestep", "-1"), "timestep"),
        (("md", "@Cu.ferrip", "@cu.extxyz", "-o", "@x.extxyz", "--ensemble", "nph"), "ensemble"),
        (("md", "@Cu.ferrip", "@cu.extxyz", "-o", "@x.pdf"), "output"),
        (("md", "@Cu.ferrip", "@cu.extxyz", "-o", "@x.extxyz", "--restart"), "no restart file"),
        (("md", "@Cu.ferrip", "@cu.extxyz", "-o", "@x.extxyz", "--repeat", "0", "1", "1"), "repeat"),
        (("bench", "@Cu.ferrip", "--repeat", "0", "1", "1"), "repeat: expected three positive integers"),
        (("md", "@Cu.ferrip", "@h2.xyz", "-o", "@x.extxyz", "--repeat", "2", "1", "1"), "no lattice vector"),
        (("md", "@Cu.ferrip", "@cu.extxyz", "-o", "@x.extxyz", "--temprature", "3"), "--temperature"),
        (("relax", "@Cu.ferrip", "@cu.extxyz", "-o", "@x.extxyz", "--fmax", "0"), "fmax"),
        (("relax", "@Cu.ferrip", "@cu.extxyz", "-o", "@x.nonsense"), "nonsense"),
        (("relax", "@Cu.ferrip", "@cu.extxyz", "-o", "@no/x.xyz"), "there is no directory"),
        (("relax", "@Cu.ferrip", "@cu.extxyz", "-o", "@x.xyz", "--cell", "--pressure", "nan"), "pressure"),
        (("bench", "@Cu.ferrip", "--seconds", "-1"), "--seconds"),
        (("md", "@Cu.ferrip", "@cu.extxyz", "-o", "@x.extxyz", "--barostat", "tri"), "barostat"),
        (("md", "@Cu.ferrip", "@h2.xyz", "-o", "@x.extxyz", "--ensemble", "npt"), "holds H"),
        (("bench", "@Cu.ferrip", "--structure", "@si.extxyz"), "holds Si"),
    ],
)
def test_bad_input_ends_with_one_line_and_status_2(folder, capsys, arguments, words):
    code, summary, err = run(folder, capsys, *arguments)
    assert code == 2
    assert summary is None
    assert len(err.splitlines()) == 1
    assert words in err
    assert not (folder / "x.extxyz").exists()


def test_ctrl_c_ends_with_130_and_can_be_continued(folder):
    code = (
        "import os, pathlib, signal, sys, threading, time\n"
        "from ferrip.cli.app import app\n"
        "def interrupt():\n"
        "    while not pathlib.Path('long.log').is_file():\n"
        "        time.sleep(0.05)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=interrupt, daemon=True).start()\n"
        "app(sys.argv[1:], prog_name='ferrip')\n"
    )
    arguments = [
        "md",
        "Cu.ferrip",
        "cu.extxyz",
        "-o",
        "long.extxyz",
        "--steps",
        "10000000",
        "--every",
        "1000",
    ]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    assert "continue with --restart" in done.stderr
    assert "Traceback" not in done.stderr
    assert (folder / "long.restart").is_file()
