"""Progress bars on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ferrip.cli.console import stderr_console

Advance = Callable[[int, str], None]


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Advance]:
    """A bar with elapsed and remaining time; it appears with the first step and is final with the last.

    Parameters
    ----------
    title
        What is going on.
    total
        Number of steps at which the bar is full.

    Yields
    ------
    callable
        `advance(done, text)` with the steps done and a short text behind the bar.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}"),
    )
    progress = Progress(*columns, console=stderr_console())
    task = progress.add_task(title, total=total, text="")

    def advance(done: int, text: str) -> None:
        progress.start()
        progress.update(task, completed=done, text=text)
        if done >= total:
            progress.stop()

    try:
        yield advance
    finally:
        if progress.live.is_started:
            progress.stop()
