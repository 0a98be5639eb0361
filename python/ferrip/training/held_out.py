"""The frames that choose the epoch of a training."""

from __future__ import annotations

from collections.abc import Sequence

from ferrip.data import Frame

MIN_HELD_OUT = 2
"""Fewer held-out frames do not choose an epoch."""


def held_out(frames: Sequence[Frame], fraction: float, turn: float = 0.0) -> list[bool]:
    """Whether a frame is held out: a block from the middle of every config type, or further on by `turn` of all."""
    members: dict[str, list[int]] = {}
    for index, frame in enumerate(frames):
        members.setdefault(frame.config_type or "", []).append(index)
    chosen = [False] * len(frames)
    for own in members.values():
        count = round(fraction * len(own))
        first = (len(own) - count) // 2 + round(turn * len(own))
        for place in range(first, first + count):
            chosen[own[place % len(own)]] = True
    return chosen if sum(chosen) >= MIN_HELD_OUT else [False] * len(frames)
