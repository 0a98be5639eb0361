"""Progress bars on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ferrip.cli.console import stderr_console

Advance = Callable[[int, str], None]


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Advance]:
    """A bar that `advance(done, text)` moves; it shows elapsed and remaining time.

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
    with Progress(*columns, console=stderr_console(), transient=False) as progress:
        task = progress.add_task(title, total=total, text="")

        def advance(done: int, text: str) -> None:
            progress.update(task, completed=done, text=text)

        yield advance
