"""Sums of potentials: evaluation, files, fewer elements, the reference of a fit, and the commands."""

import json

import numpy as np
import pytest
from ase import Atoms
from fitted import copper, frames
from test_conversion import fitted
from test_mtp import potential as moments
from typer.testing import CliRunner

import ferrip
from ferrip import _core
from ferrip.cli.app import app
from ferrip.conversion import with_elements, with_repulsion, write
from ferrip.errors import ModelFileError, SettingsError
from ferrip.fitting.distances import PairDistances
from ferrip.models.uf3 import Uf3, Uf3Settings
from ferrip.pair import LennardJones, Morse, potential
from ferrip.potential import Potential
from ferrip.testing import check_potential

MORSE = Morse(depth=0.2, stiffness=1.3, distance=2.7)


def splines(elements=(13, 29)):
    """A UF3 potential with random coefficients."""
    distances = PairDistances(minimum={}, nearest={}, neighbors=12.0)
    settings = Uf3().resolve(
        Uf3Settings(pair_cutoff=5.0, triplet_cutoff=3.5, pair_intervals=8, triplet_intervals=(4, 4)),
        "small",
        list(elements),
        distances,
    )
    descriptor = Uf3().descriptor(settings)
    return Potential(
        family="uf3",
        descriptor=descriptor,
        settings=settings,
        coefficients=0.1 * np.random.default_rng(7).normal(size=descriptor.n_features),
        e0=dict.fromkeys(elements, -0.5),
        pairs=_core.zbl_defaults(elements),
    )


def pairs(cutoff=6.0):
    return potential({"Al-Al": MORSE, "Al-Cu": LennardJones(epsilon=0.1, sigma=2.4)}, cutoff=cutoff)


def alloy(seed=0):
    rng = np.random.default_rng(seed)
    atoms = Atoms("Al4Cu4", cell=4.9 * np.eye(3) + 0.2 * rng.normal(size=(3, 3)), pbc=True)
    atoms.set_scaled_positions(np.indices((2, 2, 2)).reshape(3, -1).T / 2 + 0.05 * rng.normal(size=(8, 3)))
    return atoms


def assert_sum(total, *parts):
    for atoms in (alloy(1), alloy(2)):
        (one,) = total.evaluate(atoms)
        said = [part.evaluate(atoms)[0] for part in parts]
        for name in ("energies", "forces", "stress"):
            expected = np.sum([getattr(part, name) for part in said], axis=0)
            # Tables of the sum and of the parts keep 3e-10 eV each.
            np.testing.assert_allclose(getattr(one, name), expected, atol=2e-7, rtol=1e-8)


@pytest.mark.parametrize("family", ["ace", "ace-fs", "uf3"])
@pytest.mark.parametrize("cutoff", [3.9, 6.0])
def test_pair_functions_join_any_potential(family, cutoff):
    base = splines() if family == "uf3" else fitted("linear" if family == "ace" else "FinnisSinclair")
    total = base + pairs(cutoff)
    assert total.added == () and total.family == base.family
    assert total.cutoff == max(base.cutoff, cutoff)
    assert_sum(total, base, pairs(cutoff))
    assert_sum(pairs(cutoff) + base, base, pairs(cutoff))
    if family != "ace-fs":  # whose embeddings are steep at no density, with pair functions or without
        check_potential(total)


@pytest.mark.parametrize("cutoff", [3.9, 6.0])
def test_pair_functions_join_moments(cutoff):
    added = potential({"Al-Al": MORSE, "Al-Ti": LennardJones(epsilon=0.1, sigma=2.4)}, cutoff=cutoff)
    total = moments(10) + added
    atoms = alloy()
    atoms.numbers[4:] = 22
    (one,), *said = (part.evaluate(atoms) for part in (total, moments(10), added))
    for name in ("energies", "forces", "stress"):
        expected = np.sum([getattr(part[0], name) for part in said], axis=0)
        np.testing.assert_allclose(getattr(one, name), expected, atol=1e-8)
    check_potential(total)


def test_potentials_of_two_engines_add_up(tmp_path):
    total = fitted() + splines() + pairs()
    assert_sum(total, fitted(), splines(), pairs())
    check_potential(total)
    check_potential(ferrip.Calculator(total, num_threads=1))
    total.save(tmp_path / "sum.ferrip")
    again = ferrip.load(tmp_path / "sum.ferrip")
    assert [one.family for one in again.added] == ["uf3"]
    np.testing.assert_array_equal(again.evaluate(alloy())[0].forces, total.evaluate(alloy())[0].forces)
    session = total.evaluator().session(0.5, 1)
    atoms = alloy()
    structure = (atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc)
    np.testing.assert_allclose(session.compute(structure)[1], total.evaluate(atoms)[0].forces, atol=1e-12)
    assert session.neighbors_per_atom > 20


def test_sums_are_of_the_elements_that_all_know():
    total = fitted() + splines((13, 14))
    assert total.symbols == ["Al"]
    aluminium = Atoms("Al", cell=[[0, 2, 2.1], [2, 0, 2], [2, 2, 0]], pbc=True)
    parts = (
        with_elements(fitted(), ["Al"]).evaluate(aluminium)[0].energy,
        splines((13, 14)).evaluate(aluminium)[0].energy,
    )
    assert total.evaluate(aluminium)[0].energy == pytest.approx(sum(parts), abs=1e-8)
    fewer = with_elements(fitted() + splines() + pairs(), ["Cu"])
    assert fewer.symbols == ["Cu"] and fewer.added[0].symbols == ["Cu"]
    with pytest.raises(SettingsError, match="no element is known to a potential of Al, Cu"):
        fitted() + splines((14,))
    with pytest.raises(SettingsError, match="no pair function is between two of Al, Cu"):
        fitted() + potential({"Ar-Al": MORSE}, cutoff=5.0)
    with pytest.raises(SettingsError, match="different elements"):
        _core.Evaluator.sum([splines().evaluator(), splines((13, 14)).evaluator()])


def test_other_programs_get_no_sums(tmp_path):
    with pytest.raises(SettingsError, match="a sum of potentials can be written as .ferrip only"):
        write(fitted() + splines(), tmp_path / "sum.yace")
    with pytest.raises(SettingsError, match="morse functions can be written as .ferrip only"):
        write(splines() + pairs(), tmp_path / "sum.uf3")
    with pytest.raises(SettingsError, match="morse functions"):
        _core.export_pace(fitted().descriptor, fitted().readout(), pairs().pairs)
    repulsive = with_repulsion(fitted() + pairs())
    assert len(repulsive.pairs) == 5
    with pytest.raises(SettingsError, match="repulsion already"):
        with_repulsion(repulsive)


def test_damaged_sums_are_refused(tmp_path):
    from ferrip import modelfile

    (fitted() + splines()).save(tmp_path / "sum.ferrip")
    header, arrays = modelfile.read(tmp_path / "sum.ferrip")
    other = header["added"][0]
    for added in (
        7,
        [7],
        [other | {"pairs": 1}],
        [other, other],
        [other | {"added": [other]}],
        [other | {"elements": []}],
    ):
        modelfile.write(tmp_path / "bad.ferrip", header | {"added": added}, arrays)
        with pytest.raises(ModelFileError):
            ferrip.load(tmp_path / "bad.ferrip")


def errors(tested, data):
    said = tested.evaluate(data)
    return [abs(one.energy - frame.energy) / frame.n_atoms for one, frame in zip(said, data, strict=True)]


@pytest.mark.parametrize("model", ["ace", "uf3"])
def test_fits_learn_what_the_reference_lacks(model):
    settings = {"model": model, "size": "small", "stress": "off", "progress": False, "e0": {"Cu": 0.0}}
    reference = potential({"Cu-Cu": Morse(depth=0.25, stiffness=1.3, distance=2.7)}, cutoff=6.0)
    total = ferrip.fit(frames(), reference=reference, **settings)
    assert total.family == model and total.pairs[-1] == reference.pairs[0]
    assert np.mean(errors(total, frames())) < 0.02
    metrics = total.metadata["metrics"]["train"]
    found = np.mean(errors(total, frames()))
    assert (
        metrics["all"]["energy_per_atom"]["mae"] == pytest.approx(found, rel=1e-4)
        if "all" in metrics
        else True
    )


def test_references_with_features_become_parts_of_the_sum():
    data = frames()[:20]
    total = ferrip.fit(
        data, model="uf3", size="small", reference=copper(), stress="off", progress=False, e0={"Cu": 0.0}
    )
    assert total.family == "uf3" and [one.family for one in total.added] == ["ace"]
    assert np.mean(errors(total, data)) < 2.0 * np.mean(errors(copper(), data))
    with pytest.raises(SettingsError, match="reference: it knows Al, Cu, but the data hold"):
        ferrip.fit(frames("Ni")[:6], reference=fitted(), progress=False, e0={"Ni": 0.0})


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_commands_build_add_and_describe(tmp_path):
    table = tmp_path / "V.txt"
    table.write_text("".join(f"{r} {2 / r}\n" for r in range(1, 9)))
    pair_file, base, total = (tmp_path / name for name in ("pair.ferrip", "ace.ferrip", "sum.ferrip"))
    result = run(
        "pair", "Al-Al=morse:depth=0.2,stiffness=1.3,distance=2.7", "Al-Cu=zbl", f"Cu-Cu=table:{table}",
        "--cutoff", 6, "-o", pair_file, "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["functions"][0] == "Al-Al morse(0.2, 1.3, 2.7), switch 5 to 6 Å"
    fitted().save(base)
    result = run("convert", base, total, "--add", pair_file)
    assert result.exit_code == 0, result.output
    assert_sum(ferrip.load(total), fitted(), ferrip.load(pair_file))
    shown = run("info", total).output
    assert "morse" in shown and "table" in shown
    splines().save(tmp_path / "uf3.ferrip")
    assert run("convert", total, total, "--add", tmp_path / "uf3.ferrip").exit_code == 0
    assert "uf3 (" in run("info", total).output
    assert run("info", pair_file, "--json").exit_code == 0
    assert run("bench", pair_file, "--seconds", 0, "--threads", 1).exit_code == 0


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("Al-Al", "expected PAIR=FORM"),
        ("Al-Al=morze:depth=1", "did you mean 'morse'"),
        ("Al-Al=morse:dept=1", "did you mean 'depth'"),
        ("Al-Al=morse:depth=1", "morse needs stiffness, distance"),
        ("Al-Al=morse:depth=x", "expected NAME=NUMBER"),
        ("Al=zbl", "pair of symbols"),
        ("Al-Al=table:none.txt", "none.txt"),
    ],
)
def test_bad_functions_end_with_a_line(tmp_path, function, message):
    result = run("pair", function, "-o", tmp_path / "p.ferrip")
    assert result.exit_code == 2 and message in result.stderr


def test_fit_takes_a_reference_file(tmp_path):
    from ase.io import write as write_atoms

    write_atoms(tmp_path / "train.xyz", [frame.to_atoms() for frame in frames()[:12]])
    potential({"Cu-Cu": MORSE}, cutoff=5.0).save(tmp_path / "ref.ferrip")
    result = run(
        "fit", tmp_path / "train.xyz", "--model", "uf3", "--size", "small", "--stress", "off", "--e0", "Cu=0",
        "--reference", tmp_path / "ref.ferrip", "-o", tmp_path / "out.ferrip", "--threads", 1,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert [term[2] for term in ferrip.load(tmp_path / "out.ferrip").pairs] == ["zbl", "morse"]
