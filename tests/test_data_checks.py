"""Checks of data sets: every problem is found and names its frames."""

import numpy as np
import pytest
from ase.build import bulk

from ferrip.data import Frame, check_frames, raise_errors, summarize
from ferrip.errors import DataError


def rattled(n_frames=8, **changes):
    """Frames of rattled silicon around −5.4 eV per atom."""
    rng = np.random.default_rng(11)
    atoms = bulk("Si", cubic=True)
    return [
        Frame(
            **{
                "numbers": atoms.numbers,
                "positions": atoms.positions + rng.normal(0, 0.05, (8, 3)),
                "cell": atoms.cell.array,
                "pbc": [True] * 3,
                "energy": 8 * (-5.4 + rng.uniform(0, 0.3)),
                "forces": rng.normal(0, 0.8, (8, 3)),
                "source": "si.xyz",
                "index": index,
                "keys": {"energy": "REF_energy", "forces": "REF_forces"},
            }
            | changes
        )
        for index in range(n_frames)
    ]


def changed(frame, **changes):
    names = (
        "numbers",
        "positions",
        "cell",
        "pbc",
        "energy",
        "forces",
        "stress",
        "config_type",
        "source",
        "index",
    )
    return Frame(**({name: getattr(frame, name) for name in names} | changes))


def kinds(problems):
    return [(problem.severity, problem.kind) for problem in problems]


def test_sound_frames_have_no_problems():
    assert check_frames(rattled(), ("energy", "forces")) == []


def test_no_frames():
    assert kinds(check_frames([])) == [("error", "empty")]


@pytest.mark.parametrize("quantity", ["energy", "forces", "stress"])
def test_required_labels_that_are_nowhere(quantity):
    frames = rattled(energy=None, forces=None)
    with pytest.raises(DataError, match=f"no frame has an? {quantity} label"):
        raise_errors(check_frames(frames, (quantity,)))


def test_frames_without_any_label_are_named():
    frames = rattled()
    frames[2] = changed(frames[2], energy=None, forces=None)
    (problem,) = check_frames(frames)
    assert (problem.severity, problem.kind) == ("warning", "missing-labels")
    assert problem.message.startswith("si.xyz frame 2: neither")


@pytest.mark.parametrize("quantity", ["positions", "cell", "energy", "forces"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_non_finite_numbers(quantity, value):
    frames = rattled()
    bad = np.array(getattr(frames[5], quantity))
    bad.flat[0] = value
    frames[5] = changed(frames[5], **{quantity: bad})
    with pytest.raises(DataError, match=f"si.xyz frame 5: NaN or infinity in {quantity}"):
        raise_errors(check_frames(frames))


def test_overlapping_atoms():
    frames = rattled()
    positions = frames[1].positions.copy()
    positions[1] = positions[0] + [0.1, 0.0, 0.0]
    frames[1] = changed(frames[1], positions=positions)
    with pytest.raises(DataError, match=r"si\.xyz frame 1: .*overlap"):
        raise_errors(check_frames(frames))


@pytest.mark.parametrize("cell", [np.zeros((3, 3)), np.diag([5.0, 5.0, 0.0]), np.ones((3, 3))])
def test_periodic_without_a_cell(cell):
    frames = rattled(cell=cell)
    with pytest.raises(DataError, match="periodic, but without a cell"):
        raise_errors(check_frames(frames))


@pytest.mark.parametrize(
    ("unit", "size"), [("Hartree", 27.211386), ("Rydberg", 13.605693), ("kJ/mol", 1 / 96.485332)]
)
def test_mixed_energy_units(unit, size):
    frames = rattled(12)
    frames[4] = changed(frames[4], energy=frames[4].energy / size)
    with pytest.raises(DataError, match=rf"si\.xyz frame 4: energy of .* mixed units \({unit} among eV\)"):
        raise_errors(check_frames(frames))


def test_stretched_crystals_are_not_another_unit():
    """Energies that fall continuously to those of free atoms are physics."""
    frames = [
        changed(frame, energy=8 * e)
        for frame, e in zip(rattled(20), np.linspace(-5.4, -0.2, 20), strict=True)
    ]
    assert check_frames(frames) == []


def test_mixed_force_units():
    frames = rattled(12)
    frames[7] = changed(frames[7], forces=frames[7].forces / 51.422067)
    (problem,) = check_frames(frames)
    assert (problem.severity, problem.frames) == ("warning", ("si.xyz frame 7",))
    assert "Hartree/bohr" in problem.message


def test_duplicates_and_contradictions():
    frames = rattled()
    copy = changed(frames[0], index=99)
    problems = check_frames([*frames, copy])
    assert kinds(problems) == [("warning", "duplicates")]
    assert "si.xyz frame 0, si.xyz frame 99" in problems[0].message
    other = changed(frames[0], index=99, energy=frames[0].energy + 1.0)
    assert kinds(check_frames([*frames, other])) == [
        ("warning", "duplicates"),
        ("warning", "contradicting-labels"),
    ]


def test_mixed_metadata():
    frames = rattled(4, metadata={"functional": "PBE"}) + rattled(
        4, metadata={"functional": "PBEsol"}, source="b.xyz"
    )
    frames = [
        Frame(
            numbers=f.numbers,
            positions=f.positions + 0.01 * k * np.arange(3),
            cell=f.cell,
            pbc=f.pbc,
            energy=f.energy,
            metadata=f.metadata,
        )
        for k, f in enumerate(frames)
    ]
    problems = [problem for problem in check_frames(frames) if problem.kind == "mixed-metadata"]
    assert [problem.message for problem in problems] == [
        "frames mix DFT settings: functional is PBE (4 frames), PBEsol (4 frames)"
    ]
    silent = Frame(numbers=[14], positions=[[0, 0, 0]], energy=-5.0)
    problems = [
        problem for problem in check_frames([*frames[:4], silent]) if problem.kind == "mixed-metadata"
    ]
    assert [problem.message for problem in problems] == [
        "memory frame 0: no DFT settings stated, where other frames state functional"
    ]


def test_errors_come_first_and_are_counted():
    frames = rattled()
    frames.append(changed(frames[0], index=98))
    frames[3] = changed(frames[3], energy=np.nan)
    frames[4] = changed(frames[4], cell=np.zeros((3, 3)))
    problems = check_frames(frames)
    assert [problem.severity for problem in problems] == ["error", "error", "warning"]
    with pytest.raises(DataError, match="and 1 other errors"):
        raise_errors(problems)


def test_summary():
    atom = Frame(numbers=[8], positions=np.zeros((1, 3)), energy=-400.0, config_type="IsolatedAtom")
    summary = summarize([*rattled(), atom])
    group = summary["default"]
    assert (group.n_frames, group.n_atoms, group.elements) == (8, 64, ("Si",))
    assert group.labels["forces"].keys == {"REF_forces": 8}
    assert group.labels["stress"].n_frames == 0
    assert group.energy_per_atom[0] >= -5.4
    assert 1.8 < group.shortest_distances["Si-Si"] < 2.4
    assert (summary["IsolatedAtom"].n_isolated_atoms, summary["IsolatedAtom"].energy_per_atom) == (1, None)
