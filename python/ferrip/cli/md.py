"""`ferrip md`: molecular dynamics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ferrip.cli.console import JsonFlag, PrecisionOption, ThreadsOption, note, print_json, show_facts, warn
from ferrip.cli.group import INTERRUPTED
from ferrip.cli.structure import RepeatOption, check_elements, read_structure
from ferrip.errors import SettingsError, TrustError

if TYPE_CHECKING:
    from ferrip.md import MDResult, MDSettings


def md(
    potential: Annotated[Path, typer.Argument(help="Potential (.ferrip).")],
    structure: Annotated[Path, typer.Argument(help="Structure to start from, any format that ASE reads.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Trajectory: .extxyz, .xyz or .traj.")],
    ensemble: Annotated[str, typer.Option(help="nve, nvt or npt.")] = "nvt",
    temperature: Annotated[float, typer.Option(help="K.")] = 300.0,
    pressure: Annotated[float, typer.Option(help="GPa (npt).")] = 0.0,
    barostat: Annotated[
        str, typer.Option(help="What npt changes: isotropic, anisotropic (x, y, z) or full (angles too).")
    ] = "isotropic",
    timestep: Annotated[float, typer.Option(help="fs.")] = 1.0,
    steps: Annotated[int, typer.Option(help="Steps of the whole trajectory.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of velocities and noise.")] = 0,
    every: Annotated[int, typer.Option(help="Steps between frames and log lines.")] = 100,
    restart_every: Annotated[int, typer.Option(help="Steps between restart files.")] = 1000,
    thermostat_time: Annotated[float, typer.Option(help="Time constant of the thermostat, fs.")] = 100.0,
    barostat_time: Annotated[float, typer.Option(help="Time constant of the barostat, fs.")] = 1000.0,
    compressibility: Annotated[float, typer.Option(help="Estimate for the barostat, 1/GPa.")] = 0.01,
    check_every: Annotated[int, typer.Option(help="Steps between checks of distances.")] = 10,
    min_distance_factor: Annotated[
        float, typer.Option(help="Stop below this factor times the training minimum of a pair.")
    ] = 0.9,
    max_temperature: Annotated[float | None, typer.Option(help="Stop above this temperature, K.")] = None,
    keep_velocities: Annotated[bool, typer.Option(help="Start from the structure's velocities.")] = False,
    skin: Annotated[float, typer.Option(help="Verlet skin, Å.")] = 0.7,
    restart: Annotated[bool, typer.Option("--restart", help="Continue from OUTPUT's .restart file.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Start over although OUTPUT's run is unfinished.")
    ] = False,
    replicas: Annotated[
        int | None,
        typer.Option(min=1, help="Runs with seeds SEED, SEED + 1, …, shared by MPI ranks and array tasks."),
    ] = None,
    repeat: RepeatOption = (1, 1, 1),
    threads: ThreadsOption = None,
    precision: PrecisionOption = "double",
    as_json: JsonFlag = False,
) -> None:
    """Run molecular dynamics; writes OUTPUT, a .log and a .restart file beside it.

    With --replicas, replica k writes OUTPUT's name with -000k; under mpiexec, srun or a Slurm array every process takes
    its share, with one thread per rank unless --threads says otherwise. The last one to end writes NAME.summary.json.
    """
    import ferrip
    from ferrip.cli.progress import progress_bar
    from ferrip.md import MDSettings, run
    from ferrip.md.replicas import Replicas
    from ferrip.md.share import Share

    settings = MDSettings(
        ensemble=ensemble,
        temperature=temperature,
        pressure=pressure,
        barostat=barostat,
        timestep=timestep,
        steps=steps,
        seed=seed,
        every=every,
        restart_every=restart_every,
        thermostat_time=thermostat_time,
        barostat_time=barostat_time,
        compressibility=compressibility,
        check_every=check_every,
        min_distance_factor=min_distance_factor,
        max_temperature=max_temperature,
        keep_velocities=keep_velocities,
        skin=skin,
        precision=precision,
    )
    model = ferrip.load(potential)
    atoms = read_structure(structure, repeat)
    check_elements(model, atoms)
    if not model.conservative:
        warn(
            "the forces of this potential are direct, not derivatives of its energy, which runs do not conserve"
        )
    share = Share.of_environment()
    if share.ranks > 1 and replicas is None:
        raise SettingsError(f"{share.ranks} MPI ranks would write the same files: say --replicas N")
    if share.ranks > 1 and threads is None:
        threads = 1

    def start(settings: MDSettings, output: Path, restart: bool) -> dict[str, Any]:
        label = f"{ensemble.upper()} {len(atoms)} atoms"
        with progress_bar(label if replicas is None else f"{output.stem}: {label}", steps) as advance:
            result = run(
                model,
                atoms,
                settings,
                output=output,
                restart=restart,
                overwrite=overwrite,
                num_threads=threads,
                progress=lambda step, kelvin: advance(step, f"{kelvin:.0f} K"),
            )
        return _summary(result, settings, output)

    if replicas is None:
        _end(start(settings, output, restart), as_json=as_json)
    else:
        several = Replicas(settings=settings, output=output, n=replicas)
        _end(several.run(start, share, restart=restart, note=note), as_json=as_json)


def _end(summary: dict[str, Any], *, as_json: bool) -> None:
    """Print a summary, and end with the status that it calls for."""
    show_facts(_facts(summary) if "each" in summary else summary)
    if as_json:
        print_json(summary)
    if summary["interrupted"]:
        note("interrupted; continue with --restart")
        raise typer.Exit(INTERRUPTED)
    if summary.get("stopped"):
        raise TrustError(f"{len(summary['stopped'])} of {summary['replicas']} replicas were stopped")


def _facts(summary: dict[str, Any]) -> dict[str, Any]:
    """What the table of replicas says: means with standard errors, once all have ended."""
    facts = {name: summary[name] for name in ("replicas", "ended", "stopped", "settings", "steps")}
    if summary["ended"] < summary["replicas"]:
        return facts
    errors = {name: "" if e is None else f" ± {e:.2g}" for name, e in summary["standard_error"].items()}
    return facts | {name: f"{mean:.6g}{errors[name]}" for name, mean in summary["mean"].items()}


def _summary(result: MDResult, settings: MDSettings, output: Path) -> dict[str, Any]:
    """Return what the table and the JSON object say."""
    statistics = result.statistics
    return {
        "settings": settings.describe(),
        "steps": result.steps,
        "n_atoms": len(result.atoms),
        "interrupted": result.interrupted,
        "temperature_mean_K": statistics.temperature,
        "pressure_mean_GPa": statistics.pressure,
        "volume_mean_A3": statistics.volume,
        "cell_lengths_mean_A": statistics.lengths,
        "energy_drift_ueV_per_atom_ps": statistics.energy_drift if settings.ensemble == "nve" else None,
        "us_per_atom_step": result.us_per_atom_step,
        "neighbor_list_builds": result.rebuilds,
        "trajectory": str(output),
        "log": str(output.with_suffix(".log")),
        "restart": str(output.with_suffix(".restart")),
    }
