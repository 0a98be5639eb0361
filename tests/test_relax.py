"""Relaxations that cannot end well end with one line."""

import pytest
from ase.build import bulk
from fitted import copper

from ferrip.errors import FerripError, SettingsError
from ferrip.relax import relax


def test_a_collapsing_cell_stops_the_relaxation():
    with pytest.raises(FerripError, match="the cell collapsed"):
        relax(copper(), bulk("Cu"), cell=True, pressure=1e7)


@pytest.mark.parametrize("pressure", [float("nan"), float("inf")])
def test_the_pressure_must_be_finite(pressure):
    with pytest.raises(SettingsError, match="pressure: expected a finite number"):
        relax(copper(), bulk("Cu"), cell=True, pressure=pressure)
