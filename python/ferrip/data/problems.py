"""What checks find: one line per problem, with the frames that have it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ferrip.data.frame import Frame
from ferrip.errors import DataError

SHOWN_FRAMES = 3


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One problem of a data set.

    Attributes
    ----------
    severity : "error" or "warning"
        A fit stops at errors.
    kind : str
        Short name: "non-finite", "overlap", "mixed-units", ...
    message : str
        What is wrong, in one line, naming the first frames.
    frames : tuple of str
        Labels of all frames concerned.
    """

    severity: Literal["error", "warning"]
    kind: str
    message: str
    frames: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """The problem in JSON's types."""
        return {
            "severity": self.severity,
            "kind": self.kind,
            "message": self.message,
            "frames": list(self.frames),
        }


def problem_of_frames(
    severity: Literal["error", "warning"], kind: str, frames: Sequence[Frame], text: str
) -> Problem:
    """A problem whose message starts with the first of its frames."""
    labels = tuple(frame.label for frame in frames)
    return Problem(severity=severity, kind=kind, message=f"{name_frames(labels)}: {text}", frames=labels)


def name_frames(labels: Sequence[str]) -> str:
    """The first labels and the number of others: "a.xyz frame 3, a.xyz frame 5, a.xyz frame 6 and 7 more"."""
    shown = ", ".join(labels[:SHOWN_FRAMES])
    rest = len(labels) - SHOWN_FRAMES
    return f"{shown} and {rest} more" if rest > 0 else shown


def raise_errors(problems: Iterable[Problem]) -> None:
    """Raises DataError with the first error and the number of others; warnings pass."""
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        others = f" (and {len(errors) - 1} other errors: run ferrip check-data)" if len(errors) > 1 else ""
        raise DataError(errors[0].message + others)
