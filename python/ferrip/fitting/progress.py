"""What a fit says while it runs: notes and a progress bar on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@dataclass(frozen=True, kw_only=True)
class Reporter:
    """Writes to stderr, or nothing if `verbose` is false."""

    verbose: bool = True

    def note(self, text: str) -> None:
        """One line."""
        if self.verbose:
            Console(stderr=True, highlight=False).print(text, markup=False, soft_wrap=True)

    @contextmanager
    def bar(self, description: str, total: int, done: int = 0) -> Iterator[Callable[[int], None]]:
        """A progress bar; the yielded function takes the number of items that are done."""
        if not self.verbose:
            yield lambda _: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task(description, total=total, completed=done)
            yield lambda completed: progress.update(task, completed=completed)
