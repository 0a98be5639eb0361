"""SOAP power spectra: against quadrature and DScribe, and the promises of every descriptor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from oracle_soap import power_spectrum

from ferrip import _core
from ferrip.errors import FerripError, SettingsError
from ferrip.fitting.distances import PairDistances
from ferrip.models.soap import SoapSettings, dscribe_soap, resolve_soap
from ferrip.potential import as_structure
from ferrip.testing import check_descriptor

DSCRIBE = Path(__file__).parent / "data" / "dscribe.npz"
"""Written by `make_dscribe.py` beside it."""
SMALL = {"n_max": 3, "l_max": 2, "cutoff": 3.5, "sigma": 0.5}


def crystal() -> Atoms:
    atoms = bulk("Si", cubic=True) * (2, 1, 1)
    atoms.numbers[::3] = 8
    atoms.rattle(0.1, seed=1)
    return atoms


def own_rows(descriptor: _core.Descriptor, atoms: Atoms) -> np.ndarray:
    """Features of every atom in the columns of its element."""
    values = descriptor.values(as_structure(atoms))
    ranges = [slice(*descriptor.feature_range(int(z))) for z in atoms.numbers]
    return np.array([row[own] for row, own in zip(values, ranges, strict=True)])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"species_weights": [[1.0, 1.0], [1.0, -1.0]]},
        {"basis": "polynomial"},
        {"decay_length": 2.0, "decay_power": 3.5},
    ],
)
def test_keeps_the_promises_of_a_descriptor(settings: dict) -> None:
    pairs = {"pair_centers": [1.0, 2.5], "pair_cutoff": 4.0, "pair_cutoff_width": 1.0}
    check_descriptor(_core.Descriptor.soap(elements=[8, 14], **SMALL, cutoff_width=1.0, **pairs, **settings))


@pytest.mark.parametrize("basis", ["gto", "polynomial"])
def test_is_the_projection_of_a_density(basis: str) -> None:
    positions = np.array([[0, 0, 0], [1.3, 0.4, -0.2], [-0.5, 1.6, 0.7], [0.3, -1.0, 1.9]])
    atoms = Atoms("SiOSiO", positions=positions)
    descriptor = _core.Descriptor.soap(elements=[8, 14], **SMALL, symmetric=False, basis=basis)
    rows = {8: [1, 3], 14: [0, 2]}
    weighted = {z: np.column_stack([positions[own], np.ones(len(own))]) for z, own in rows.items()}
    wanted = power_spectrum(weighted, **SMALL, basis=basis)
    got = own_rows(descriptor, atoms)[0]
    np.testing.assert_allclose(got, wanted, atol=1e-9 * np.abs(wanted).max())


@pytest.mark.parametrize("decay", [None, (2.5, 4.0), (1.8, 3.0)])
def test_center_weight_cutoff_and_decay_are_factors_on_gaussians(decay: tuple[float, float] | None) -> None:
    positions = np.array([[0, 0, 0], [2.9, 0.3, 0.2], [-0.5, 1.6, 0.7]])
    atoms = Atoms("Si3", positions=positions)
    given = {} if decay is None else {"decay_length": decay[0], "decay_power": decay[1]}
    descriptor = _core.Descriptor.soap(
        elements=[14], **SMALL, symmetric=False, cutoff_width=1.2, center_weight=0.3, **given
    )
    distances = np.linalg.norm(positions, axis=1)
    t = 1.0 - 2.0 * (distances - (3.5 - 1.2)) / 1.2
    step = 0.5 + 3.75 * (t / 4 - t**3 / 6 + t**5 / 20)
    factors = np.where(t > 1.0, 1.0, step) * [0.3, 1.0, 1.0]
    if decay is not None:
        factors /= 1.0 + (distances / decay[0]) ** decay[1]
    wanted = power_spectrum({14: np.column_stack([positions, factors])}, **SMALL)
    np.testing.assert_allclose(own_rows(descriptor, atoms)[0], wanted, atol=1e-9 * np.abs(wanted).max())


def test_symmetric_features_have_the_dot_product_of_all_pairs() -> None:
    atoms = crystal()
    kept = own_rows(_core.Descriptor.soap(elements=[8, 14], **SMALL, symmetric=False), atoms)
    symmetric = own_rows(_core.Descriptor.soap(elements=[8, 14], **SMALL), atoms)
    table = _core.Descriptor.soap(elements=[8, 14], **SMALL).feature_table()[: kept.shape[1]]
    twice = np.array([2.0 if first != second else 1.0 for _, (first, second) in table])
    np.testing.assert_allclose(symmetric @ symmetric.T, (kept * twice) @ kept.T, rtol=1e-12)


@pytest.mark.parametrize(
    ("basis", "n_max", "l_max", "tolerance"),
    [("gto", 4, 3, 1e-8), ("gto", 8, 6, 1e-8), ("polynomial", 3, 2, 1e-5), ("polynomial", 6, 4, 1e-5)],
)
def test_equals_dscribe(basis: str, n_max: int, l_max: int, tolerance: float) -> None:
    stored = np.load(DSCRIBE)
    atoms = Atoms(stored["numbers"], stored["positions"], cell=stored["cell"], pbc=True)
    wanted = stored[f"{basis}_{n_max}_{l_max}"]
    got = own_rows(dscribe_soap([14, 8], r_cut=4.5, n_max=n_max, l_max=l_max, sigma=0.5, rbf=basis), atoms)
    scale = 1.0 if basis == "gto" else np.abs(wanted).max()
    np.testing.assert_allclose(got[: len(wanted)], wanted, rtol=0, atol=tolerance * scale)


def test_neighbors_in_the_padding_count_like_those_of_the_density() -> None:
    positions = np.array([[0, 0, 0], [3.9, 0.2, 0.1]])
    descriptor = dscribe_soap([14], r_cut=3.5, n_max=3, l_max=2, sigma=0.5)
    wanted = power_spectrum({14: np.column_stack([positions, [1, 1]])}, **SMALL)
    got = own_rows(descriptor, Atoms("Si2", positions=positions))[0]
    np.testing.assert_allclose(got, wanted, atol=1e-9 * np.abs(wanted).max())


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("n_max", {"n_max": 0}),
        ("l_max", {"l_max": 13}),
        ("cutoff", {"cutoff": 0.5}),
        ("cutoff", {"cutoff": float("nan")}),
        ("sigma", {"sigma": 0.0}),
        ("sigma", {"sigma": 0.1, "basis": "polynomial"}),
        ("basis", {"basis": "splines"}),
        ("cutoff_width", {"cutoff_width": 4.0}),
        ("center_weight", {"center_weight": float("inf")}),
        ("decay_length", {"decay_length": 0.0}),
        ("decay_power", {"decay_length": 2.0, "decay_power": 1.0}),
        ("species_weights", {"species_weights": [[1.0, 2.0]]}),
        ("pair functions", {"pair_centers": [1.0], "pair_width": -1.0}),
    ],
)
def test_bad_settings_are_named(name: str, change: dict) -> None:
    with pytest.raises(FerripError, match=name):
        _core.Descriptor.soap(**{"elements": [14], **SMALL, **change})


def test_settings_follow_the_data() -> None:
    distances = PairDistances(minimum={(14, 14): 2.1}, nearest={(14, 14): 2.35}, neighbors=20.0)
    complete = resolve_soap(SoapSettings(l_max=0), [14], distances, n_max=5, l_max=3)
    assert (complete["cutoff"], complete["n_max"], complete["l_max"]) == (5.2, 5, 0)
    assert "species_weights" not in complete
    assert (complete["decay_length"], complete["decay_power"]) == (3.01, 4.0)
    falling = resolve_soap(SoapSettings(decay_length=2.0, decay_power=6), [14], distances, n_max=5, l_max=3)
    assert (falling["decay_length"], falling["decay_power"]) == (2.0, 6.0)
    assert "decay_length" not in resolve_soap(SoapSettings(decay_length=0), [14], distances, n_max=5, l_max=3)
    many = resolve_soap(SoapSettings(), [8, 14, 22], distances, n_max=5, l_max=3)
    assert len(many["species_weights"]) == 2
    with pytest.raises(SettingsError, match="sigma"):
        _core.Descriptor.soap(**complete | {"sigma": 20.0})
