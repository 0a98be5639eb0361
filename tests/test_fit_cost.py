"""What an MD step will cost, as told before a fit; no test depends on how long anything takes."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fitted import copper, frames

import ferrip
from ferrip.fitting.cost import step_cost
from ferrip.fitting.problem import Problem, prepare
from ferrip.fitting.settings import FitSettings, parse_settings
from ferrip.models import family


def problem(model: str, reference: Any = None, **settings: Any) -> Problem:
    chosen = family(model)
    (own,) = parse_settings(settings, chosen.settings_class)
    fit = FitSettings(e0={"Cu": 0.0}, stress="off")
    return prepare(chosen, "small", fit, own, frames(), 1, reference)


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("ace", {}),
        ("uf3", {}),
        ("mtp", {"level": 6}),
        ("gap", {"sparse": 20}),
        ("gap", {"sparse": 20, "zeta": 2, "n_max": 2, "l_max": 1, "linear": "none"}),
    ],
)
def test_linear_potentials_have_a_cost(model: str, settings: dict[str, Any]) -> None:
    cost = step_cost(problem(model, **settings))
    assert cost is not None and math.isfinite(cost) and cost > 0.0


@pytest.mark.parametrize("model", ["ace-fs", "nn"])
def test_what_is_more_than_linear_has_none(model: str) -> None:
    assert step_cost(problem(model)) is None


def test_a_reference_is_part_of_it() -> None:
    assert (step_cost(problem("ace", reference=copper())) or 0.0) > 0.0


def test_clusters_are_timed_as_they_are() -> None:
    whole = problem("ace")
    alone = [replace(frame, pbc=np.zeros(3, bool)) for frame in whole.frames]
    assert (step_cost(replace(whole, frames=alone)) or 0.0) > 0.0


def test_the_line_before_a_fit_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    ferrip.fit(frames(), size="small", e0={"Cu": 0.0}, stress="off", num_threads=1)
    line = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("estimate: "))
    assert re.search(r"; an MD step about [\d.e+]+ µs/atom on one thread$", line)
