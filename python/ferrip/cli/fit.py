"""`ferrip fit`: from a data file to a potential file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ferrip.cli.assignments import assignments
from ferrip.cli.console import JsonFlag, ThreadsOption, note, print_json, show
from ferrip.cli.data_options import Reading, reads_data
from ferrip.errors import SettingsError
from ferrip.outputs import require_writable

if TYPE_CHECKING:
    from ferrip.potential import Potential

CHECKPOINT_SUFFIX = ".checkpoint"


@reads_data
def fit(
    train: Annotated[
        list[str],
        typer.Argument(
            metavar="TRAIN...", help="Training data: extended XYZ, MLIP .cfg or anything that ASE reads."
        ),
    ],
    reading: Reading,
    output: Annotated[Path, typer.Option("-o", "--output", help="Potential file to write.")] = Path(
        "model.ferrip"
    ),
    test: Annotated[
        list[str] | None, typer.Option(help="Test data; only used for the error table (repeatable).")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Family of the potential (default: ace).")] = None,
    size: Annotated[
        str | None, typer.Option(help="small, medium or large (default: medium); ace: also huge.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="YAML file of settings; flags go first.")] = None,
    metrics: Annotated[Path | None, typer.Option(help="File for the errors as JSON.")] = None,
    e0: Annotated[str | None, typer.Option(help="Free-atom energies, e.g. Si=-157.2,O=-432.1 (eV).")] = None,
    weights: Annotated[
        str | None, typer.Option(help="e.g. energy=30,forces=1,virial=1: 1/σ of each, as GAP has it.")
    ] = None,
    config_weights: Annotated[
        str | None, typer.Option(help="YAML file, or e.g. liquid=0.5,bulk=2: σ over that of the config type.")
    ] = None,
    weighting: Annotated[
        str | None, typer.Option(help="uniform, lowest or hull: frames of low energy count more.")
    ] = None,
    stress: Annotated[str | None, typer.Option(help="auto, force or off.")] = None,
    repulsion: Annotated[str | None, typer.Option(help="zbl or none.")] = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="Potential file: only what this one lacks is fitted, and the sum is written."),
    ] = None,
    solver: Annotated[str | None, typer.Option(help="ridge, bayes or evidence.")] = None,
    ridge: Annotated[float | None, typer.Option(help="λ; chosen from the data if not given.")] = None,
    cutoff: Annotated[float | None, typer.Option(help="Many-body cutoff, Å.")] = None,
    max_memory: Annotated[
        float | None, typer.Option(help="GB; a fit that is estimated to take more does not start.")
    ] = None,
    max_order: Annotated[int | None, typer.Option(help="Correlation order.")] = None,
    degree: Annotated[float | None, typer.Option(help="Total degree Σ (n + l).")] = None,
    level: Annotated[int | None, typer.Option(help="Level of an MTP.")] = None,
    start: Annotated[
        Path | None,
        typer.Option(help="Potential whose radial functions an MTP starts from: .ferrip, .mtp or .almtp."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any other setting, e.g. --set smoothness=2 (repeatable)."),
    ] = None,
    resume: Annotated[
        bool, typer.Option(help="Continue an interrupted fit of the same data and settings.")
    ] = True,
    threads: ThreadsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Fit a potential to energies, forces and stresses."""
    import ferrip

    flags = {
        "test": test,
        "model": model,
        "size": size,
        "e0": None if e0 is None else _numbers("e0", e0),
        "weights": None if weights is None else _numbers("weights", weights),
        "config_weights": None
        if config_weights is None
        else _numbers_or_yaml("config_weights", config_weights),
        "weighting": weighting,
        "stress": stress,
        "repulsion": repulsion,
        "solver": solver,
        "ridge": ridge,
        "cutoff": cutoff,
        "max_memory": max_memory,
        "max_order": max_order,
        "degree": degree,
        "level": level,
        "start": None if start is None else str(start),
    }
    settings = _from_yaml(config) | assignments(set_ or [])
    settings |= {name: value for name, value in flags.items() if value is not None}
    for path in (output, metrics):
        if path is not None:
            require_writable(path)
    checkpoint = output.with_name(output.name + CHECKPOINT_SUFFIX)
    if not resume:
        from ferrip.fitting.checkpoint import discard

        discard(checkpoint)
    potential = _fit(
        ferrip.fit,
        train,
        keys=reading.keys,
        elements=reading.elements,
        checkpoint=checkpoint,
        num_threads=threads,
        reference=None if reference is None else ferrip.load(reference),
        **settings,
    )
    potential.save(output)
    _report(potential, output, metrics, as_json)


def _fit(run: Any, *arguments: Any, **options: Any) -> Potential:
    """The fit; an interruption says where its checkpoint is and ends with the status of Ctrl-C."""
    from ferrip.fitting import Interrupted

    try:
        return run(*arguments, **options)
    except Interrupted as stop:
        note(str(stop))
        raise


def _report(potential: Potential, output: Path, metrics: Path | None, as_json: bool) -> None:
    """Error tables to stderr, errors as JSON to the metrics file and stdout."""
    from json import dumps

    from ferrip.cli.evaluate import errors_table

    errors = potential.metadata["metrics"]
    for name, part in errors.items():
        show(errors_table(f"{name} errors", part))
    note(f"wrote {output}")
    document = {"output": str(output), "fit": potential.metadata["fit"], **errors}
    if metrics is not None:
        metrics.write_text(dumps(document, indent=2) + "\n")
    if as_json:
        print_json(document)


def _numbers(name: str, text: str) -> dict[str, float]:
    """`a=1,b=2` as a mapping."""
    result = {}
    for part in text.split(","):
        key, separator, value = part.partition("=")
        try:
            result[key.strip()] = float(value)
        except ValueError:
            separator = ""
        if not separator or not key.strip():
            raise SettingsError(f"{name}: expected NAME=NUMBER,…, got {part.strip()!r}")
    return result


def _numbers_or_yaml(name: str, text: str) -> dict[str, Any]:
    """A mapping given in place or in a YAML file."""
    return _numbers(name, text) if "=" in text else _mapping(Path(text))


def _from_yaml(path: Path | None) -> dict[str, Any]:
    """Settings in a YAML file; `-` in names counts as `_`."""
    content = {} if path is None else _mapping(path)
    return {key.replace("-", "_"): value for key, value in content.items()}


def _mapping(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: expected a mapping of settings")
    return {str(key): value for key, value in content.items()}
