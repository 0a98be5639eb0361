"""The exception of an interrupted fit."""

from __future__ import annotations


class Interrupted(KeyboardInterrupt):
    """The fit was stopped by Ctrl-C or SIGTERM; the message says where its checkpoint is."""
