"""The main job of the library on the data that ships with it: fit, check, run, report.

Fits a linear ACE to the silicon DFT set, computes errors and crystal properties against the DFT values, runs
molecular dynamics and writes everything with a report into one folder.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ase.io
import numpy as np
from ase.build import bulk

from ferrip.data import Frame, read_frames
from ferrip.errors import DataError, SettingsError, TrustError
from ferrip.evaluation import error_metrics, worst_frames
from ferrip.md import MDResult, MDSettings, run
from ferrip.properties import RadialDistribution, dimer_curves, radial_distribution
from ferrip.properties.comparison import Comparison, compare_with_reference
from ferrip.report import Validation, learning_curves, parity, write_report

if TYPE_CHECKING:
    from ferrip.potential import Potential
    from ferrip.prediction import Prediction

SYMBOL = "Si"
REPEAT = (3, 3, 3)
"""Of the 8-atom cube: 216 atoms."""
NEAR_EQUILIBRIUM = ("elastic", "eos_diamond")
CRYSTAL_FACTORS = {"energy": 3.0, "forces": 3.0, "virial": 10.0}
"""Factors on the rows of the strained crystal, whose small differences in energy and stress are what elastic
constants are made of; the other frames differ by whole eV."""
OnStage = Callable[[str, Any], None]
OnStep = Callable[[int, float], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class SiliconSet:
    """The silicon DFT set that ships with the library.

    Attributes
    ----------
    train, test
        Labelled frames.
    reference
        DFT properties and the procedure that they were computed by.
    """

    train: list[Frame]
    test: list[Frame]
    reference: Mapping[str, Any]

    @classmethod
    def load(cls) -> SiliconSet:
        """Read the set from the package.

        Raises
        ------
        DataError
            The installation lacks it.
        """
        folder = Path(str(files("ferrip") / "datasets" / "silicon"))
        reference = folder / "reference.json"
        if not reference.is_file():
            raise DataError(f"{reference}: the silicon data set is missing from this installation")
        return cls(
            train=read_frames(folder / "train.extxyz.gz"),
            test=read_frames(folder / "test.extxyz.gz"),
            reference=json.loads(reference.read_text(encoding="utf-8")),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class QuickstartResult:
    """What a quickstart made.

    Attributes
    ----------
    potential
        The fitted potential.
    metrics
        Errors on the sets "train" and "test".
    comparison
        Crystal properties next to DFT.
    md
        How molecular dynamics ended; None where it had to be stopped.
    timings
        Stage → seconds.
    folder
        Where the files are.
    files
        What they are → name in the folder.
    """

    potential: Potential
    metrics: Mapping[str, Mapping[str, Any]]
    comparison: Comparison
    md: MDResult | None
    timings: Mapping[str, float]
    folder: Path
    files: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as a JSON document."""
        return {
            "errors": dict(self.metrics),
            "properties": self.comparison.as_dict(),
            "md": None if self.md is None else _md_summary(self.md),
            "timings_s": dict(self.timings),
            "files": {name: str(self.folder / file) for name, file in self.files.items()},
        }


def _md_summary(md: MDResult) -> dict[str, Any]:
    return {
        "steps": md.steps,
        "n_atoms": len(md.atoms),
        "temperature_mean_K": md.statistics.temperature,
        "pressure_mean_GPa": md.statistics.pressure,
        "us_per_atom_step": md.us_per_atom_step,
    }


@dataclass(kw_only=True)
class _Stopwatch:
    """Seconds per stage, and who is told about each."""

    on_stage: OnStage | None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - begin

    def tell(self, what: str, result: Any) -> None:
        if self.on_stage is not None:
            self.on_stage(what, result)


def quickstart(
    output: str | os.PathLike[str] = "ferrip-quickstart",
    *,
    size: str = "medium",
    steps: int = 1000,
    temperature: float = 300.0,
    num_threads: int | None = None,
    progress: bool = False,
    on_stage: OnStage | None = None,
    on_step: OnStep | None = None,
    data: SiliconSet | None = None,
) -> QuickstartResult:
    """Fit, check and run silicon; write potential, trajectory, log and report.

    Parameters
    ----------
    output
        The folder to write; made where it is not there.
    size
        Size of the fit: "small", "medium" or "large".
    steps
        Steps of 1 fs of molecular dynamics of 216 atoms (NVT).
    temperature
        K.
    num_threads
        Threads.
    progress
        Whether the fit shows its progress on stderr.
    on_stage
        Called with ("data", SiliconSet), ("metrics", …), ("properties", Comparison), ("md", MDResult) and
        ("report", path) as they are ready.
    on_step
        Called with step and temperature along molecular dynamics.
    data
        Another set of silicon frames with its reference; by default the one that ships.

    Returns
    -------
    QuickstartResult
        Potential, errors, properties, timings and files.

    Raises
    ------
    DataError, SettingsError, TrustError
        Bad input, or molecular dynamics that had to be stopped (the report is written all the same).

    Examples
    --------
    >>> quickstart("ferrip-quickstart").as_dict()["errors"]  # doctest: +SKIP
    """
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"output: {folder} is a file; name a folder")
    settings = MDSettings(ensemble="nvt", temperature=temperature, steps=steps, every=10, seed=1)
    folder.mkdir(parents=True, exist_ok=True)
    watch = _Stopwatch(on_stage=on_stage)
    names = {"potential": "Si.ferrip", "trajectory": "md.extxyz", "log": "md.log", "report": "report.html"}
    with watch.stage("data"):
        data = data or SiliconSet.load()
    watch.tell("data", data)
    with watch.stage("fit"):
        potential = _fit(data, size, num_threads, progress)
        potential.save(folder / names["potential"])
    sets = {"train": data.train, "test": data.test}
    with watch.stage("errors"):
        predictions = {
            name: potential.evaluate(frames, num_threads=num_threads) for name, frames in sets.items()
        }
        metrics = {name: error_metrics(frames, predictions[name]) for name, frames in sets.items()}
    watch.tell("metrics", metrics)
    with watch.stage("properties"):
        comparison = compare_with_reference(potential, SYMBOL, data.reference, num_threads=num_threads)
    watch.tell("properties", comparison)
    with watch.stage("molecular dynamics"):
        structure = data.reference["structure"]
        cell = bulk(SYMBOL, structure, comparison.quantities[0].value, cubic=True) * REPEAT
        trajectory = folder / names["trajectory"]
        md, stopped = None, None
        try:
            md = run(
                potential,
                cell,
                settings,
                output=trajectory,
                overwrite=True,
                num_threads=num_threads,
                progress=on_step,
            )
            watch.tell("md", md)
        except TrustError as error:
            stopped = error
    result = QuickstartResult(
        potential=potential,
        metrics=metrics,
        comparison=comparison,
        md=md,
        timings=watch.seconds,
        folder=folder,
        files=names,
    )
    with watch.stage("report"):
        lines = [*settings.describe(), str(stopped) if md is None else _md_line(md)]
        write_report(_validation(result, data, predictions, lines, temperature), folder / names["report"])
    watch.tell("report", folder / names["report"])
    if stopped is not None:
        raise stopped
    return result


def _fit(data: SiliconSet, size: str, num_threads: int | None, progress: bool) -> Potential:
    """Fit the potential to the training frames; the test frames are only measured."""
    from ferrip import fit

    crystal = {frame.config_type for frame in data.train}.intersection(NEAR_EQUILIBRIUM)
    return fit(
        data.train,
        test=data.test,
        model="ace",
        size=size,
        config_weights=dict.fromkeys(crystal, CRYSTAL_FACTORS),
        stress="force",  # the set's stress was checked against its energy-volume slope
        num_threads=num_threads,
        progress=progress,
    )


def _md_line(md: MDResult) -> str:
    """Return what was run and how warm it was."""
    mean = md.statistics.temperature
    warmth = "" if mean is None else f", mean temperature of the second half {mean:.0f} K"
    return f"{len(md.atoms)} atoms, {md.steps} steps{warmth}"


def _validation(
    result: QuickstartResult,
    data: SiliconSet,
    predictions: Mapping[str, list[Prediction]],
    md_lines: list[str],
    temperature: float,
) -> Validation:
    """Collect what the report shows."""
    sets = {"train": data.train, "test": data.test}
    log = np.loadtxt(result.folder / result.files["log"], ndmin=2)
    potential = result.potential
    return Validation(
        title="Silicon: linear ACE",
        subtitle=f"{len(potential.coefficients)} basis functions, cutoff {potential.cutoff:g} Å, "
        f"fitted to {len(data.train)} DFT frames",
        metrics=result.metrics,
        parity=[parity(name, frames, predictions[name]) for name, frames in sets.items()],
        worst={name: worst_frames(frames, predictions[name]) for name, frames in sets.items()},
        minimum_distances=potential.minimum_distances,
        dimers=dimer_curves(potential),
        comparison=result.comparison,
        rdf=_trajectory_rdf(result.folder / result.files["trajectory"]),
        rdf_title=f"Si, {temperature:g} K, second half of the run",
        times_ps=log[:, 1],
        temperatures=log[:, 2],
        target_temperature=temperature,
        md_lines=md_lines,
        timings=result.timings,
        us_per_atom_step=None if result.md is None else result.md.us_per_atom_step,
        learning_curves=learning_curves(potential.metadata),
    )


def _trajectory_rdf(path: Path) -> RadialDistribution:
    """Return g(r) over the second half of a trajectory."""
    frames = list(ase.io.iread(path, index=":"))
    return radial_distribution(frames[len(frames) // 2 :])
