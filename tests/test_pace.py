"""Potentials of ML-PACE against a slow independent oracle, for every kind of radial function and core repulsion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import oracle_pace
import pytest

import ferrip
from ferrip import _core
from ferrip.conversion import with_elements, write
from ferrip.errors import ModelFileError, SettingsError
from ferrip.models import pace
from ferrip.potential import Potential
from ferrip.testing import check_potential

Structure = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

KINDS = ["ChebExpCos", "ChebPow", "ChebLinear", "SBessel"]
INNER = ["density", "distance", "zbl"]


def structure(seed: int = 1, length: float = 4.4, periodic: bool = True) -> Structure:
    rng = np.random.default_rng(seed)
    cell = length * np.array([[1.0, 0.0, 0.0], [0.25, 0.95, 0.0], [-0.1, 0.2, 1.0]])
    grid = np.array([[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1], [0, 0, 1]]) / 2 + 0.25
    fractional = grid + rng.uniform(-0.07, 0.07, grid.shape)
    numbers = np.array([29, 13, 29, 13, 13], dtype=np.int64)
    return numbers, fractional @ cell, cell, np.array([periodic, periodic, False])


def imported(potential: oracle_pace.Potential) -> Potential:
    return pace.from_text(oracle_pace.text(potential), "yace")


def analytic(potential: Potential, atoms: Structure) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return _core.compute_analytic(potential.descriptor, potential.readout(), atoms)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("inner", INNER)
def test_energies_equal_the_oracle(kind: str, inner: str) -> None:
    reference = oracle_pace.random_potential(kind, inner)
    potential = imported(reference)
    atoms = structure(periodic=kind == "ChebPow")
    expected = oracle_pace.energies(reference, atoms)
    assert np.ptp(expected) > 0.1
    assert analytic(potential, atoms)[0] == pytest.approx(expected, abs=1e-12 * np.abs(expected).max() * 10)
    for path in _core.supported_simd():
        assert potential.evaluator(path).compute(atoms)[0] == pytest.approx(
            expected, abs=1e-8 * max(1.0, np.abs(expected).max())
        )


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind != "ChebLinear"]
)  # it has a kink at the cutoff
@pytest.mark.parametrize("inner", INNER)
def test_contract_of_potentials(kind: str, inner: str) -> None:
    potential = imported(oracle_pace.random_potential(kind, inner))
    check_potential(potential)


def test_the_nearest_neighbor_takes_the_energy_over_to_zbl() -> None:
    reference = oracle_pace.random_potential("ChebPow", "zbl", elements=("Cu",))
    potential = imported(reference)
    pbc, cell = np.zeros(3, bool), np.zeros((3, 3))
    for r in (0.2, 1.5, 1.79, 1.81, 2.3, 2.9, 3.1):
        trimer = np.array([29, 29, 29]), np.array([[0.0, 0, 0], [r, 0, 0], [0, 3.3, 0]]), cell, pbc
        expected = oracle_pace.energies(reference, trimer)
        scale = max(1.0, np.abs(expected).max())
        assert potential.evaluator().compute(trimer)[0] == pytest.approx(expected, abs=1e-8 * scale)
        tabulated, exact = potential.evaluator().compute(trimer), analytic(potential, trimer)
        for one, other in zip(tabulated, exact, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6 * max(1.0, np.abs(other).max()))


def test_ranges_of_the_nearest_neighbor_follow_the_elements() -> None:
    potential = imported(oracle_pace.random_potential("SBessel", "zbl"))
    cell, pbc = np.zeros((3, 3)), np.zeros(3, bool)
    dimer = np.array([29, 29]), np.array([[0.0, 0, 0], [2.4, 0, 0]]), cell, pbc
    expected = potential.evaluator().compute(dimer)[0]
    fewer = with_elements(potential, ["Cu"])
    assert fewer.evaluator().compute(dimer)[0] == pytest.approx(expected, abs=1e-9)


def test_a_switch_beyond_the_cutoff_is_refused() -> None:
    reference = oracle_pace.random_potential("ChebPow", "zbl", elements=("Cu",))
    reference["bonds"][0, 0]["rcut_in"] = 5.0
    with pytest.raises(
        SettingsError, match="rcut_in: the switch to ZBL ends at 5 Å, beyond the cutoff of 4.1 Å"
    ):
        imported(reference)


@pytest.mark.parametrize("inner", INNER)
def test_round_trip_through_both_files(tmp_path: Path, inner: str) -> None:
    potential = imported(oracle_pace.random_potential("SBessel", inner))
    potential.save(tmp_path / "saved.ferrip")
    (tmp_path / "written.yace").write_text(potential.settings["yace"])
    expected = potential.evaluator().compute(structure())[0]
    write(ferrip.load(tmp_path / "saved.ferrip"), tmp_path / "converted.yace")
    for name in ("saved.ferrip", "written.yace", "converted.yace"):
        again = ferrip.load(tmp_path / name)
        assert again.settings == potential.settings
        assert np.array_equal(again.evaluator().compute(structure())[0], expected)


def test_notes_and_carriage_returns(tmp_path: Path) -> None:
    reference = oracle_pace.random_potential("ChebPow")
    text = oracle_pace.text(reference)
    noted = "NOTE: for tests only: [not YAML\nsome words\n" + text.replace("bonds:", "a note: here\nbonds:")
    path = tmp_path / "noted.yace"
    path.write_bytes(noted.replace("\n", "\r\n").encode())
    assert ferrip.load(path).settings == imported(reference).settings


def test_element_order_of_the_file_does_not_matter() -> None:
    reference = oracle_pace.random_potential("ChebLinear", elements=("Al", "Cu"))
    expected = oracle_pace.energies(reference, structure())
    assert imported(reference).evaluator().compute(structure())[0] == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("rcut: 4.1", "rcut: wide"), "line 20: rcut: expected a finite number, got 'wide'"),
        (("radbasename: ChebPow", "radbasename: ChebSqrt"), "radial basis 'ChebSqrt' is not supported"),
        (("FinnisSinclairShiftedScaled", "Tersoff"), "no embedding 'Tersoff'"),
        (("ns: [1, 2]", "ns: [1, 7]"), "function 5 of Cu: ns: 7 is not from 1 to 2"),
        (("[0, 0]:", "[0, 5]:"), "expected an integer from 0 to 1, got '5'"),
        (("elements:", "element:"), "the key 'elements' is missing"),
        (("- Cu", "- Xx"), "no element 'Xx'"),
    ],
)
def test_bad_files_give_one_clear_line(tmp_path: Path, change: tuple[str, str], line: str) -> None:
    text = oracle_pace.text(oracle_pace.random_potential("ChebPow"))
    text = text.replace("elements: [Cu, Al]", "elements:\n- Cu\n- Al")
    assert change[0] in text
    path = tmp_path / "bad.yace"
    path.write_text(text.replace(*change))
    with pytest.raises(ModelFileError) as caught:
        ferrip.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and line in message and "\n" not in message
