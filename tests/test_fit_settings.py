"""Settings: one set of names, defaults, and errors that name the nearest one."""

import pytest

from ferrip.errors import SettingsError
from ferrip.fitting import BayesianRidge, FitSettings, Ridge
from ferrip.fitting.estimate import GB, Estimate
from ferrip.fitting.settings import parse_settings
from ferrip.models import AceSettings


def test_one_flat_mapping_fills_both_classes():
    fit, ace = parse_settings({"solver": "bayes", "cutoff": 5.5}, FitSettings, AceSettings)
    assert fit.regressor() == BayesianRidge()
    assert ace.cutoff == 5.5


def test_names_do_not_clash():
    assert not set(FitSettings.model_fields) & set(AceSettings.model_fields)


def test_defaults():
    settings = FitSettings()
    assert settings.regressor() == Ridge(ridge=None, inflation=settings.gcv_inflation)
    assert settings.repulsion == "zbl"
    assert settings.stress == "auto"


def test_numbers_for_config_types_are_factors_of_all_quantities():
    (settings,) = parse_settings({"config_weights": {"liquid": 2, "bulk": {"forces": 0}}}, FitSettings)
    assert settings.config_weights["liquid"].model_dump() == {"energy": 2.0, "forces": 2.0, "virial": 2.0}
    assert settings.config_weights["bulk"].model_dump() == {"energy": 1.0, "forces": 0.0, "virial": 1.0}


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        FitSettings().ridge = 1.0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"cutof": 5.0}, "unknown setting 'cutof'; did you mean 'cutoff'"),
        ({"zzzzzz": 5.0}, "unknown setting 'zzzzzz'; known: center_tie"),
        ({"cutoff": -1.0}, "cutoff: .*greater than 0.*-1"),
        ({"cutoff": "wide"}, "cutoff: .*number"),
        ({"max_order": 9}, "max_order"),
        ({"weights": {"forces": float("nan")}}, "weights.forces"),
        ({"weights": {"force": 1.0}}, "did you mean 'forces'"),
        ({"weights": 3}, "weights"),
        ({"config_weights": {"a": {"enrgy": 1.0}}}, "did you mean 'energy'"),
        ({"config_weights": [1]}, "config_weights"),
        ({"stress": "on"}, "stress: .*'auto', 'force' or 'off'"),
    ],
)
def test_errors_are_one_clear_line(values, message):
    with pytest.raises(SettingsError, match=message) as caught:
        parse_settings(values, FitSettings, AceSettings)
    assert "\n" not in str(caught.value)


def test_a_fit_that_takes_too_much_memory_is_refused():
    expected = Estimate(n_rows=1, n_columns=1, bytes=3.0 * GB, seconds=1.0)
    expected.check(None)
    expected.check(3.1)
    with pytest.raises(SettingsError, match="max_memory: the fit takes about 3 GB, 2.5 are allowed"):
        expected.check(2.5)
