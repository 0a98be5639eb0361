"""Labelled DFT data: reading, key lookup, checks, isolated atoms."""

from ferrip.data.checks import check_frames
from ferrip.data.distances import FrameDistances, measure_distances, shortest_distances, smallest_of
from ferrip.data.frame import EV_PER_CUBIC_ANGSTROM_IN_GPA, Frame, StructureTuple
from ferrip.data.labels import LabelKeys
from ferrip.data.problems import Problem, raise_errors
from ferrip.data.reading import read_frames
from ferrip.data.stress import StressVerdict, constant_stress_offset, overall_decision, stress_consistency
from ferrip.data.summary import GroupSummary, LabelSummary, summarize

__all__ = [
    "EV_PER_CUBIC_ANGSTROM_IN_GPA",
    "Frame",
    "FrameDistances",
    "GroupSummary",
    "LabelKeys",
    "LabelSummary",
    "Problem",
    "StressVerdict",
    "StructureTuple",
    "check_frames",
    "constant_stress_offset",
    "measure_distances",
    "overall_decision",
    "raise_errors",
    "read_frames",
    "shortest_distances",
    "smallest_of",
    "stress_consistency",
    "summarize",
]
