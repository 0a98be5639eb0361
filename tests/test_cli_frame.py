"""How every command ends: exit statuses, one clear line on stderr, nothing but JSON on stdout."""

import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from ferrip import __version__
from ferrip.cli import console
from ferrip.cli.app import COMMANDS, app
from ferrip.cli.group import FerripGroup, nearest
from ferrip.errors import DataError


def app_that(action) -> typer.Typer:
    """An application with the commands `act` (which runs the action) and `other`."""
    result = typer.Typer(cls=FerripGroup, pretty_exceptions_enable=False, rich_markup_mode=None)

    @result.command()
    def act(number: int = 0) -> None:
        action()

    @result.command()
    def other() -> None:
        pass

    return result


def run(action, arguments=("act",)):
    return CliRunner().invoke(app_that(action), list(arguments))


def raising(error):
    def action():
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (DataError("a.xyz frame 3:\n bad"), "error: a.xyz frame 3: bad"),
        (
            FileNotFoundError(2, "No such file or directory", "x.ferrip"),
            "error: x.ferrip: No such file or directory",
        ),
        (OSError("disk full"), "error: disk full"),
        (MemoryError(), "error: not enough memory"),
    ],
)
def test_bad_input_is_one_line_and_status_2(error, line):
    result = run(raising(error))
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{line}\n")


def test_interrupt_is_one_line_and_status_130():
    result = run(raising(KeyboardInterrupt()))
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")


def test_programming_errors_are_not_hidden():
    result = run(raising(ZeroDivisionError()))
    assert isinstance(result.exception, ZeroDivisionError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["atc"], "no command 'atc'; did you mean 'act'?"),
        (["act", "--numbre", "3"], "--number"),
        (["act", "--number", "three"], "--number"),
        (["act", "surplus"], "surplus"),
    ],
)
def test_usage_errors_are_one_line_and_status_2(arguments, message):
    result = run(lambda: None, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: ")
    assert message in result.stderr


def test_exit_status_of_a_command():
    assert run(raising(typer.Exit(3))).exit_code == 3
    assert run(lambda: None).exit_code == 0


def test_warnings_are_one_line_on_stderr():
    before = warnings.showwarning

    def action():
        warnings.simplefilter("always")
        warnings.warn("labels are\nmixed", UserWarning, stacklevel=1)

    result = run(action)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "warning: labels are mixed\n")
    assert warnings.showwarning is before


def test_json_is_plain():
    document = {
        "a": np.float64(1.5),
        "b": np.arange(2),
        "c": float("nan"),
        "d": (np.int64(3), None, True),
        4: {"x"},
    }
    result = run(lambda: console.print_json(document))
    assert json.loads(result.stdout) == {"a": 1.5, "b": [0, 1], "c": None, "d": [3, None, True], "4": ["x"]}


def test_nearest_names():
    assert nearest("cutof", ["cutoff", "degree"]) == "; did you mean 'cutoff'?"
    assert nearest("zzz", ["cutoff", "degree"]) == "; known: cutoff, degree"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_a_json_flag(command):
    result = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "--json" in result.stdout


def test_version_and_help():
    assert CliRunner().invoke(app, ["--version"]).stdout == f"ferrip {__version__}\n"
    result = CliRunner().invoke(app, [])
    assert (result.exit_code, "Commands:" in result.stdout) == (0, True)


def test_startup_imports_nothing_heavy():
    code = "import sys, ferrip.cli.app; print([m for m in ('ase', 'scipy', 'matplotlib', 'numpy') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
