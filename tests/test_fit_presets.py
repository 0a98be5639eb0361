"""The ACE presets: counts within the target for any elements, cutoffs that follow the data."""

import json

import pytest

from ferrip.errors import SettingsError
from ferrip.fitting.distances import PairDistances
from ferrip.models import AceSettings, family
from ferrip.models.ace import MAX_CUTOFF, PRESETS, SHAPES

NEAREST = {
    "Si": {(14, 14): 2.35},
    "Mo": {(42, 42): 2.72},
    "NbMo": {(41, 41): 2.86, (41, 42): 2.8, (42, 42): 2.72},
    "CH": {(1, 1): 1.8, (1, 6): 1.09, (6, 6): 1.4},
    "CHO": {(1, 1): 1.8, (1, 6): 1.09, (1, 8): 0.97, (6, 6): 1.4, (6, 8): 1.4},
}


def resolve(name, size="small", *, periodic=True, **settings):
    nearest = NEAREST[name]
    elements = sorted({z for pair in nearest for z in pair})
    distances = PairDistances(minimum=nearest, nearest=nearest, neighbors=40.0, periodic=periodic)
    return family("ace").resolve(AceSettings(**settings), size, elements, distances)


@pytest.mark.parametrize("size", PRESETS)
@pytest.mark.parametrize("name", NEAREST)
def test_counts_approach_the_target_from_below(name, size):
    resolved = resolve(name, size)
    descriptor = family("ace").descriptor(resolved)
    target = min(PRESETS[size].functions * len(resolved["elements"]), PRESETS[size].most)
    assert 0.5 * target < descriptor.n_features <= target


@pytest.mark.parametrize("size", PRESETS)
def test_molecules_have_more_functions(size):
    crystal, molecule = resolve("CH", size), resolve("CH", size, periodic=False)
    counts = [family("ace").descriptor(one).n_features for one in (crystal, molecule)]
    target = min(PRESETS[size].molecular_functions * 2, PRESETS[size].most)
    assert counts[0] < counts[1] <= target


def test_settings_survive_json():
    resolved = resolve("NbMo", functions=None)
    again = json.loads(json.dumps(resolved))
    assert again == resolved
    assert (
        family("ace").descriptor(again).feature_table() == family("ace").descriptor(resolved).feature_table()
    )


@pytest.mark.parametrize("name", NEAREST)
def test_cutoff_follows_the_data(name):
    resolved = resolve(name)
    assert SHAPES["wide"].least_cutoff <= resolved["cutoff"] <= MAX_CUTOFF
    assert resolved["cutoff"] < resolved["pair_cutoff"]


def test_molecules_have_shorter_cutoffs_and_more_angles():
    crystal, molecule = resolve("CH", shape="compact"), resolve("CH", periodic=False, shape="compact")
    assert molecule["cutoff"] < crystal["cutoff"]
    assert molecule["l_weight"] < crystal["l_weight"]
    assert resolve("CH", periodic=False, l_weight=0.5, cutoff=5.0)["l_weight"] == 0.5


def test_every_pair_has_a_typical_distance():
    resolved = resolve("CHO")
    assert set(resolved["r0"]) == {"H-H", "H-C", "H-O", "C-C", "C-O", "O-O"}
    assert resolved["r0"]["H-C"] == 1.09
    assert 1.0 < resolved["r0"]["O-O"] < 1.6


def test_overrides():
    resolved = resolve(
        "CHO", cutoff=4.5, degree=6.0, max_order=2, r0={"O-C": 1.5}, n_pair=3, exponents=(1, 3)
    )
    assert (resolved["cutoff"], resolved["degrees"], resolved["n_pair"]) == (4.5, [6.0], 3)
    assert resolved["r0"]["C-O"] == 1.5
    assert resolved["exponents"] == [1, 3]


def test_explicit_functions():
    resolved = resolve("Si", functions=(((14, 1, 0), (14, 1, 0)), ((14, 2, 1), (14, 1, 1))), n_pair=2)
    assert family("ace").descriptor(json.loads(json.dumps(resolved))).n_features == 4


def test_errors():
    with pytest.raises(SettingsError, match="small, medium, large"):
        resolve("Si", size="tiny")
    with pytest.raises(SettingsError, match="Si-O"):
        resolve("Si", r0={"Si": 2.0})
    with pytest.raises(SettingsError, match="not in the data"):
        resolve("Si", r0={"Si-O": 2.0})
