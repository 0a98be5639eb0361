"""Whether stress labels can be fitted: sign, scale and constant offset against dE/dε.

Two estimates of a constant offset (Pulay stress): from frames that differ by a strain, with the labels alone
(`stress_consistency`), and from the stresses that a fit to energies and forces predicts (`constant_stress_offset`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ferrip.data.frame import EV_PER_CUBIC_ANGSTROM_IN_GPA, Frame
from ferrip.data.strain_pairs import StrainPair, strain_pairs

MAX_OFFSET_GPA = 0.5
"""Constant difference above which stress labels are not fitted."""
MIN_PAIRS = 4
MIN_FRAMES = 5
"""Frames that a comparison with a fit needs."""
MIN_GROUPS = 4
"""Groups whose offsets tell how far a fit to energies and forces can be trusted for one group."""
MIN_SIGNIFICANCE = 3.0
"""An offset counts where it is this many times its standard error."""
SLOPE_RANGE = (0.8, 1.25)
"""Slope of energy against work within which sign and scale of the stress are taken as right."""
KNOWN_SLOPES = {
    "GPa": 1.0 / EV_PER_CUBIC_ANGSTROM_IN_GPA,
    "kbar": 0.1 / EV_PER_CUBIC_ANGSTROM_IN_GPA,
    "Hartree/bohr³": 183.631,
    "Rydberg/bohr³": 91.815,
}
"""Unit of a stress that was taken as eV/Å³ → slope of the energy against its work."""

Decision = Literal["usable", "unusable", "unknown"]


@dataclass(frozen=True, kw_only=True)
class StressVerdict:
    """What is known of the stress labels of one group of frames.

    Attributes
    ----------
    decision : "usable", "unusable" or "unknown"
        Unknown where nothing in the data tells.
    reason : str
        One line for people.
    n_samples : int
        Pairs of frames, or frames, behind it.
    slope : float or None
        Energy difference per work of the labels; 1 where sign and scale are right, −1 for the opposite sign.
    offset_GPa : float or None
        Constant isotropic error of the labelled stress (label − dE/dε), GPa.
    error_GPa : float or None
        Standard error of the offset, GPa.
    """

    decision: Decision
    reason: str
    n_samples: int
    slope: float | None = None
    offset_GPa: float | None = None  # noqa: N815
    error_GPa: float | None = None  # noqa: N815

    def to_dict(self) -> dict[str, object]:
        """The verdict in JSON's types."""
        return asdict(self)


def stress_consistency(frames: Sequence[Frame]) -> dict[str, StressVerdict]:
    """Verdict per config type on the stress labels, from frames that differ by a strain.

    Parameters
    ----------
    frames
        Any frames; groups without stress labels are left out.

    Returns
    -------
    dict
        `config_type` → verdict; "unknown" where fewer than four pairs of frames differ by a small strain alone.

    Notes
    -----
    ΔE − force work = slope · (stress work) − offset · w is solved by least squares over the pairs, each in units of its
    expected error; the terms are those of `ferrip.data.strain_pairs`.

    Examples
    --------
    >>> stress_consistency([Frame(numbers=[14], positions=[[0, 0, 0]], energy=-5.0)])
    {}
    """
    groups = dict.fromkeys(frame.config_type for frame in frames if frame.stress is not None)
    pairs: dict[str, list[StrainPair]] = {group: [] for group in groups}
    for pair in strain_pairs(frames):
        pairs[pair.group].append(pair)
    return {group: _verdict_of_pairs(members) for group, members in pairs.items()}


def constant_stress_offset(
    predicted: NDArray[np.float64],
    labelled: NDArray[np.float64],
    groups: Sequence[str],
    known: Mapping[str, float] | None = None,
) -> dict[str, StressVerdict]:
    """Verdict per group on stress labels, from stresses that a fit to energies and forces alone predicts.

    Parameters
    ----------
    predicted, labelled
        (n, 6) stresses in eV/Å³, Voigt xx yy zz yz xz xy.
    groups
        Group (config type) of each of the n frames.
    known
        Offsets (GPa) of groups that are known without the fit (from `stress_consistency`).

    Returns
    -------
    dict
        Group → verdict, for the groups that are not known. A group is unusable where its median isotropic
        difference exceeds 0.5 GPa significantly, or differs by more than that from the other groups' median.

    Raises
    ------
    ValueError
        The arrays do not have the same shape (n, 6), or there are not n groups.

    Notes
    -----
    A fit is wrong by a constant for structures that it describes badly, which is no Pulay stress. How wrong, the
    known groups tell (fit minus known offset; frame by frame, since a group of similar structures shares the error
    of any one of them), and the scatter between the medians where there are four groups or more. With such an
    error σ of a single group, an offset counts where the group stands out from the others by 3σ, or where the
    offset that all share exceeds 0.5 GPa by its own error.

    Examples
    --------
    >>> shift = np.array([0.02, 0.02, 0.02, 0.0, 0.0, 0.0])
    >>> verdicts = constant_stress_offset(np.zeros((8, 6)), np.zeros((8, 6)) + shift, ["bulk"] * 8)
    >>> verdicts["bulk"].decision, round(verdicts["bulk"].offset_GPa, 2)
    ('unusable', 3.2)
    """
    predicted, labelled = np.asarray(predicted, dtype=np.float64), np.asarray(labelled, dtype=np.float64)
    if predicted.shape != labelled.shape or predicted.shape[1:] != (6,) or len(groups) != len(predicted):
        raise ValueError(
            f"expected two (n, 6) arrays and n groups: {predicted.shape}, {labelled.shape}, {len(groups)}"
        )
    known = known or {}
    difference = (labelled - predicted)[:, :3].mean(axis=1) * EV_PER_CUBIC_ANGSTROM_IN_GPA
    names = np.asarray(groups)
    members = {group: difference[names == group] for group in dict.fromkeys(groups)}
    accuracy = _accuracy({g: own for g, own in members.items() if len(own) >= MIN_FRAMES}, known)
    return {
        group: _verdict_of_differences(own, difference[names != group], accuracy)
        for group, own in members.items()
        if group not in known
    }


def overall_decision(verdicts: Mapping[str, StressVerdict]) -> StressVerdict:
    """One verdict for a data set: unusable if a group is, else usable if a group is, else unknown."""
    for decision in ("unusable", "usable"):
        chosen = {group: verdict for group, verdict in verdicts.items() if verdict.decision == decision}
        if chosen:
            group, worst = max(chosen.items(), key=lambda item: abs(item[1].offset_GPa or 0.0))
            return StressVerdict(**{**asdict(worst), "reason": f"{group}: {worst.reason}"})
    n_samples = sum(verdict.n_samples for verdict in verdicts.values())
    return StressVerdict(decision="unknown", reason="no strained copies of a structure", n_samples=n_samples)


def _verdict_of_pairs(pairs: Sequence[StrainPair]) -> StressVerdict:
    if len(pairs) < MIN_PAIRS:
        return StressVerdict(
            decision="unknown", reason="too few strained copies of a structure", n_samples=len(pairs)
        )
    scale = np.array([pair.n_atoms * pair.expected_error for pair in pairs])
    energy = np.array([pair.energy - pair.force_work for pair in pairs]) / scale
    work = np.array([pair.stress_work for pair in pairs]) / scale
    isotropic = np.array([pair.isotropic for pair in pairs]) / scale
    slope = _slope(energy, work, isotropic)
    if slope is None:
        return StressVerdict(
            decision="unknown", reason="the strained frames hardly change in energy", n_samples=len(pairs)
        )
    if not SLOPE_RANGE[0] < slope < SLOPE_RANGE[1]:
        return StressVerdict(
            decision="unusable", reason=_slope_reason(slope), n_samples=len(pairs), slope=slope
        )
    weight = float(isotropic @ isotropic)
    if weight == 0.0:
        return StressVerdict(
            decision="usable",
            reason=f"energy against work has slope {slope:.2f}",
            n_samples=len(pairs),
            slope=slope,
        )
    offset = float(isotropic @ (work - energy)) / weight
    residual = work - energy - offset * isotropic
    error = float(np.sqrt(residual @ residual / max(len(pairs) - 1, 1) / weight))
    offset_gpa, error_gpa = offset * EV_PER_CUBIC_ANGSTROM_IN_GPA, error * EV_PER_CUBIC_ANGSTROM_IN_GPA
    decision = _decide(offset_gpa, error_gpa)
    return StressVerdict(
        decision=decision,
        reason=f"stress labels minus dE/dε: {offset_gpa:+.2f} ± {error_gpa:.2f} GPa{_consequence(decision)}",
        n_samples=len(pairs),
        slope=slope,
        offset_GPa=offset_gpa,
        error_GPa=error_gpa,
    )


def _slope(
    energy: NDArray[np.float64], work: NDArray[np.float64], isotropic: NDArray[np.float64]
) -> float | None:
    """Slope of the energy against the work beside a constant offset; None where all changes are within the error.

    Arguments are in units of the expected error of each pair.
    """
    if energy @ energy < MIN_SIGNIFICANCE**2 * len(energy) or not work.any():
        return None
    columns = np.stack([work, isotropic], axis=1)
    norms = np.linalg.norm(columns, axis=0)
    norms[norms == 0.0] = 1.0
    solution, _, _, singular = np.linalg.lstsq(columns / norms, energy, rcond=None)
    if singular[-1] > 1e-2 * singular[0]:
        return float(solution[0] / norms[0])
    return float(work @ energy / (work @ work))


def _slope_reason(slope: float) -> str:
    text = f"energy against work of the stress labels has slope {slope:.3g}, not 1"
    if SLOPE_RANGE[0] < -slope < SLOPE_RANGE[1]:
        return f"{text}: the stress has the opposite sign (or a virial was given as stress)"
    for unit, expected in KNOWN_SLOPES.items():
        if 0.8 < abs(slope) / expected < 1.25:
            sign = " with the opposite sign" if slope < 0 else ""
            return f"{text}: the stress looks like {unit}{sign}, not eV/Å³"
    return f"{text}: sign, unit or order of the components is wrong"


@dataclass(frozen=True, kw_only=True)
class _Accuracy:
    """What the groups tell of a fit's stresses, GPa.

    Attributes
    ----------
    common, common_error
        Offset that all groups share, and its standard error.
    error
        Systematic error of a single group; 0 where nothing tells.
    """

    common: float
    common_error: float
    error: float


def _accuracy(groups: Mapping[str, NDArray[np.float64]], known: Mapping[str, float]) -> _Accuracy:
    """Errors of the fit from the scatter between groups and from the groups whose offset is known."""
    common, common_error, scatter = 0.0, 0.0, 0.0
    if len(groups) >= MIN_GROUPS:
        common, common_error, scatter = _median_error_spread(
            np.array([np.median(own) for own in groups.values()])
        )
    wrong = [np.mean((groups[group] - offset) ** 2) for group, offset in known.items() if group in groups]
    demonstrated = float(np.sqrt(np.mean(wrong))) if wrong else 0.0
    return _Accuracy(
        common=common,
        common_error=float(np.hypot(common_error, demonstrated)),
        error=float(np.hypot(scatter, demonstrated)),
    )


def _verdict_of_differences(
    own: NDArray[np.float64], others: NDArray[np.float64], accuracy: _Accuracy
) -> StressVerdict:
    """Verdict on a group from its differences and those of the others."""
    if len(own) < MIN_FRAMES:
        return StressVerdict(decision="unknown", reason="too few frames to tell", n_samples=len(own))
    offset, error, spread = _median_error_spread(own)
    doubt, common = accuracy.error, accuracy.common
    outlier = abs(offset - common) > MIN_SIGNIFICANCE * float(np.hypot(error, doubt))
    shared = abs(common) > max(MAX_OFFSET_GPA, MIN_SIGNIFICANCE * accuracy.common_error)
    decision = _believed(_decide(offset, error, spread), doubt == 0.0 or outlier or shared)
    reason = f"stress labels minus fit to energies and forces: {offset:+.2f} ± {error:.2f} GPa"
    if decision == "usable" and len(others) >= MIN_FRAMES:
        other_offset, other_error, other_spread = _median_error_spread(others)
        error_of_difference, spread_of_difference = np.hypot([error, spread], [other_error, other_spread])
        decision = _believed(
            _decide(offset - other_offset, float(error_of_difference), float(spread_of_difference)),
            doubt == 0.0 or outlier,
        )
        if decision == "unusable":
            reason = f"{reason}, other groups {other_offset:+.2f} GPa"
    return StressVerdict(
        decision=decision,
        reason=reason + _consequence(decision),
        n_samples=len(own),
        offset_GPa=offset,
        error_GPa=error,
    )


def _median_error_spread(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Median, its standard error and the deviation of one value, both from the median absolute deviation."""
    median = float(np.median(values))
    deviation = 1.4826 * float(np.median(np.abs(values - median)))
    return median, 1.2533 * deviation / float(np.sqrt(len(values))), deviation


def _decide(offset: float, error: float, spread: float = 0.0) -> Decision:
    """Unusable where the offset exceeds the threshold, its error and the spread; unknown where it may be one."""
    if abs(offset) <= MAX_OFFSET_GPA:
        return "usable"
    return "unusable" if abs(offset) > max(MIN_SIGNIFICANCE * error, spread) else "unknown"


def _believed(decision: Decision, credible: bool) -> Decision:
    """An offset that the error of the fit explains as well says nothing."""
    return "unknown" if decision == "unusable" and not credible else decision


def _consequence(decision: Decision) -> str:
    return f" (Pulay stress; more than {MAX_OFFSET_GPA} GPa)" if decision == "unusable" else ""
