"""The quickstart, on a small stand-in set and on the data that ship."""

import json
from dataclasses import replace

import ase.io
import numpy as np
import pytest
from ase.build import bulk
from fitted import frames
from standins import MorsePotential

import ferrip
from ferrip.cli.app import app
from ferrip.errors import SettingsError, TrustError
from ferrip.properties import cubic_elastic, equation_of_state
from ferrip.quickstart import SiliconSet, quickstart
from ferrip.relax import relax


@pytest.fixture(scope="module")
def silicon():
    """Silicon in name only: fcc cells and the properties of the stand-in."""
    ratios = np.linspace(0.91, 1.09, 7)
    cell = relax(MorsePotential(), bulk("Si", "fcc", 3.9), cell=True).atoms
    eos = equation_of_state(MorsePotential(), cell, ratios * cell.get_volume())
    a = eos.lattice_constant(4)
    elastic = cubic_elastic(MorsePotential(), bulk("Si", "fcc", a))
    reference = {
        "structure": "fcc",
        "lattice_constant_A": a,
        "bulk_modulus_GPa": eos.bulk_modulus,
        "elastic_constants_GPa": {"C11": elastic.c11, "C12": elastic.c12, "C44": elastic.c44},
        "energy_volume": {
            "volume_ratio": ratios.tolist(),
            "volume_A3_per_atom": eos.volumes.tolist(),
            "energy_eV_per_atom": eos.energies.tolist(),
        },
    }
    return SiliconSet(train=frames("Si")[:32], test=frames("Si")[32:], reference=reference)


def test_it_writes_a_usable_folder(silicon, tmp_path):
    told = []
    result = quickstart(
        tmp_path / "out",
        size="small",
        steps=40,
        num_threads=1,
        data=silicon,
        on_stage=lambda what, _: told.append(what),
        on_step=lambda step, _: told.append(step),
    )
    assert told == ["data", "metrics", "properties", 10, 20, 30, 40, "md", "report"]
    summary = json.loads(json.dumps(result.as_dict()))
    assert all((tmp_path / "out" / name).is_file() for name in result.files.values())
    assert summary["errors"]["test"]["n_structures"] == 8
    assert abs(summary["properties"]["bulk modulus"]["deviation_percent"]) < 20.0
    assert summary["md"]["n_atoms"] == 108
    assert summary["timings_s"].keys() == {
        "data",
        "fit",
        "errors",
        "properties",
        "molecular dynamics",
        "report",
    }
    assert len(ase.io.read(tmp_path / "out" / "md.extxyz", index=":")) == 5
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    for words in ("bulk modulus", "C44", "set 0", "Si-Si", "µs per atom and step", "molecular dynamics"):
        assert words in report
    loaded = ferrip.load(tmp_path / "out" / "Si.ferrip")
    assert loaded.symbols == ["Si"]


def test_the_command_prints_one_json_object(silicon, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(SiliconSet, "load", classmethod(lambda cls: replace(silicon, test=silicon.test[:2])))
    arguments = [
        "quickstart",
        "-o",
        str(tmp_path),
        "--size",
        "small",
        "--steps",
        "20",
        "--threads",
        "1",
        "--json",
    ]
    with pytest.raises(SystemExit) as stop:
        app(arguments, prog_name="ferrip")
    captured = capsys.readouterr()
    assert stop.value.code == 0
    assert json.loads(captured.out)["md"]["steps"] == 20
    assert "crystal properties" in captured.err
    assert "report.html" in captured.err


def test_dynamics_that_must_stop_still_leave_a_report(silicon, tmp_path):
    with pytest.raises(TrustError, match="stopped at step"):
        quickstart(tmp_path, size="small", steps=20, temperature=50000.0, num_threads=1, data=silicon)
    assert "stopped at step" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_bad_settings_end_before_anything_is_fitted(silicon, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="output"):
        quickstart(tmp_path / "file", data=silicon)
    with pytest.raises(SettingsError, match="steps"):
        quickstart(tmp_path / "out", steps=-1, data=silicon)
    assert not (tmp_path / "out").exists()


def test_the_shipped_set_is_complete():
    silicon = SiliconSet.load()
    for frame in (*silicon.train, *silicon.test):
        assert set(frame.numbers) == {14}
        assert frame.energy is not None
        assert frame.forces is not None
        assert frame.stress is not None
    assert silicon.reference["structure"] == "diamond"
    assert 5.4 < silicon.reference["lattice_constant_A"] < 5.5
