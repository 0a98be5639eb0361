"""Pair potentials against formulas in numpy, on every engine; their files; input that makes no sense."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from scipy.interpolate import CubicSpline

import ferrip
from ferrip import _core
from ferrip.errors import DataError, FerripError, SettingsError
from ferrip.neighbors import neighbor_list
from ferrip.pair import Buckingham, LennardJones, Morse, Table, Zbl, potential
from ferrip.potential import as_structure
from ferrip.testing import check_potential

R = np.linspace(1.0, 6.0, 41)
FUNCTIONS = {
    "lennard-jones": LennardJones(epsilon=0.1, sigma=2.3),
    "morse": Morse(depth=0.3, stiffness=1.4, distance=2.5),
    "buckingham": Buckingham(amplitude=900.0, length=0.32, dispersion=30.0),
    "table": Table(r=R, energy=np.exp(-R) * np.cos(2 * R)),
    "zbl": Zbl(start=1.0, cutoff=3.0),
}
SPLINE = CubicSpline(R, np.exp(-R) * np.cos(2 * R))


def bare(form, r):
    """Formulas as in textbooks."""
    if form == "lennard-jones":
        return 0.4 * ((2.3 / r) ** 12 - (2.3 / r) ** 6)
    if form == "morse":
        return 0.3 * ((1 - np.exp(-1.4 * (r - 2.5))) ** 2 - 1)
    if form == "buckingham":
        return 900.0 * np.exp(-r / 0.32) - 30.0 / r**6
    if form == "table":
        return SPLINE(r)
    x = r * (14**0.23 + 8**0.23) / 0.4685
    phi = sum(
        a * np.exp(-b * x)
        for a, b in ((0.18175, 3.1998), (0.50986, 0.94229), (0.28022, 0.4029), (0.02817, 0.20162))
    )
    return 14.399645 * 14 * 8 / r * phi


def ended(form, r, end, start, cutoff):
    """The function with its ending."""
    value = bare(form, r)
    if end == "switch":
        x = np.clip((r - start) / (cutoff - start), 0.0, 1.0)
        return np.where(r < cutoff, value * (1 - x**3 * (10 - 15 * x + 6 * x**2)), 0.0)
    slope = (bare(form, cutoff + 1e-5) - bare(form, cutoff - 1e-5)) / 2e-5 if end == "shift-force" else 0.0
    return np.where(r < cutoff, value - bare(form, cutoff) - slope * (r - cutoff), 0.0)


def dimer_energies(tested, r):
    frames = [Atoms("SiO", positions=[[0, 0, 0], [0, x, 0]]) for x in r]
    return np.array([one.energy for one in tested.evaluate(frames)])


@pytest.mark.parametrize("end", ["switch", "shift", "shift-force"])
@pytest.mark.parametrize("form", FUNCTIONS)
def test_functions_are_those_of_the_textbooks(form, end):
    tested = potential({"O-Si": FUNCTIONS[form]}, cutoff=5.5, end=end, width=1.5)
    r = np.linspace(1.5, 6.5, 200)
    how = ("switch", 1.0, 3.0) if form == "zbl" else (end, 4.0, 5.5)
    np.testing.assert_allclose(dimer_energies(tested, r), ended(form, r, *how), rtol=1e-8, atol=2e-9)


@pytest.mark.parametrize("form", FUNCTIONS)
def test_close_atoms_repel_with_finite_forces(form):
    tested = potential({"O-Si": FUNCTIONS[form]}, cutoff=5.5)
    energies = dimer_energies(tested, np.linspace(0.01, 0.9, 60))
    assert np.isfinite(energies).all()
    assert (np.diff(energies) < 0).all()


@pytest.mark.parametrize("end", ["switch", "shift-force"])
def test_potentials_of_pairs_keep_the_contract(end):
    tested = potential(
        {
            "Si-Si": [FUNCTIONS["lennard-jones"], Zbl()],
            "O-Si": FUNCTIONS["morse"],
            "O-O": FUNCTIONS["buckingham"],
        },
        cutoff={"Si-Si": 5.0, "O-Si": 4.5, "O-O": 4.0},
        end=end,
    )
    check_potential(tested)
    check_potential(ferrip.Calculator(tested, num_threads=1))


@pytest.mark.parametrize("seed", range(3))
def test_crystals_are_sums_over_pairs(seed):
    rng = np.random.default_rng(seed)
    atoms = bulk("Si", "diamond", a=5.2, cubic=True)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + 0.05 * rng.normal(size=(3, 3))), scale_atoms=True)
    atoms.positions += 0.15 * rng.normal(size=(8, 3))
    atoms.numbers[rng.integers(0, 8, 3)] = 8
    forms = {(14, 14): "lennard-jones", (8, 14): "morse"}
    named = {"Si-Si": FUNCTIONS["lennard-jones"], "Si-O": FUNCTIONS["morse"]}
    tested = potential(named, cutoff=5.0, end="shift")
    i, j, _, vectors = neighbor_list(atoms, 5.0)
    expected = np.zeros(len(atoms))
    for a, b, r in zip(i, j, np.linalg.norm(vectors, axis=1), strict=True):
        form = forms.get(tuple(sorted(atoms.numbers[[a, b]].tolist())))
        expected[a] += 0.0 if form is None else 0.5 * ended(form, r, "shift", 0.0, 5.0)
    (prediction,) = tested.evaluate(atoms)
    np.testing.assert_allclose(prediction.energies, expected, rtol=1e-8, atol=1e-8)
    rows = _core.pair_design_offset([as_structure(atoms)], tested.pairs)
    np.testing.assert_allclose(rows[0], prediction.energy, rtol=1e-9)
    np.testing.assert_allclose(rows[1:-6], prediction.forces.ravel(), atol=1e-7)
    np.testing.assert_allclose(rows[-6:], prediction.stress * atoms.get_volume(), atol=1e-7)


def test_argon_is_that_of_ase():
    from ase.calculators.lj import LennardJones as Reference

    atoms = bulk("Ar", a=5.26, cubic=True) * (2, 2, 2)
    atoms.rattle(0.1, seed=3)
    tested = potential({"Ar-Ar": LennardJones(epsilon=0.0104, sigma=3.4)}, cutoff=8.0, end="shift")
    (prediction,) = tested.evaluate(atoms)
    atoms.calc = Reference(epsilon=0.0104, sigma=3.4, rc=8.0, ro=8.0, smooth=False)
    np.testing.assert_allclose(prediction.energy, atoms.get_potential_energy(), rtol=1e-9)
    np.testing.assert_allclose(prediction.forces, atoms.get_forces(), atol=1e-8)
    np.testing.assert_allclose(prediction.stress, atoms.get_stress(), atol=1e-10)


def test_files_keep_everything(tmp_path):
    tested = potential(
        {"Si-Si": [FUNCTIONS["table"], Zbl()], "O-Si": FUNCTIONS["buckingham"]}, cutoff=5.0, end="shift-force"
    )
    tested.save(tmp_path / "pairs.ferrip")
    again = ferrip.load(tmp_path / "pairs.ferrip")
    assert (again.family, again.symbols, again.cutoff) == ("pair", ["O", "Si"], 5.0)
    assert again.pairs == tested.pairs
    r = np.linspace(0.5, 5.5, 30)
    np.testing.assert_array_equal(dimer_energies(again, r), dimer_energies(tested, r))


def test_tables_come_from_text_files(tmp_path):
    path = tmp_path / "V.txt"
    rows = [f"{r:.6f} {np.exp(-r):.12f} {np.exp(-r):.12f}" for r in R]
    path.write_text("# r E F\n\n" + "\n".join(rows) + "  # the last\n")
    with_forces = potential({"O-Si": Table.read(path)}, end="shift")
    assert with_forces.cutoff == 6.0
    r = np.linspace(1.0, 5.99, 97)
    np.testing.assert_allclose(dimer_energies(with_forces, r), np.exp(-r) - np.exp(-6.0), atol=2e-7)
    path.write_text("\n".join(row.rpartition(" ")[0] for row in rows))
    assert Table.read(path).force is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no numbers"),
        ("1 2 3 4\n", "line 1: expected r, E"),
        ("1 2\n2 1 0\n", "line 2: expected 2 columns"),
        ("# r E\n1 2\n2 x\n", "line 3: expected numbers, got '2 x'"),
        ("1 2\n2 nan\n", "line 2: expected finite"),
        ("1 2\n3 1\n2 0\n", "line 3: distances must be ascending, got 2"),
        ("1 2\n2 1\n3 0\n", "expected 4 to 20000 points, got 3"),
        ("-1 2\n2 1\n3 0\n4 0\n", "from 0 on"),
    ],
)
def test_bad_tables_name_the_line(tmp_path, text, message):
    path = tmp_path / "V.txt"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        Table.read(path)
    with pytest.raises(DataError, match=r"none\.txt"):
        Table.read(tmp_path / "none.txt")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"functions": {}}, "no functions"),
        ({"functions": {"Ar": LennardJones(epsilon=1.0, sigma=1.0)}}, "pair of symbols such as"),
        ({"functions": {"Ar-Ar": LennardJones(epsilon=1.0, sigma=1.0)}}, "Ar-Ar lennard-jones needs one"),
        ({"functions": {"Ar-Ar": LennardJones(epsilon=-1.0, sigma=1.0)}, "cutoff": 5.0}, "positive numbers"),
        ({"functions": {"Ar-Ar": Buckingham(amplitude=1.0, length=0.1, dispersion=99.0)}, "cutoff": 5.0}, "attracts"),
        ({"functions": {"Ar-Ar": LennardJones(epsilon=1.0, sigma=3.0)}, "cutoff": 0.5}, "Ar-Ar: expected a cutoff"),
        ({"functions": {"Ar-Ar": LennardJones(epsilon=1.0, sigma=3.0)}, "cutoff": 5.0, "width": 9.0}, "switch from"),
        ({"functions": {"Ar-Ar": FUNCTIONS["table"]}, "cutoff": 7.0}, "ends at 6 Å, before the cutoff of 7"),
        ({"functions": {"Ar-Ar": FUNCTIONS["morse"]}, "cutoff": 5.0, "end": "cut"}, "end: expected one of"),
    ],
)  # fmt: skip
def test_bad_potentials_are_refused(arguments, message):
    with pytest.raises(SettingsError, match=message):
        potential(**arguments)


def test_bad_terms_of_files_are_refused(tmp_path):
    from ferrip import modelfile

    potential({"O-Si": FUNCTIONS["morse"]}, cutoff=5.0).save(tmp_path / "p.ferrip")
    header, arrays = modelfile.read(tmp_path / "p.ferrip")
    for pairs in ([[1]], [[8, 14, "morse", ["x"], ["switch", 1, 2]]], [["O", "Si", "morse", [], []]], {}):
        modelfile.write(tmp_path / "bad.ferrip", header | {"pairs": pairs}, arrays)
        with pytest.raises(FerripError):
            ferrip.load(tmp_path / "bad.ferrip")


def test_unknown_elements_are_refused():
    with pytest.raises(ferrip.errors.UnsupportedElementError, match="Ne"):
        potential({"O-Si": FUNCTIONS["morse"]}, cutoff=5.0).evaluate(Atoms("Ne"))
