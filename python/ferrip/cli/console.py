"""What a command prints: JSON to stdout, everything else to stderr.

With `--json`, stdout holds exactly one JSON object. Tables, progress bars, warnings and messages always go to stderr.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
JsonFlag: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON object to stdout; everything else goes to stderr.")
]
"""The `--json` flag that every command has."""

ThreadsOption: TypeAlias = Annotated[
    int | None,
    typer.Option("--threads", min=1, help="Threads (default: FERRIP_NUM_THREADS, RAYON_NUM_THREADS, cores)."),
]
"""The `--threads` option of every command that computes."""

PrecisionOption: TypeAlias = Annotated[
    str, typer.Option("--precision", help="double, or mixed: faster, forces within 1e-6 to 1e-4 (ACE only).")
]
"""The `--precision` option of commands that run a potential many times."""


WIDTH_IN_FILES = 160
"""Characters per line of tables where stderr is not a terminal."""


def stderr_console() -> Console:
    """A rich console on the present stderr, for tables and progress bars; wide where stderr is a file."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else WIDTH_IN_FILES)


def show(renderable: RenderableType) -> None:
    """Prints a table or text to stderr."""
    stderr_console().print(renderable)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    """A titled rich table whose first column is aligned left and never wrapped."""
    from rich.box import SIMPLE
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    result = Table(box=SIMPLE, pad_edge=False)
    for number, column in enumerate(columns):
        result.add_column(Text(column), justify="left" if number == 0 else "right", no_wrap=number == 0)
    for row in rows:
        result.add_row(*(Text(cell) for cell in row))
    return Group(Text(title, style="bold"), result)


def show_facts(facts: Mapping[str, Any]) -> None:
    """Prints names and values in two columns to stderr; numbers to six digits, None as "–"."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        grid.add_row(Text(name, style="bold"), Text(_text(value)))
    show(grid)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.6g}"
    if hasattr(value, "tolist"):
        return "  ".join(_text(item) for item in value.tolist())
    if isinstance(value, list):
        return "\n".join(_text(item) for item in value)
    return str(value)


def note(message: str) -> None:
    """Prints one line to stderr."""
    print(one_line(message), file=sys.stderr)


def warn(message: str) -> None:
    """Prints one warning line to stderr."""
    note(f"warning: {message}")


def fail(message: str) -> None:
    """Prints the one line with which a command ends that cannot go on."""
    note(f"error: {message}")


def print_json(document: Mapping[str, Any]) -> None:
    """Prints one JSON object to stdout; numbers that are not finite become null."""
    sys.stdout.write(json.dumps(_plain(document), indent=2, allow_nan=False) + "\n")
    sys.stdout.flush()


def one_line(message: str) -> str:
    """The message without line breaks or repeated blanks."""
    return " ".join(message.split())


@contextmanager
def tidy_warnings() -> Iterator[None]:
    """Inside, Python warnings appear as one line on stderr, without source lines."""

    def show_warning(message: Warning | str, *_: object, **__: object) -> None:
        warn(str(message))

    with warnings.catch_warnings():
        warnings.showwarning = show_warning
        yield


def _plain(value: Any) -> Any:
    """The value in JSON's own types."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
