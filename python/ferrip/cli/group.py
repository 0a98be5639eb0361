"""How commands end: 0, or one clear line on stderr and 2; 130 after Ctrl-C. Never a traceback for bad input."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import typer
from typer.core import TyperGroup

from ferrip.cli.console import fail, note, tidy_warnings
from ferrip.errors import FerripError

CommandLineError: type[Exception] = typer.BadParameter.__mro__[2]
"""click's base of all usage errors, which newer typer bundles under its own name."""

BAD_INPUT = 2
INTERRUPTED = 130


class FerripGroup(TyperGroup):
    """The group of all commands, with one place that turns errors into a line and an exit status."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Runs the command line; in standalone mode ends with SystemExit, else returns the exit status."""
        with tidy_warnings():
            status = self._status(
                args=args,
                prog_name=prog_name,
                complete_var=complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )
        if standalone_mode:
            sys.exit(status)
        return status

    def _status(self, **arguments: Any) -> int:
        try:
            result = super().main(**arguments)
            return result if isinstance(result, int) else 0
        except typer.Exit as stop:
            return stop.exit_code
        except (KeyboardInterrupt, typer.Abort):
            note("interrupted")
            return INTERRUPTED
        except CommandLineError as error:
            fail(_usage_line(error))
        except BrokenPipeError:
            _drop_stdout()
            return 1
        except OSError as error:
            fail(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
        except FerripError as error:
            fail(str(error))
        except MemoryError:
            fail("not enough memory")
        return BAD_INPUT

    def invoke(self, ctx: Any) -> Any:
        """Runs the chosen command; Ctrl-C ends it with one line and status 130 in every version of typer."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            note("interrupted")
            raise typer.Exit(INTERRUPTED) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of this name; an unknown name is an error with the nearest one."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            ctx.fail(f"no command '{name}'{nearest(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


def nearest(name: str, known: Sequence[str]) -> str:
    """End of a message on an unknown name: "; did you mean 'X'?", or all known names where none is near."""
    matches = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean '{matches[0]}'?" if matches else f"; known: {', '.join(known)}"


def _usage_line(error: Any) -> str:
    """Message of a usage error (click adds the nearest options to it) and where to read more."""
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    return f"{message} (see '{context.command_path} --help')" if context is not None else message


def _drop_stdout() -> None:
    """The reader of stdout has gone: nothing more is written there, not even at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
