"""The `fit` driver: data in, `Potential` out."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

from ferrip import _core
from ferrip.data import Frame, LabelKeys, read_frames
from ferrip.errors import DataError, SettingsError
from ferrip.fitting import checkpoint as checkpoints
from ferrip.fitting.calibration import calibrate
from ferrip.fitting.distances import PairDistances, pair_distances
from ferrip.fitting.estimate import estimate
from ferrip.fitting.interrupt import stop_request
from ferrip.fitting.progress import Reporter
from ferrip.fitting.reference import reference_energies
from ferrip.fitting.regressors import LinearFit
from ferrip.fitting.rows import RowSource, has_stress, stream
from ferrip.fitting.settings import FitSettings, parse_settings
from ferrip.fitting.stress import constant_offsets, sample_with_stress
from ferrip.fitting.tsqr import RFactor, combine
from ferrip.models import Family, family
from ferrip.potential import Potential

if TYPE_CHECKING:
    from ase import Atoms

ZBL_CITATION = "10.1007/978-1-4615-8103-1_3"


class Interrupted(KeyboardInterrupt):
    """The fit was stopped by Ctrl-C or SIGTERM; the message says where its checkpoint is."""


@dataclass(frozen=True, kw_only=True)
class _Problem:
    """Everything that is fixed before the first row: data, settings, descriptor and baseline."""

    family: Family
    size: str
    settings: FitSettings
    resolved: dict[str, Any]
    frames: list[Frame]
    frames_hash: str
    distances: PairDistances
    source: RowSource
    e0_source: dict[str, str]
    smoothness: NDArray[np.float64]

    @property
    def key(self) -> str:
        """Equal keys stream equal rows; what is applied after streaming does not enter."""
        return checkpoints.run_key(
            self.frames_hash,
            {
                "descriptor": self.resolved,
                "e0": {str(z): e for z, e in self.source.e0.items()},
                "repulsion": [list(pair) for pair in self.source.repulsion],
                "config_weights": {k: v.model_dump() for k, v in self.source.config_weights.items()},
                "size_power": self.source.size_power,
                "use_stress": self.source.use_stress,
            },
        )

    def solve(self, factors: dict[str, RFactor], *, use_stress: bool) -> LinearFit:
        """Coefficients from the factors, with the weights, the prior and the solver of the settings."""
        weights = self.settings.weights.model_dump() | ({} if use_stress else {"virial": 0.0})
        problem = combine([(factors[name], weights[name]) for name in factors])
        norms = np.linalg.norm(problem.r, axis=0)
        scale = np.where(norms > 0, norms, np.inf) ** self.settings.column_scaling
        smoothness = np.maximum(self.smoothness / self.smoothness.mean(), 1e-6) ** self.settings.smoothness
        return self.settings.regressor().solve(problem, scale * smoothness)

    def potential(self, solution: LinearFit, metadata: dict[str, Any]) -> Potential:
        """The potential of a solution."""
        return Potential(
            family=self.family.name,
            descriptor=self.source.descriptor,
            settings=self.resolved,
            coefficients=solution.coefficients,
            e0=self.source.e0,
            repulsion=self.source.repulsion,
            metadata=metadata,
            posterior_factor=solution.posterior_factor if self.settings.uncertainty else None,
        )


def fit(
    data: str | os.PathLike[str] | Iterable[Frame | Atoms],
    *,
    model: str = "ace",
    size: str = "medium",
    test: str | os.PathLike[str] | Iterable[Frame | Atoms] | None = None,
    keys: LabelKeys | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    num_threads: int | None = None,
    progress: bool = True,
    **settings: Any,
) -> Potential:
    """Fit a linear potential to energies, forces and stresses.

    Parameters
    ----------
    data, test
        Frames, or a file of them: energies in eV, forces in eV/Å, stress in eV/Å³.
    model, size
        Family, and one knob for everything in it: `"small"`, `"medium"` or `"large"`.
    keys
        Names of the labels in the files, where they are not the usual ones.
    checkpoint
        File that an interrupted fit leaves and that the same fit continues from; removed at the end.
    num_threads
        Threads; `None` follows FERRIP_NUM_THREADS, RAYON_NUM_THREADS, cores.
    progress
        Whether estimate, progress and notes go to stderr.
    settings
        Fields of `ferrip.fitting.FitSettings` and of the family's settings (`ferrip.models.AceSettings`).

    Returns
    -------
    Potential
        With settings, metrics on `data` and `test`, minimum distances and provenance in its metadata.

    Raises
    ------
    DataError
        For missing or bad labels; the message names the frame.
    SettingsError
        For an unknown setting (with the nearest name) or one out of range.

    Examples
    --------
    >>> potential = ferrip.fit("train.xyz", test="test.xyz", size="small")  # doctest: +SKIP
    >>> potential.save("Si.ferrip")  # doctest: +SKIP
    """
    started = time.perf_counter()
    reporter = Reporter(verbose=progress)
    chosen = family(model)
    fit_settings, model_settings = parse_settings(settings, FitSettings, chosen.settings_class)
    frames = read_frames(data, keys)
    test_frames = [] if test is None else read_frames(test, keys)
    problem = _prepare(chosen, size, cast(FitSettings, fit_settings), model_settings, frames, num_threads)
    _check_test_elements(problem, test_frames)
    reporter.note(_describe(problem))
    reporter.note(f"estimate: {estimate(problem.source.descriptor, problem.frames, num_threads)}")
    factors = _accumulate(problem, checkpoint, reporter)
    solution, stress_note = _solve(problem, factors, num_threads, reporter)
    metadata = _metadata(problem, solution, stress_note)
    potential = problem.potential(solution, metadata)
    metadata["metrics"] = {
        name: _metrics(potential, part, num_threads)
        for name, part in (("train", problem.frames), ("test", test_frames))
        if part
    }
    if potential.posterior_factor is not None:
        metadata["uncertainty"] = calibrate(potential, problem.frames, num_threads)
    metadata["fit"]["seconds"] = round(time.perf_counter() - started, 2)
    if checkpoint is not None:
        Path(checkpoint).unlink(missing_ok=True)
    return replace(potential, metadata=metadata)


def _prepare(
    chosen: Family,
    size: str,
    settings: FitSettings,
    model_settings: Any,
    frames: list[Frame],
    num_threads: int | None,
) -> _Problem:
    """Checks the labels and fixes descriptor, E0 and baseline."""
    if not frames:
        raise DataError("no training frames")
    _check_labels(frames, settings)
    elements = [int(z) for z in np.unique(np.concatenate([frame.numbers for frame in frames]))]
    distances = pair_distances(frames, num_threads)
    resolved = chosen.resolve(model_settings, size, elements, distances)
    descriptor = chosen.descriptor(resolved)
    e0, e0_source = reference_energies(frames, elements, settings.e0)
    source = RowSource(
        descriptor=descriptor,
        e0=e0,
        repulsion=_core.zbl_defaults(elements) if settings.repulsion == "zbl" else [],
        config_weights=settings.config_weights,
        size_power=settings.size_power,
        use_stress=settings.stress != "off" and settings.weights.virial > 0,
        num_threads=num_threads,
    )
    return _Problem(
        family=chosen,
        size=size,
        settings=settings,
        resolved=resolved,
        frames=frames,
        frames_hash=checkpoints.data_hash(frames),
        distances=distances,
        source=source,
        e0_source=e0_source,
        smoothness=np.asarray(descriptor.smoothness(), dtype=float),
    )


def _check_labels(frames: Sequence[Frame], settings: FitSettings) -> None:
    """Labels that were asked for by name must be somewhere."""
    has = {
        "energy": any(frame.energy is not None for frame in frames),
        "forces": any(frame.forces is not None for frame in frames),
        "virial": any(has_stress(frame) for frame in frames),
    }
    asked = {name for name in settings.weights.model_fields_set if getattr(settings.weights, name) > 0}
    if settings.stress == "force":
        asked.add("virial")
    for name in sorted(asked):
        if not has[name]:
            what = "stress or virial" if name == "virial" else name
            raise DataError(f"{frames[0].source}: {what} labels were asked for, but no frame has them")
    if not (has["energy"] or has["forces"]):
        raise DataError(f"{frames[0].source}: no frame has energy or forces")
    types = {frame.config_type for frame in frames}
    unknown = sorted(set(settings.config_weights) - types)
    if unknown:
        known = ", ".join(sorted(types))
        raise SettingsError(f"config_weights: no frame has config_type {unknown[0]!r}; the data have {known}")


def _check_test_elements(problem: _Problem, test_frames: Sequence[Frame]) -> None:
    known = set(problem.source.descriptor.elements)
    for frame in test_frames:
        new = sorted(set(frame.numbers.tolist()) - known)
        if new:
            raise DataError(f"{frame.label}: {chemical_symbols[new[0]]} is not in the training data")


def _describe(problem: _Problem) -> str:
    descriptor = problem.source.descriptor
    counts: dict[int, int] = {}
    for center, _ in descriptor.feature_table():
        counts[center] = counts.get(center, 0) + 1
    per_element = ", ".join(f"{chemical_symbols[z]} {count}" for z, count in counts.items())
    return (
        f"{problem.family.name} {problem.size}: {descriptor.n_features} functions ({per_element}), "
        f"cutoff {descriptor.cutoff:.2f} Å, {len(problem.frames)} frames"
    )


def _accumulate(problem: _Problem, checkpoint: Any, reporter: Reporter) -> dict[str, RFactor]:
    """The factors of all rows, continued from the checkpoint of the same run if there is one."""
    start, factors = 0, problem.source.factors()
    if checkpoint is not None:
        found = checkpoints.load(checkpoint, problem.key)
        if found is not None:
            start, factors = found
            reporter.note(f"continuing after {start} of {len(problem.frames)} frames ({os.fspath(checkpoint)})")
    with stop_request() as stop, reporter.bar("folding rows", len(problem.frames), start) as advance:

        def after_block(done: int) -> None:
            advance(done)
            if stop.requested:
                raise Interrupted(_save_checkpoint(problem, checkpoint, done, factors))

        stream(problem.source, problem.frames, factors, start, after_block)
    return factors


def _save_checkpoint(problem: _Problem, checkpoint: Any, done: int, factors: dict[str, RFactor]) -> str:
    place = f"stopped after {done} of {len(problem.frames)} frames"
    if checkpoint is None:
        return place
    checkpoints.save(checkpoint, problem.key, done, factors)
    return f"{place}; the same command continues from {os.fspath(checkpoint)}"


def _solve(
    problem: _Problem, factors: dict[str, RFactor], num_threads: int | None, reporter: Reporter
) -> tuple[LinearFit, str]:
    """The solution, and what was done with the stress labels."""
    if factors["virial"].n_rows == 0:
        return problem.solve(factors, use_stress=False), "not used"
    if problem.settings.stress == "force" or factors["energy"].n_rows + factors["forces"].n_rows == 0:
        return problem.solve(factors, use_stress=True), "used"
    without = problem.solve(factors, use_stress=False)
    sample = sample_with_stress(problem.frames)
    offsets = constant_offsets(sample, problem.potential(without, {}).evaluate(sample, num_threads))
    if not offsets:
        return problem.solve(factors, use_stress=True), "used"
    worst = max(offsets, key=lambda item: abs(item.offset))
    text = (
        f"left out: the stress of {worst.config_type!r} differs from dE/dε by {worst.offset:+.2f} GPa "
        f"(spread {worst.spread:.2f} GPa)"
    )
    warnings.warn(f"stress labels {text}; stress='force' uses them all the same", stacklevel=3)
    return without, text


def _metrics(potential: Potential, frames: Sequence[Frame], num_threads: int | None) -> dict[str, Any]:
    from ferrip.evaluation import evaluate_errors

    return evaluate_errors(frames, potential.evaluate(frames, num_threads))


def _metadata(problem: _Problem, solution: LinearFit, stress_note: str) -> dict[str, Any]:
    """Provenance of the potential, as JSON types."""
    frames = problem.frames
    dft: dict[str, list[str]] = {}
    for frame in frames:
        for name, value in frame.metadata.items():
            if value not in dft.setdefault(name, []):
                dft[name].append(value)
    for name, values in dft.items():
        if len(values) > 1:
            warnings.warn(f"the training data mix DFT settings: {name} = {', '.join(values)}", stacklevel=3)
    return {
        "fit": {
            "model": problem.family.name,
            "size": problem.size,
            "settings": problem.settings.model_dump(mode="json"),
            "n_functions": len(solution.coefficients),
            "ridge": solution.ridge,
            "effective_parameters": solution.effective_parameters,
            "noise_variance": solution.noise_variance,
            "stress": stress_note,
            "e0_source": problem.e0_source,
        },
        "training_data": {
            "sha256": problem.frames_hash,
            "n_frames": len(frames),
            "n_atoms": sum(len(frame.numbers) for frame in frames),
            "sources": sorted({str(frame.source) for frame in frames}),
        },
        "minimum_distances": {
            f"{chemical_symbols[a]}-{chemical_symbols[b]}": distance
            for (a, b), distance in problem.distances.minimum.items()
        },
        "dft": dft,
        "citations": [*problem.family.citations, *([ZBL_CITATION] if problem.source.repulsion else [])],
    }
