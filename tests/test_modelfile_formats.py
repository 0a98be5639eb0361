"""Files of every format version that was ever written: they load and predict what they did then."""

import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

import ferrip
from ferrip import modelfile
from ferrip.errors import ModelFileError

DATA = Path(__file__).parent / "data"


def structures():
    versions = [(version, json.loads((DATA / f"format-{version}.json").read_text())) for version in (1, 2)]
    return [(version, stored) for version, all_stored in versions for stored in all_stored]


@pytest.mark.parametrize(("version", "stored"), structures())
def test_old_formats_predict_what_they_did(version, stored):
    potential = ferrip.load(DATA / f"format-{version}.ferrip")
    atoms = Atoms(stored["numbers"], stored["positions"], cell=stored["cell"], pbc=stored["pbc"])
    (prediction,) = potential.evaluate(atoms)
    np.testing.assert_allclose(prediction.energies, stored["energies"], atol=1e-9)
    # Radial tables keep 1e-6 eV/Å, those of today (of fewer bins) and those that gave the stored forces alike.
    np.testing.assert_allclose(prediction.forces, stored["forces"], atol=1e-6)
    if stored["stress"] is None:
        assert prediction.stress is None
    else:
        np.testing.assert_allclose(prediction.stress, stored["stress"], atol=1e-7)
    if "energy_uncertainty" in stored:
        assert potential.energy_uncertainty(atoms) == pytest.approx(stored["energy_uncertainty"], rel=1e-5)


def test_format_1_survives_saving(tmp_path):
    ferrip.load(DATA / "format-1.ferrip").save(tmp_path / "again.ferrip")
    header, arrays = modelfile.read(DATA / "format-1.ferrip")
    again, arrays_again = modelfile.read(tmp_path / "again.ferrip")
    free = {"format_version", "library_version", "repulsion", "pairs"}
    assert {key: header[key] for key in header.keys() - free} == {
        key: again[key] for key in again.keys() - free
    }
    assert all(np.array_equal(arrays[name], arrays_again[name]) for name in arrays)
    terms = [[a, b, "zbl", [], ["switch", start, end]] for a, b, start, end in header["repulsion"]]
    assert again["pairs"] == terms and len(terms) == 3


@pytest.mark.parametrize(
    ("version", "writer"), [(0, "an older ferrip"), (modelfile.FORMAT_VERSION + 1, "a newer")]
)
def test_versions_without_a_reader_are_refused_with_a_message(tmp_path, version, writer):
    header, arrays = modelfile.read(DATA / "format-1.ferrip")
    changed = header | {"format_version": version, "library_version": "9.8.7"}
    modelfile.write(tmp_path / "other.ferrip", changed, arrays)
    with pytest.raises(ModelFileError, match=rf"format version {version} was written by {writer}.*9\.8\.7"):
        ferrip.load(tmp_path / "other.ferrip")
