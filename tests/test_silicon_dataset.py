"""The shipped silicon set: readable, labelled, consistent in itself, and split without near twins."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import read
from ase.neighborlist import neighbor_list

import ferrip

FOLDER = Path(ferrip.__file__).parent / "datasets" / "silicon"
GPA = 160.21766208


@pytest.fixture(scope="module")
def splits() -> dict[str, list[Atoms]]:
    return {name: read(FOLDER / f"{name}.extxyz.gz", ":") for name in ("train", "test")}


@pytest.fixture(scope="module")
def reference() -> dict:
    return json.loads((FOLDER / "reference.json").read_text())


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_frame_is_labelled_with_one_set_of_settings(splits, reference, split):
    for atoms in splits[split]:
        assert atoms.pbc.all()
        assert np.isfinite(atoms.info["REF_energy"])
        assert atoms.arrays["REF_forces"].shape == (len(atoms), 3)
        assert np.isfinite(atoms.info["REF_stress"]).all()
        assert atoms.info["REF_stress"].shape == (9,)
        assert atoms.info["config_type"]
        assert {key: atoms.info[key] for key in reference["dft"]} == reference["dft"]


@pytest.mark.parametrize("split", ["train", "test"])
def test_forces_add_up_to_zero(splits, split):
    for atoms in splits[split]:
        net = np.abs(atoms.arrays["REF_forces"].sum(axis=0)).max()
        assert net < 1e-3 * len(atoms), atoms.info["name"]


def fingerprint(atoms: Atoms) -> np.ndarray:
    """The distances of the twelve nearest neighbors, sorted and averaged over the atoms, Å."""
    centres, distances = neighbor_list("id", atoms, 5.5)
    return np.mean([np.sort(distances[centres == i])[:12] for i in range(len(atoms))], axis=0)


def test_no_near_twins_across_the_split(splits):
    train = np.array([fingerprint(atoms) for atoms in splits["train"]])
    for atoms in splits["test"]:
        closest = np.abs(train - fingerprint(atoms)).max(axis=1).min()
        assert closest > 0.01, atoms.info["name"]


def test_stress_is_the_energy_volume_slope(splits):
    curve = [a for a in splits["train"] if a.info["config_type"] == "eos_diamond"]
    volumes = np.array([a.get_volume() for a in curve])
    energies = np.array([a.info["REF_energy"] for a in curve])
    traces = np.array([np.trace(a.info["REF_stress"].reshape(3, 3)) for a in curve]) / 3
    slopes = np.polynomial.Polynomial.fit(volumes, energies, 6).deriv()(volumes)
    assert np.abs(traces - slopes).max() * GPA < 0.1


def test_reference_agrees_with_its_own_curve(reference):
    elastic = reference["elastic_constants_GPa"]
    bulk = (elastic["C11"] + 2 * elastic["C12"]) / 3
    assert bulk == pytest.approx(reference["bulk_modulus_GPa"], rel=0.02)
    volumes = reference["energy_volume"]["volume_A3_per_atom"]
    lowest = volumes[int(np.argmin(reference["energy_volume"]["energy_eV_per_atom"]))]
    assert 8 * lowest == pytest.approx(reference["lattice_constant_A"] ** 3, rel=0.03)
