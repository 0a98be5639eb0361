"""Labelled DFT data: reading, key lookup, checks, isolated atoms."""

from ferrip.data.frame import EV_PER_CUBIC_ANGSTROM_IN_GPA, Frame, StructureTuple
from ferrip.data.labels import LabelKeys
from ferrip.data.reading import read_frames

__all__ = ["EV_PER_CUBIC_ANGSTROM_IN_GPA", "Frame", "LabelKeys", "StructureTuple", "read_frames"]
