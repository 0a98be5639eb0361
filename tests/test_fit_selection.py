"""The choice between shapes of the radial functions."""

from __future__ import annotations

from importlib.resources import files

import pytest

import ferrip
from ferrip.data import read_frames
from ferrip.fitting.selection import choose
from ferrip.fitting.settings import FitSettings
from ferrip.models import AceSettings, GapSettings, family


@pytest.fixture(scope="module")
def frames():
    return read_frames(str(files("ferrip") / "datasets" / "silicon" / "train.extxyz.gz"))


def test_open_shape_is_decided_by_the_data_and_reproducibly(frames):
    chosen = choose(family("ace"), FitSettings(), AceSettings(), frames[:40], 1)
    assert chosen.shape in ("wide", "compact")
    assert choose(family("ace"), FitSettings(), AceSettings(), frames[:40], 1) == chosen


def test_linear_ace_decides_for_kernels_with_a_linear_part(frames):
    of_ace = choose(family("ace"), FitSettings(), AceSettings(), frames[:40], 1)
    assert choose(family("gap"), FitSettings(), GapSettings(), frames[:40], 1).shape == of_ace.shape
    alone = GapSettings(linear="none")
    assert choose(family("gap"), FitSettings(), alone, frames[:40], 1) == alone


@pytest.mark.parametrize("given", [{"shape": "compact"}, {"cutoff": 4.5}, {"outer_zero": 3}])
def test_what_the_user_gives_is_not_questioned(frames, given):
    settings = AceSettings(**given)
    assert choose(family("ace"), FitSettings(), settings, frames, 1) is settings


def test_few_frames_take_the_first_shape(frames):
    assert choose(family("ace"), FitSettings(), AceSettings(), frames[:3], 1).shape == "wide"


def test_shape_sets_cutoff_and_zeros(frames):
    small = {"size": "small", "progress": False, "uncertainty": False}
    wide = ferrip.fit(frames[:12], shape="wide", **small)
    compact = ferrip.fit(frames[:12], shape="compact", **small)
    assert wide.settings["outer_zero"] < compact.settings["outer_zero"]
