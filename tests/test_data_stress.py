"""Stress labels against the energies of strained frames, on a crystal whose energy is known in closed form."""

import numpy as np
import pytest

from ferrip.data import Frame, constant_stress_offset, overall_decision, stress_consistency
from ferrip.data.frame import EV_PER_CUBIC_ANGSTROM_IN_GPA

BULK_STIFFNESS, SHEAR_STIFFNESS, THIRD_ORDER = 0.8, 0.5, -6.0
VOIGT = ([0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1])


def energy_and_stress(cell, reference):
    """E = V₀ [½ K t² + ½ G e:e + ⅙ C t³] with e = ½ (FᵀF − 1), t = tr e, and its Cauchy stress (1/V) F S Fᵀ."""
    deformation = np.linalg.solve(reference, cell).T
    lagrange = 0.5 * (deformation.T @ deformation - np.eye(3))
    t = np.trace(lagrange)
    volume = np.linalg.det(reference)
    density = (
        0.5 * BULK_STIFFNESS * t**2 + 0.5 * SHEAR_STIFFNESS * np.sum(lagrange**2) + THIRD_ORDER * t**3 / 6
    )
    second = (BULK_STIFFNESS * t + THIRD_ORDER * t**2 / 2) * np.eye(3) + SHEAR_STIFFNESS * lagrange
    stress = deformation @ second @ deformation.T / np.linalg.det(deformation)
    return volume * density, stress[VOIGT]


def strained_frames(*, offset=0.0, scale=1.0, config_type="Elastic", n_frames=24, volumetric=True):
    rng = np.random.default_rng(5)
    reference = np.diag([5.4, 5.4, 5.6])
    fractional = rng.random((4, 3))
    frames = []
    for index in range(n_frames):
        strain = 0.02 * rng.uniform(-1, 1, (3, 3))
        if not volumetric:
            strain = strain - np.diag(np.diag(strain))
        cell = reference @ (np.eye(3) + strain)
        energy, stress = energy_and_stress(cell, reference)
        stress = scale * (stress + np.array([offset] * 3 + [0.0] * 3))
        positions = fractional @ cell
        frames.append(
            Frame(
                numbers=[14] * 4,
                positions=positions,
                cell=cell,
                pbc=[True] * 3,
                energy=energy - 600.0,
                forces=np.zeros((4, 3)),
                stress=stress,
                config_type=config_type,
                index=index,
            )
        )
    return frames


def test_consistent_stress_is_usable():
    verdict = stress_consistency(strained_frames())["Elastic"]
    assert verdict.decision == "usable"
    assert verdict.slope == pytest.approx(1.0, abs=0.02)
    assert verdict.offset_GPa == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize(("offset_gpa", "decision"), [(2.8, "unusable"), (-0.9, "unusable"), (0.3, "usable")])
def test_a_constant_offset_is_measured(offset_gpa, decision):
    frames = strained_frames(offset=offset_gpa / EV_PER_CUBIC_ANGSTROM_IN_GPA)
    verdict = stress_consistency(frames)["Elastic"]
    assert verdict.offset_GPa == pytest.approx(offset_gpa, abs=0.1)
    assert verdict.decision == decision


@pytest.mark.parametrize(
    ("scale", "message"),
    [
        (-1.0, "opposite sign"),
        (EV_PER_CUBIC_ANGSTROM_IN_GPA, "looks like GPa"),
        (-10 * EV_PER_CUBIC_ANGSTROM_IN_GPA, "looks like kbar with the opposite sign"),
        (3.0, "sign, unit or order of the components"),
    ],
)
def test_wrong_sign_and_unit(scale, message):
    verdict = stress_consistency(strained_frames(scale=scale))["Elastic"]
    assert verdict.decision == "unusable"
    assert message in verdict.reason


def test_internal_displacements_are_accounted_for_by_the_forces():
    """A harmonic sublattice moves with the strain: without the force work the slope would be off."""
    frames = []
    for k, frame in enumerate(strained_frames()):
        shift = 0.02 * np.sin(k + np.arange(12.0)).reshape(4, 3)
        shift -= shift.mean(axis=0)
        energy, forces = frame.energy + 2.0 * np.sum(shift**2), -4.0 * shift
        frames.append(
            Frame(
                numbers=frame.numbers,
                positions=frame.positions + shift,
                cell=frame.cell,
                pbc=frame.pbc,
                energy=energy,
                forces=forces,
                stress=frame.stress,
                config_type="rattled",
            )
        )
    verdict = stress_consistency(frames)["rattled"]
    assert verdict.decision == "usable"
    assert verdict.slope == pytest.approx(1.0, abs=0.05)


def test_groups_without_strained_copies_are_unknown():
    frames = strained_frames(n_frames=1, config_type="alone")
    assert stress_consistency(frames)["alone"].decision == "unknown"
    assert stress_consistency([]) == {}
    assert overall_decision({}).decision == "unknown"
    both = stress_consistency(frames + strained_frames())
    assert overall_decision(both).decision == "usable"


def test_shear_alone_gives_the_slope():
    verdict = stress_consistency(strained_frames(volumetric=False))["Elastic"]
    assert verdict.slope == pytest.approx(1.0, abs=0.02)


def test_one_bad_group_decides():
    offset = 1.0 / EV_PER_CUBIC_ANGSTROM_IN_GPA
    frames = strained_frames() + strained_frames(offset=offset, config_type="soft cutoff")
    verdict = overall_decision(stress_consistency(frames))
    assert verdict.decision == "unusable"
    assert verdict.reason.startswith("soft cutoff: ")


def test_offset_against_a_fit():
    rng = np.random.default_rng(3)
    predicted = rng.normal(0.0, 0.02, (40, 6))
    labelled = predicted + rng.normal(0.0, 1e-3, (40, 6))
    groups = ["bulk"] * 20 + ["surface"] * 20
    assert {v.decision for v in constant_stress_offset(predicted, labelled, groups).values()} == {"usable"}
    labelled[:, :3] += 2.7 / EV_PER_CUBIC_ANGSTROM_IN_GPA
    verdicts = constant_stress_offset(predicted, labelled, groups)
    assert {v.decision for v in verdicts.values()} == {"unusable"}
    assert verdicts["bulk"].offset_GPa == pytest.approx(2.7, abs=0.1)


def test_groups_that_differ_from_each_other_are_unusable():
    zeros = np.zeros((20, 6))
    labelled = zeros.copy()
    labelled[:10, :3] += 0.4 / EV_PER_CUBIC_ANGSTROM_IN_GPA
    labelled[10:, :3] -= 0.4 / EV_PER_CUBIC_ANGSTROM_IN_GPA
    verdicts = constant_stress_offset(zeros, labelled, ["a"] * 10 + ["b"] * 10)
    assert {v.decision for v in verdicts.values()} == {"unusable"}
    assert "other groups" in verdicts["a"].reason


@pytest.mark.parametrize(
    ("offsets", "decision"),
    [
        ([0.3, -0.9, 1.1, -0.4, 1.6], "usable"),
        ([0.0, 0.02, -0.01, 0.03, 1.6], "unusable"),
        ([2.3, 1.1, 3.1, 1.6, 3.6], "unusable"),
    ],
    ids=["the fit is poor everywhere", "one group stands out", "all groups share an offset"],
)
def test_scatter_between_groups_is_an_error_of_the_fit(offsets, decision):
    rng = np.random.default_rng(5)
    groups = [f"group {k}" for k in range(len(offsets)) for _ in range(12)]
    labelled = rng.normal(0.0, 1e-3, (len(groups), 6))
    labelled[:, :3] += np.repeat(offsets, 12)[:, None] / EV_PER_CUBIC_ANGSTROM_IN_GPA
    verdict = overall_decision(constant_stress_offset(np.zeros_like(labelled), labelled, groups))
    assert verdict.decision == decision


@pytest.mark.parametrize(
    ("fitted", "known", "decision"),
    [
        ([-0.8, 0.9], {"group 0": 0.0}, "unknown"),
        ([0.02, 0.9], {"group 0": 0.0}, "unusable"),
        ([0.0, 0.5, 0.65, 1.9], {"group 0": 0.0}, "usable"),
        ([0.02, 0.9, 0.95, 0.92], {"group 0": 0.0}, "unusable"),
    ],
    ids=[
        "as wrong where known",
        "right where known",
        "scatter with a known group",
        "all but the known group",
    ],
)
def test_known_groups_tell_how_wrong_the_fit_is(fitted, known, decision):
    rng = np.random.default_rng(7)
    groups = [f"group {k}" for k in range(len(fitted)) for _ in range(12)]
    labelled = rng.normal(0.0, 1e-3, (len(groups), 6))
    labelled[:, :3] += np.repeat(fitted, 12)[:, None] / EV_PER_CUBIC_ANGSTROM_IN_GPA
    verdicts = constant_stress_offset(np.zeros_like(labelled), labelled, groups, known)
    assert "group 0" not in verdicts
    assert overall_decision(verdicts).decision == decision


def test_a_group_may_be_as_wrong_as_single_frames_of_a_known_one():
    """A poor fit: where the stress is known it errs by gigapascals, up and down, so that the median is right."""
    errors = {"known": [-6.0, -1.0, 0.0, 0.0, 1.0, 6.0], "a": [0.0] * 6, "b": [0.1] * 6, "c": [3.2] * 6}
    groups = [group for group, values in errors.items() for _ in values]
    labelled = np.zeros((len(groups), 6))
    labelled[:, :3] = np.concatenate([*errors.values()])[:, None] / EV_PER_CUBIC_ANGSTROM_IN_GPA
    verdicts = constant_stress_offset(np.zeros_like(labelled), labelled, groups, {"known": 0.0})
    assert verdicts["c"].decision == "unknown"
    assert overall_decision(verdicts).decision == "usable"


def test_offset_against_a_fit_refuses_wrong_shapes():
    with pytest.raises(ValueError, match=r"two \(n, 6\) arrays"):
        constant_stress_offset(np.zeros((2, 3)), np.zeros((2, 3)), ["a", "b"])
