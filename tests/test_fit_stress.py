"""What fits do with stress labels, on the shipped silicon set, whose labels are dE/dε within 0.1 GPa."""

from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from ferrip.data import read_frames
from ferrip.data.frame import EV_PER_CUBIC_ANGSTROM_IN_GPA
from ferrip.fitting import fit


@pytest.fixture(scope="module")
def silicon():
    return read_frames(str(files("ferrip") / "datasets" / "silicon" / "train.extxyz.gz"))


def shifted(frames, offset, group=None):
    """The frames with `offset` GPa more stress, all or those of one config type."""
    pressure = np.array([offset] * 3 + [0.0] * 3) / EV_PER_CUBIC_ANGSTROM_IN_GPA
    chosen = [frame.stress is not None and group in (None, frame.config_type) for frame in frames]
    return [
        replace(frame, stress=frame.stress + pressure) if shift else frame
        for frame, shift in zip(frames, chosen, strict=True)
    ]


def note(frames, **settings):
    potential = fit(frames, size="small", uncertainty=False, progress=False, num_threads=1, **settings)
    return potential.metadata["fit"]["stress"]


@pytest.mark.parametrize("shape", ["wide", "compact"])
def test_a_poor_fit_is_no_pulay_stress(silicon, shape):
    """Either shape at size small errs by up to 3 GPa on the cells with a vacancy."""
    assert note(silicon, shape=shape) == "used"


@pytest.mark.parametrize("group", [None, "eos_diamond"])
@pytest.mark.filterwarnings("ignore:.*Pulay stress")
def test_pulay_stress_is_left_out(silicon, group):
    assert note(shifted(silicon, 1.0, group), shape="wide").startswith("left out: ")
