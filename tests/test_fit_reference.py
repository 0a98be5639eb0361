"""Reference energies: given > isolated atoms > least squares."""

import numpy as np
import pytest

from ferrip.data import Frame
from ferrip.errors import DataError, SettingsError
from ferrip.fitting.reference import reference_energies


def frame(numbers, energy, pbc=True, config_type="default"):
    n = len(numbers)
    return Frame(
        numbers=numbers,
        positions=np.arange(3.0 * n).reshape(n, 3),
        cell=np.eye(3) * 10,
        pbc=[pbc] * 3,
        energy=energy,
        config_type=config_type,
    )


CRYSTALS = [frame([14, 8], -8.0), frame([14, 14, 8], -11.0)]


def test_order():
    frames = [*CRYSTALS, frame([14], -2.5, pbc=False), frame([8], -4.5, pbc=False)]
    energies, source = reference_energies(frames, [8, 14], {"Si": -2.0})
    assert energies == {8: -4.5, 14: -2.0}
    assert source == {"Si": "given", "O": "isolated atom"}


def test_least_squares():
    energies, source = reference_energies(CRYSTALS, [8, 14], None)
    assert energies == pytest.approx({8: -5.0, 14: -3.0})
    assert set(source.values()) == {"least squares"}


def test_one_atom_crystals_are_not_isolated_unless_marked():
    periodic = [frame([14], -3.0), frame([14, 14], -6.0)]
    assert reference_energies(periodic, [14], None)[1] == {"Si": "least squares"}
    marked = [*periodic, frame([14], -1.0, config_type="IsolatedAtom")]
    assert reference_energies(marked, [14], None) == ({14: -1.0}, {"Si": "isolated atom"})


def test_rank_deficient_compositions_warn():
    with pytest.warns(UserWarning, match="rank 1 of 2"):
        energies, _ = reference_energies([frame([14, 8], -8.0)], [8, 14], None)
    assert energies == pytest.approx({8: -4.0, 14: -4.0})


def test_errors():
    with pytest.raises(DataError, match="E0 of Si"):
        reference_energies([frame([14], None)], [14], None)
    with pytest.raises(SettingsError, match="Xx"):
        reference_energies(CRYSTALS, [8, 14], {"Xx": 1.0})
    with pytest.raises(SettingsError, match="nan"):
        reference_energies(CRYSTALS, [8, 14], {"Si": float("nan")})
