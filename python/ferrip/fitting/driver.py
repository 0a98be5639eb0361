"""The `fit` driver: data in, `Potential` out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from ferrip.blas import blas_threads
from ferrip.data import Frame, LabelKeys, read_frames
from ferrip.errors import SettingsError
from ferrip.evaluation import error_metrics
from ferrip.fitting import checkpoint as checkpoints
from ferrip.fitting.calibration import calibrate
from ferrip.fitting.core import attractive_ranges, named
from ferrip.fitting.cost import step_cost
from ferrip.fitting.dimers import repelling, repelling_densities
from ferrip.fitting.estimate import estimate, estimate_of_training
from ferrip.fitting.hyperparameters import most_likely
from ferrip.fitting.interrupted import Interrupted
from ferrip.fitting.many_columns import normal_equations, solves_normal_equations, without_uncertainty
from ferrip.fitting.memory import check_environments, choosing_bytes
from ferrip.fitting.neural.settings import NeuralSettings
from ferrip.fitting.nonlinear import Trainer, TrainingSettings, embedded_potential
from ferrip.fitting.problem import Problem, check_test, describe, labels_of, prepare
from ferrip.fitting.progress import Reporter
from ferrip.fitting.provenance import metadata, of_solution
from ferrip.fitting.radials import LearnsRadials, with_learned_radials
from ferrip.fitting.regressors import LinearFit
from ferrip.fitting.residual import residual
from ferrip.fitting.rows import TakesRows, stream
from ferrip.fitting.selection import choose
from ferrip.fitting.settings import LINEAR_SETTINGS, FitSettings, parse_settings
from ferrip.fitting.stress import solve, without_comparison
from ferrip.fitting.tsqr import RFactor
from ferrip.graph.settings import GraphTraining
from ferrip.interrupt import Interruption
from ferrip.models import EmbeddedFamily, GraphNetwork, NeuralFamily, family
from ferrip.potential import Potential
from ferrip.torch_needed import require_torch

if TYPE_CHECKING:
    from typing import TypeAlias

    from ase import Atoms

    DataSource: TypeAlias = "str | os.PathLike[str] | Iterable[str | os.PathLike[str] | Frame | Atoms]"


def fit(
    data: DataSource,
    *,
    model: str = "ace",
    size: str = "medium",
    test: DataSource | None = None,
    keys: LabelKeys | None = None,
    elements: Sequence[str] | None = None,
    reference: Potential | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    num_threads: int | None = None,
    progress: bool = True,
    **settings: Any,
) -> Potential:
    """Fit a potential to energies, forces and stresses.

    Parameters
    ----------
    data, test
        Frames, or one or several files of them: energies in eV, forces in eV/Å, stress in eV/Å³.
    model, size
        Family, and one knob for everything in it: `"small"`, `"medium"` or `"large"`, for `"ace"` also `"huge"`.
    keys
        Names of the labels in the files, where they are not the usual ones.
    elements
        Chemical symbols of the atom types 0, 1, … in files that number them (MLIP's `.cfg`).
    reference
        A potential whose energies, forces and stresses are subtracted from the labels before the fit; the result is
        the sum of both.
    checkpoint
        File that an interrupted fit leaves and that the same fit continues from; removed at the end.
    num_threads
        Threads; `None` follows FERRIP_NUM_THREADS, RAYON_NUM_THREADS, cores.
    progress
        Whether estimate, progress and notes go to stderr.
    settings
        Fields of `ferrip.fitting.FitSettings`, of the family's settings (`ferrip.models.AceSettings`) and, for
        families with embedded densities, of `ferrip.fitting.TrainingSettings`; for networks, of
        `ferrip.fitting.NeuralSettings`.

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
    if size not in chosen.sizes:
        raise SettingsError(f"size: expected one of {', '.join(chosen.sizes)}, got {size!r}")
    classes: list[type[BaseModel]] = [FitSettings, chosen.settings_class]
    if isinstance(chosen, EmbeddedFamily):
        classes.append(TrainingSettings)
    if isinstance(chosen, NeuralFamily):
        classes.append(NeuralSettings)
    if isinstance(chosen, GraphNetwork):
        for name in LINEAR_SETTINGS.intersection(settings):
            raise SettingsError(f"{name}: is for models with a linear fit, not {model}")
        classes.append(GraphTraining)
    fit_settings, model_settings, *training = parse_settings(
        settings, *classes, others=("model", "size", "test", "reference")
    )
    if isinstance(chosen, NeuralFamily) and cast(NeuralSettings, training[0]).method == "adam":
        require_torch(model, "by Adam is trained")
    direct = isinstance(chosen, NeuralFamily) and getattr(model_settings, "forces", None) == "direct"
    if direct and cast(NeuralSettings, training[0]).committee > 1:
        raise SettingsError("forces: direct forces are not for committees")
    if isinstance(chosen, GraphNetwork):
        chosen.check_device(cast(GraphTraining, training[0]).device)
    frames = read_frames(data, keys, elements=elements)
    test_frames = [] if test is None else read_frames(test, keys, elements=elements)
    settings_of_fit = cast(FitSettings, fit_settings)
    if settings_of_fit.solver == "evidence" and isinstance(chosen, EmbeddedFamily):
        raise SettingsError(
            f"solver: 'evidence' is for models that are linear in their coefficients, not {model}"
        )
    check_environments(chosen, size, model_settings, frames, settings_of_fit.max_memory)
    model_settings = choose(chosen, settings_of_fit, model_settings, frames, num_threads, reference)
    model_settings = most_likely(
        chosen, settings_of_fit, model_settings, frames, num_threads, reference, reporter.note
    )
    problem = prepare(chosen, size, settings_of_fit, model_settings, frames, num_threads, reference)
    check_test(problem, test_frames)
    if problem.reference is not None:
        test_frames = residual(test_frames, problem.reference, num_threads)
    if isinstance(chosen, GraphNetwork):
        from ferrip.graph.training import trained as trained_graph

        for line in labels_of(problem):
            reporter.note(line)
        potential = trained_graph(problem, cast(GraphTraining, training[0]), reporter, checkpoint)
        if checkpoint is not None:
            checkpoints.discard(checkpoint)
        return _finished(_examined(potential, problem, test_frames, num_threads), problem, reporter, started)
    if isinstance(chosen, LearnsRadials) and chosen.learns_radials(model_settings):
        stopped = "stopped while learning the radial functions"
        with _saving(lambda: stopped), blas_threads(problem.source.descriptor.n_features, num_threads):
            problem = with_learned_radials(problem, model_settings, reporter)
    for line in describe(problem):
        reporter.note(line)
    descriptor = problem.source.descriptor
    expected = estimate(
        descriptor,
        problem.frames,
        num_threads,
        normal=solves_normal_equations(problem),
        before=choosing_bytes(chosen, problem.resolved, problem.frames),
    )
    if reporter.verbose:
        expected = replace(expected, step=step_cost(problem))
    reporter.note(f"estimate: {expected}")
    expected.check(settings_of_fit.max_memory)
    if isinstance(chosen, EmbeddedFamily):
        terms = chosen.terms(model_settings)
        iteration = estimate_of_training(descriptor, problem.frames, num_threads, len(terms))
        reporter.note(f"each iteration of the training: {iteration}")
        iteration.check(settings_of_fit.max_memory)
        trainer = Trainer(
            problem=problem,
            settings=cast(TrainingSettings, training[0]),
            terms=terms,
            reporter=reporter,
            checkpoint=checkpoint,
        )
        with blas_threads(len(terms) * descriptor.n_features, num_threads):
            trained = trainer.train(lambda: _linear(problem, checkpoint, reporter, num_threads))
        with _saving(lambda: trainer.stopped):
            if settings_of_fit.repulsion != "none":
                repelled = repelling_densities(
                    trained.densities,
                    trained.fit,
                    problem.source,
                    problem.distances.minimum,
                    problem.reference,
                )
                trained = replace(trained, densities=repelled)
            potential = _examined(embedded_potential(problem, trained), problem, test_frames, num_threads)
    else:
        factors: dict[str, RFactor] = {}
        with blas_threads(descriptor.n_features, num_threads):
            if solves_normal_equations(problem):
                problem = without_uncertainty(problem, reporter)
                solution, stress_note = _of_many_columns(problem, checkpoint, reporter)
                save = partial(_stopped, len(problem.frames), problem, checkpoint)
            else:
                factors, solution, stress_note = _linear(problem, checkpoint, reporter, num_threads)
                save = partial(_save_checkpoint, problem, checkpoint, len(problem.frames), factors)
        with _saving(save):
            if settings_of_fit.repulsion != "none":
                solution = repelling(solution, problem.source, problem.distances.minimum, problem.reference)
            potential = problem.potential(solution, metadata(problem, of_solution(solution), stress_note))
            if isinstance(chosen, NeuralFamily):
                from ferrip.fitting.neural.direct import with_direct_forces
                from ferrip.fitting.neural.result import repelling_beside, with_networks

                weights = solution.weights or problem.weights(use_stress=stress_note == "used")
                potential = with_networks(
                    potential,
                    problem,
                    solution,
                    problem.combined(factors, weights),
                    weights,
                    chosen.architecture(model_settings, size),
                    cast(NeuralSettings, training[0]),
                    reporter,
                    checkpoint,
                )
                if settings_of_fit.repulsion != "none":
                    shortest = problem.distances.minimum
                    potential = repelling_beside(
                        potential, solution, problem.source, shortest, problem.reference
                    )
                if direct:
                    potential = with_direct_forces(
                        potential, problem, solution, problem.combined(factors, weights), weights, reporter
                    )
            potential = _examined(potential, problem, test_frames, num_threads)
    if checkpoint is not None:
        checkpoints.discard(checkpoint)
    return _finished(potential, problem, reporter, started)


def _finished(potential: Potential, problem: Problem, reporter: Reporter, started: float) -> Potential:
    """The potential with the time that its fit took and the reference, after a word on dimers that attract."""
    origin = dict(potential.metadata)
    for pair, (low, high) in origin["fit"]["attractive_dimers"].items():
        reporter.note(f"{pair}: dimers attract between {low} and {high} Å, closer than any in the data")
    origin["fit"] = {**origin["fit"], "seconds": round(time.perf_counter() - started, 2)}
    potential = replace(potential, metadata=origin)
    return potential if problem.reference is None else potential + problem.reference


def _examined(
    potential: Potential, problem: Problem, test_frames: list[Frame], num_threads: int | None
) -> Potential:
    """The potential with its errors and the calibration of its uncertainty in the metadata."""
    origin = dict(potential.metadata)
    origin["metrics"] = {
        name: error_metrics(part, potential.evaluate(part, num_threads))
        for name, part in (("train", problem.frames), ("test", test_frames))
        if part
    }
    whole = potential if problem.reference is None else potential + problem.reference
    dimers = named(attractive_ranges(whole, whole.minimum_distances))
    origin["fit"] = {**origin["fit"], "attractive_dimers": dimers}
    if potential.has_uncertainty:
        origin["uncertainty"] = calibrate(potential, problem.frames, num_threads)
    return replace(potential, metadata=origin)


def _linear(
    problem: Problem, checkpoint: Any, reporter: Reporter, num_threads: int | None
) -> tuple[dict[str, RFactor], LinearFit, str]:
    """Factors and solution of the linear problem, and what was done with the stress labels."""
    factors = _accumulate(problem, checkpoint, reporter)
    with _saving(lambda: _save_checkpoint(problem, checkpoint, len(problem.frames), factors)):
        return factors, *solve(problem, factors, num_threads)


def _of_many_columns(problem: Problem, checkpoint: Any, reporter: Reporter) -> tuple[LinearFit, str]:
    """Solution of the normal equations, and what was done with the stress labels."""
    use_stress, stress_note = without_comparison(problem)
    equations = normal_equations(problem, use_stress=use_stress)
    key = checkpoints.run_key(problem.key, {"normal": equations.weights})
    start = None if checkpoint is None else checkpoints.read(checkpoint, key, equations.restored)

    def save(done: int) -> str:
        if checkpoint is not None:
            checkpoints.write(checkpoint, key, equations.state(), {"position": str(done)})
        return _stopped(done, problem, checkpoint)

    _stream(problem, equations.parts(), start or 0, checkpoint, reporter, save)
    save(len(problem.frames))
    with _saving(lambda: _stopped(len(problem.frames), problem, checkpoint)):
        return equations.solve(reporter.note), stress_note


@contextmanager
def _saving(save: Callable[[], str]) -> Iterator[None]:
    """Work without steps: an interruption calls `save` and raises Interrupted with the message that it returns."""
    try:
        with Interruption(at_once=True):
            yield
    except KeyboardInterrupt:
        raise Interrupted(save()) from None


def _accumulate(problem: Problem, checkpoint: Any, reporter: Reporter) -> dict[str, RFactor]:
    """The factors of all rows, continued from the checkpoint of the same run if there is one."""
    found = None if checkpoint is None else checkpoints.load(checkpoint, problem.key)
    start, factors = found or (0, problem.source.factors())

    def save(done: int) -> str:
        return _save_checkpoint(problem, checkpoint, done, factors)

    _stream(problem, factors, start, checkpoint, reporter, save)
    return factors


def _stream(
    problem: Problem,
    factors: Mapping[str, TakesRows],
    start: int,
    checkpoint: Any,
    reporter: Reporter,
    save: Callable[[int], str],
) -> None:
    """Rows of the frames from `start` on into the factors; an interruption calls `save`."""
    if start:
        reporter.note(f"continuing after {start} of {len(problem.frames)} frames ({os.fspath(checkpoint)})")
    with Interruption() as stop, reporter.bar("folding rows", len(problem.frames), start) as advance:

        def after_block(done: int) -> None:
            advance(done)
            if stop.requested:
                raise Interrupted(save(done))

        stream(problem.source, problem.frames, factors, start, after_block)


def _save_checkpoint(problem: Problem, checkpoint: Any, done: int, factors: dict[str, RFactor]) -> str:
    if checkpoint is not None:
        checkpoints.save(checkpoint, problem.key, done, factors)
    return _stopped(done, problem, checkpoint)


def _stopped(done: int, problem: Problem, checkpoint: Any) -> str:
    place = f"stopped after {done} of {len(problem.frames)} frames"
    return (
        place if checkpoint is None else f"{place}; the same command continues from {os.fspath(checkpoint)}"
    )
