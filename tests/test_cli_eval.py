"""`ferrip eval` with a stand-in for the potential: what it reads, prints and refuses."""

import json

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from typer.testing import CliRunner

import ferrip
from ferrip.cli.app import app
from ferrip.errors import ModelFileError
from ferrip.prediction import Prediction


class ZeroPotential:
    """Predicts zero for everything."""

    def evaluate(self, frames, num_threads=None):
        return [
            Prediction(
                energy=0.0, energies=np.zeros(f.n_atoms), forces=np.zeros((f.n_atoms, 3)), stress=np.zeros(6)
            )
            for f in frames
        ]


@pytest.fixture
def zero_potential(monkeypatch):
    monkeypatch.setattr(ferrip, "load", lambda path: ZeroPotential(), raising=False)
    return "zero.ferrip"


@pytest.fixture
def data(tmp_path):
    images = []
    for name, energy in (("a", 0.02), ("b", -0.04)):
        atoms = bulk("Si")
        atoms.info["config_type"] = name
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=np.full((2, 3), 0.1))
        images.append(atoms)
    write(tmp_path / "test.xyz", images)
    return str(tmp_path / "test.xyz")


def evaluate(*arguments):
    return CliRunner().invoke(app, ["eval", *arguments])


def test_json_holds_the_documented_keys(zero_potential, data):
    result = evaluate(zero_potential, data, "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["energy"] == pytest.approx(
        {"mae_meV_per_atom": 15.0, "rmse_meV_per_atom": 250**0.5, "mae_meV": 30.0, "rmse_meV": 1000**0.5}
    )
    assert document["forces"] == pytest.approx({"mae_meV_per_A": 100.0, "rmse_meV_per_A": 100.0})
    assert document["stress"] == {"mae_GPa": None}
    assert document["n_structures"] == 2
    assert document["by_config_type"]["b"]["energy"]["mae_meV"] == pytest.approx(40.0)
    assert document["worst_frames"]["energy"][0]["index"] == 1


def test_tables_go_to_stderr(zero_potential, data):
    result = evaluate(zero_potential, data)
    assert (result.exit_code, result.stdout) == (0, "")
    for text in ("E MAE meV/atom", "15.000", "100.000", "worst frames", "test.xyz frame 1"):
        assert text in result.stderr


def test_aligned_energies(zero_potential, data):
    document = json.loads(evaluate(zero_potential, data, "--align-energies", "--json").stdout)
    assert document["energy_offsets_eV"] == pytest.approx({"Si": -0.005})
    assert document["energy"]["mae_meV_per_atom"] == pytest.approx(15.0)


def test_data_without_labels(zero_potential, tmp_path):
    write(tmp_path / "bare.xyz", bulk("Si"))
    result = evaluate(zero_potential, str(tmp_path / "bare.xyz"), "--json")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "no energy, forces or stress labels" in result.stderr


def test_bad_potential_file(monkeypatch, data):
    def load(path):
        raise ModelFileError(f"{path}: not a ferrip file")

    monkeypatch.setattr(ferrip, "load", load, raising=False)
    result = evaluate("x.ferrip", data)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", "error: x.ferrip: not a ferrip file\n")
