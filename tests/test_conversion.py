"""Conversion of potentials: export to `.yace`, fewer elements, added repulsion, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import oracle_pace
import pytest
from test_pace import imported, structure

import ferrip
from ferrip import _core
from ferrip.cli.app import app
from ferrip.conversion import with_elements, with_repulsion, write
from ferrip.errors import SettingsError
from ferrip.models import family
from ferrip.potential import Potential
from ferrip.readout import Embedding

SHAPES = ["linear", "FinnisSinclair", "FinnisSinclairShiftedScaled"]


def fitted(shape: str = "linear", *, pair_cutoff: float = 4.2, zbl: bool = False) -> Potential:
    """A potential as `fit` makes them, with random coefficients."""
    settings = {
        "elements": [13, 29],
        "cutoff": 4.2,
        "pair_cutoff": pair_cutoff,
        "n_pair": 5,
        "l_weight": 1.0,
        "r0": {"Al-Al": 2.86, "Al-Cu": 2.7, "Cu-Cu": 2.55},
        "exponents": [2, 4],
        "outer_zero": 2,
        "inner_zero": 2,
        "pair_exponents": [1, 3],
        "pair_outer_zero": 3,
        "pair_inner_zero": 0,
        "degrees": [6.0, 5.0, 5.0],
    }
    descriptor = family("ace").descriptor(settings)
    n_densities = 1 if shape == "linear" else 2
    coefficients = np.random.default_rng(3).normal(size=(n_densities, descriptor.n_features)) * 0.1
    terms = ((1.0, 1.0), (0.8, 0.5))
    embedding = None if shape == "linear" else Embedding(shape=shape, terms=terms)
    return Potential(
        family="ace",
        descriptor=descriptor,
        settings=settings,
        coefficients=coefficients[0] if shape == "linear" else coefficients,
        e0={13: -1.0, 29: -2.0},
        pairs=tuple(_core.zbl_defaults([13, 29])) if zbl else (),
        metadata={"minimum_distances": {"Al-Al": 2.4, "Al-Cu": 2.3, "Cu-Cu": 2.2}},
        embeddings=None if embedding is None else {13: embedding, 29: embedding},
    )


def computed(potential: Potential, length: float = 4.4) -> list[np.ndarray]:
    atoms = structure(length=length)
    return list(_core.compute_analytic(potential.descriptor, potential.readout(), atoms, potential.pairs))


def scale(values: list[np.ndarray]) -> float:
    return max(1.0, *(float(np.abs(v).max()) for v in values))


@pytest.mark.parametrize("shape", SHAPES)
def test_exported_yace_is_the_potential(tmp_path: Path, shape: str) -> None:
    potential = fitted(shape)
    files, notes = write(potential, tmp_path / "out.yace")
    assert files == [str(tmp_path / "out.yace")] and notes == []
    expected, found = computed(potential), computed(ferrip.load(files[0]))
    for a, b in zip(expected, found, strict=True):
        assert np.abs(a - b).max() < 1e-9 * scale(expected)


def test_longer_pair_functions_get_a_file_of_their_own(tmp_path: Path) -> None:
    potential = fitted(pair_cutoff=5.2)
    files, notes = write(potential, tmp_path / "out.yace")
    assert [Path(file).name for file in files] == ["out.yace", "out.pair.yace"]
    assert notes[0].startswith("pair_cutoff: ") and "pace 2" in notes[1]
    expected = computed(potential)
    parts = [computed(ferrip.load(file)) for file in files]
    for a, b, c in zip(expected, *parts, strict=True):
        assert np.abs(a - b - c).max() < 1e-9 * scale(expected)


def test_what_ml_pace_cannot_express_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"pair_cutoff: .* fit with pair_cutoff equal to cutoff"):
        write(fitted("FinnisSinclair", pair_cutoff=5.2), tmp_path / "out.yace")
    _, notes = write(fitted(zbl=True), tmp_path / "out.yace")
    assert notes[0].startswith("repulsion: ML-PACE has no switched ZBL; below 2.1")
    expected = computed(fitted(zbl=True), length=5.6)  # no two atoms are that close
    for a, b in zip(expected, computed(ferrip.load(tmp_path / "out.yace"), length=5.6), strict=True):
        assert np.abs(a - b).max() < 1e-8 * scale(expected)
    with pytest.raises(
        SettingsError, match=r"out\.txt: can write \.ferrip, \.yace, \.uf3, \.json, \.mtp and \.almtp"
    ):
        write(fitted(), tmp_path / "out.txt")


@pytest.mark.parametrize(
    "make", [fitted, lambda: imported(oracle_pace.random_potential("ChebPow", "distance"))]
)
def test_fewer_elements(make) -> None:
    potential = make()
    fewer = with_elements(potential, ["Cu"])
    assert fewer.symbols == ["Cu"] and fewer.descriptor.n_features < potential.descriptor.n_features / 3
    assert all(pair == "Cu-Cu" for pair in fewer.metadata.get("minimum_distances", {}))
    numbers, positions, cell, pbc = structure()
    atoms = (np.full_like(numbers, 29), positions, cell, pbc)
    for a, b in zip(potential.evaluator().compute(atoms), fewer.evaluator().compute(atoms), strict=True):
        assert np.abs(a - b).max() < 1e-10 * max(1.0, np.abs(a).max())
    with pytest.raises(SettingsError, match="elements: Si; this potential knows Al, Cu"):
        with_elements(potential, ["Si"])


def test_repulsion_is_opt_in_for_imported_files(tmp_path: Path) -> None:
    potential = imported(oracle_pace.random_potential("ChebPow"))
    assert potential.pairs == ()
    repulsive = with_repulsion(potential)
    path = tmp_path / "out.ferrip"
    repulsive.save(path)
    dimer = (np.array([29, 13]), np.array([[0.0, 0, 0], [0.3, 0, 0]]), np.eye(3), np.zeros(3, dtype=bool))
    before, after = (p.evaluator().compute(dimer)[0].sum() for p in (potential, ferrip.load(path)))
    assert after - before > 100.0
    with pytest.raises(SettingsError, match="has ZBL core repulsion already"):
        with_repulsion(repulsive)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "in.yace", tmp_path / "out.ferrip"
    source.write_text(oracle_pace.text(oracle_pace.random_potential("SBessel")))
    arguments = ["convert", str(source), str(target), "--elements", "Al", "--repulsion", "zbl", "--json"]
    assert app(arguments, standalone_mode=False) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["elements"] == ["Al"] and document["files"] == [str(target)]
    for path in (source, target):
        assert app(["info", str(path), "--json"], standalone_mode=False) == 0
        assert json.loads(capsys.readouterr().out)["family"] == "pace"
    assert app(["convert", str(source), str(tmp_path / "x.txt")], standalone_mode=False) == 2
    assert "can write .ferrip, .yace, .uf3, .json, .mtp and .almtp" in capsys.readouterr().err
