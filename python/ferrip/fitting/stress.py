"""Whether the stress labels of the training data can be fitted together with its energies and forces.

A plane-wave basis that is not converged gives stresses that differ from dE/dε by a constant (Pulay stress).
`ferrip.data.stress_consistency` sees it from pairs of strained cells, config type by config type. The types that
have no such pairs are compared with a fit to energies and forces alone, which costs no second pass over the data;
the types that have them tell how far that fit can be trusted.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from ferrip.data import Frame, constant_stress_offset, overall_decision
from ferrip.fitting.problem import Problem
from ferrip.fitting.regressors import LinearFit
from ferrip.fitting.rows import has_stress, rows_of
from ferrip.fitting.tsqr import RFactor

SAMPLE = 50
"""Frames per config type that are compared."""


def solve(problem: Problem, factors: dict[str, RFactor], num_threads: int | None) -> tuple[LinearFit, str]:
    """The solution, and what was done with the stress labels.

    Warns where stress labels are left out.
    """
    if problem.stress_note is not None or rows_of(factors, "virial") == 0:
        return problem.solve(factors, use_stress=False), problem.stress_note or "not used"
    undecided = [group for group, verdict in problem.stress_verdicts.items() if verdict.decision == "unknown"]
    forced = problem.settings.stress == "force"
    if forced or not undecided or rows_of(factors, "energy") + rows_of(factors, "forces") == 0:
        return problem.solve(factors, use_stress=True), "used"
    without = problem.solve(factors, use_stress=False)
    sample = _sample([frame for frame in problem.frames if has_stress(frame)])
    predictions = problem.potential(without, {}).evaluate(sample, num_threads)
    verdict = overall_decision(
        constant_stress_offset(
            np.array([prediction.stress for prediction in predictions]),
            np.array([frame.stress for frame in sample]),
            [frame.config_type for frame in sample],
            _known_offsets(problem),
        )
    )
    if verdict.decision != "unusable":
        return problem.solve(factors, use_stress=True), "used"
    note = f"left out: {verdict.reason}"
    warnings.warn(f"stress labels {note}; stress='force' uses them all the same", stacklevel=3)
    return without, note


def without_comparison(problem: Problem) -> tuple[bool, str]:
    """Whether the stress labels are used where no fit without them is made to compare with, and what was done."""
    if problem.stress_note is not None or not any(has_stress(frame) for frame in problem.frames):
        return False, problem.stress_note or "not used"
    undecided = [group for group, verdict in problem.stress_verdicts.items() if verdict.decision == "unknown"]
    if problem.settings.stress == "force" or not undecided:
        return True, "used"
    note = (
        f"left out: no pairs of strained cells tell whether those of {', '.join(sorted(undecided))} are good"
    )
    warnings.warn(f"stress labels {note}; stress='force' uses them all the same", stacklevel=3)
    return False, note


def _known_offsets(problem: Problem) -> dict[str, float]:
    """Offsets (GPa) of the config types that pairs of strained cells decide."""
    return {
        group: verdict.offset_GPa
        for group, verdict in problem.stress_verdicts.items()
        if verdict.decision == "usable" and verdict.offset_GPa is not None
    }


def _sample(frames: Sequence[Frame]) -> list[Frame]:
    """At most `SAMPLE` frames per config type, evenly spread."""
    groups: dict[str, list[Frame]] = {}
    for frame in frames:
        groups.setdefault(frame.config_type, []).append(frame)
    return [
        group[int(index)]
        for group in groups.values()
        for index in np.unique(np.linspace(0, len(group) - 1, min(SAMPLE, len(group))).round())
    ]
