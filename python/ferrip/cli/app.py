"""The `ferrip` command: registers the commands, each of which lives in a file of its own."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

from ferrip.cli.group import FerripGroup
from ferrip.cli.lammps import lammps

COMMANDS = {
    "fit": "ferrip.cli.fit:fit",
    "check-data": "ferrip.cli.check_data:check_data",
    "eval": "ferrip.cli.evaluate:evaluate",
    "md": "ferrip.cli.md:md",
    "relax": "ferrip.cli.relax:relax",
    "compare": "ferrip.cli.compare:compare",
    "bench": "ferrip.cli.bench:bench",
    "info": "ferrip.cli.info:info",
    "convert": "ferrip.cli.convert:convert",
    "pair": "ferrip.cli.pair:pair",
    "quickstart": "ferrip.cli.quickstart:quickstart",
}
"""Command → module and function. Modules import ase, scipy and matplotlib inside the function: startup is quick."""

app = typer.Typer(
    name="ferrip",
    cls=FerripGroup,
    help="Fast, explicit-descriptor machine-learning interatomic potentials: fit, validate, run and scale.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for _name, _target in COMMANDS.items():
    _module, _function = _target.split(":")
    app.command(_name)(getattr(import_module(_module), _function))

app.add_typer(lammps, name="lammps")


def _print_version(wanted: bool) -> None:
    if wanted:
        from ferrip import __version__

        typer.echo(f"ferrip {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop."),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Entry point of the `ferrip` script and of `python -m ferrip`."""
    app(prog_name="ferrip")
