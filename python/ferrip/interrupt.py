"""Ctrl-C and SIGTERM as a request that a loop honours between two steps."""

from __future__ import annotations

import signal
import threading
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Context in which the first Ctrl-C or SIGTERM only sets `requested`; the second raises KeyboardInterrupt.

    Outside the main thread signals cannot be caught; there the context does nothing.

    Parameters
    ----------
    at_once
        Let the first one raise as well, SIGTERM like Ctrl-C: for work without steps, whose caller saves what is done.

    Examples
    --------
    >>> with Interruption() as interruption:
    ...     interruption.requested
    False
    """

    def __init__(self, *, at_once: bool = False) -> None:
        self.requested = False
        self._at_once = at_once
        self._previous: dict[signal.Signals, object] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._receive) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _receive(self, number: int, _: FrameType | None) -> None:
        if self.requested or self._at_once:
            raise KeyboardInterrupt
        self.requested = True
