"""Cutoffs and inner cutoffs of single pairs of species, and combined radial functions: descriptor, evaluator, file,
export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_conversion import computed, scale
from test_pace import structure

import ferrip
from ferrip import _core
from ferrip.conversion import with_elements, write
from ferrip.errors import FerripError, SettingsError
from ferrip.fitting.distances import PairDistances
from ferrip.models import family
from ferrip.models.ace import AceSettings
from ferrip.potential import Potential
from ferrip.testing import check_descriptor, check_potential

ELEMENTS = [13, 29]
DISTANCES = PairDistances(
    minimum=dict.fromkeys([(13, 13), (13, 29), (29, 29)], 2.2),
    nearest=dict.fromkeys([(13, 13), (13, 29), (29, 29)], 2.6),
    neighbors=20.0,
)
CUTOFFS = {"cutoffs": {"Al-Al": 5.0, "Cu-Al": 3.9}}
INNER = {"inner_cutoffs": {"Al-Cu": 2.6, "Cu-Cu": 2.2}, "inner_width": 0.8}


def potential(**settings: Any) -> Potential:
    """A potential of Al and Cu with random coefficients."""
    common = {"cutoff": 4.2, "max_order": 3, "degree": 5.0, "n_pair": 4, **settings}
    chosen = family("ace")
    resolved = chosen.resolve(AceSettings(**common), "small", ELEMENTS, DISTANCES)
    descriptor = chosen.descriptor(resolved)
    return Potential(
        family="ace",
        descriptor=descriptor,
        settings=resolved,
        coefficients=0.1 * np.random.default_rng(1).normal(size=descriptor.n_features),
        e0={13: -1.0, 29: -2.0},
    )


def dimer(a: int, b: int, distance: float) -> _core.Structure:
    positions = np.array([[0.0, 0, 0], [distance, 0, 0]])
    return np.array([a, b]), positions, np.zeros((3, 3)), np.zeros(3, bool)


@pytest.mark.parametrize("settings", [CUTOFFS, INNER, CUTOFFS | INNER], ids=["outer", "inner", "both"])
@pytest.mark.parametrize("species", ["resolved", "embedded"])
def test_descriptor_and_evaluator(settings: dict[str, Any], species: str) -> None:
    one = potential(species=species, **settings)
    check_descriptor(one.descriptor)
    check_potential(one.evaluator(), elements=ELEMENTS, cutoff=one.cutoff)
    atoms = structure()
    for a, b in zip(one.evaluator().compute(atoms), computed(one), strict=True):
        assert np.abs(a - b).max() < 3e-5 * max(1.0, np.abs(b).max())  # the kink where products end


def test_each_pair_has_its_reach() -> None:
    one = potential(pair_cutoff=4.2, **CUTOFFS)
    assert one.settings["cutoffs"] == {"Al-Al": 5.0, "Al-Cu": 3.9} and one.cutoff == 5.0
    for pair, reach in (((13, 13), 4.2), ((13, 29), 4.2), ((29, 29), 4.2)):
        values = [one.descriptor.values(dimer(*pair, r)) for r in (reach - 0.1, reach + 0.01)]
        n_pair = [np.count_nonzero(v[0]) for v in values]
        assert n_pair[0] > 0
        assert (n_pair[1] > 0) == (pair == (13, 13))
    longer = potential(**CUTOFFS)
    assert longer.settings["pair_cutoffs"] == {"Al-Al": 6.0, "Al-Cu": 4.9} and longer.cutoff == 6.0


def test_inner_cutoff() -> None:
    one = potential(**INNER)
    assert not one.descriptor.values(dimer(13, 29, 1.79)).any()
    assert one.descriptor.values(dimer(13, 29, 1.85)).any()
    assert one.descriptor.values(dimer(13, 13, 1.0)).any()
    plain = potential()
    far = dimer(13, 29, 2.61)
    np.testing.assert_array_equal(one.descriptor.values(far), plain.descriptor.values(far))


def test_combined_radial_functions() -> None:
    plain = potential()
    n_radial = max(
        n for _, factors in plain.descriptor.feature_table() if len(factors) > 1 for _, n, _ in factors
    )
    rows = np.eye(n_radial, n_radial + 2)
    same = family("ace").descriptor({**plain.settings, "radial_coefficients": rows.tolist()})
    atoms = structure()
    np.testing.assert_allclose(same.values(atoms), plain.descriptor.values(atoms), rtol=1e-12, atol=1e-12)
    rows += 0.2 * np.random.default_rng(2).normal(size=rows.shape)
    other = family("ace").descriptor({**plain.settings, "radial_coefficients": rows.tolist()})
    check_descriptor(other)
    assert np.abs(other.values(atoms) - same.values(atoms)).max() > 1e-3


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1.0]], "expected 4 rows"),
        ([[1.0, 0.0]] * 3 + [[1.0]], "finite coefficients"),
        ([[float("nan")]] * 9, "finite coefficients"),
    ],
)
def test_bad_radial_coefficients(rows: list[list[float]], message: str) -> None:
    settings = {**potential().settings, "radial_coefficients": rows}
    with pytest.raises(FerripError, match=f"radial_coefficients: .*{message}"):
        family("ace").descriptor(settings)


@pytest.mark.parametrize("species", ["resolved", "embedded"])
def test_file_and_export(tmp_path: Path, species: str) -> None:
    one = potential(pair_cutoff=3.8, species=species, pair_cutoffs={"Al-Al": 4.9}, **CUTOFFS, **INNER)
    one.save(tmp_path / "one.ferrip")
    loaded = ferrip.load(tmp_path / "one.ferrip")
    for a, b in zip(computed(loaded), computed(one), strict=True):
        np.testing.assert_array_equal(a, b)
    files, _ = write(one, tmp_path / "one.yace")
    if species == "resolved":
        assert "inner_cutoff_type: distance" in Path(files[0]).read_text()
    for length in (3.2, 4.4):
        expected = computed(one, length)
        found = [computed(ferrip.load(file), length) for file in files]
        for k, value in enumerate(expected):
            total = sum(part[k] for part in found)
            assert np.abs(value - total).max() < 1e-9 * scale(expected)


def test_fewer_elements_keep_their_pairs() -> None:
    fewer = with_elements(potential(**CUTOFFS, **INNER), ["Cu"])
    assert fewer.settings["cutoffs"] == {} and fewer.settings["inner_cutoffs"] == {"Cu-Cu": [2.2, 0.8]}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cutoffs": {"Al-O": 4.0}}, "cutoffs: O-Al holds an element that is not in the data"),
        ({"cutoffs": {"Al": 4.0}}, "cutoffs: expected a pair of symbols"),
        ({"pair_cutoffs": {"Al-Al": -4.0}}, "pair_cutoffs: expected a positive distance for Al-Al"),
        ({"inner_cutoffs": {"Al-Al": 4.2}}, "inner_cutoff: expected 0 < width"),
    ],
)
def test_bad_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        potential(**settings)
