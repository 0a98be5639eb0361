"""From a linear potential to the same with trained networks beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ferrip.data import Frame
from ferrip.fitting.dimers import repelling
from ferrip.fitting.neural.closer import with_closer_pairs
from ferrip.fitting.neural.gauss_newton import Trainer, by_gauss_newton, inputs_of, newton_size
from ferrip.fitting.neural.rest import Rest
from ferrip.fitting.neural.settings import NeuralSettings
from ferrip.fitting.nonlinear.loss import WeightedLabels, predicted_rows
from ferrip.fitting.problem import Problem
from ferrip.fitting.progress import Reporter
from ferrip.fitting.regressors import LinearFit
from ferrip.fitting.rows import F64, RowSource
from ferrip.fitting.tsqr import LeastSquares
from ferrip.network import Architecture, Network
from ferrip.potential import Potential
from ferrip.torch_needed import require_torch

AVERAGED = 4
"""Networks of one hidden layer whose mean is taken by default."""
FLAT = 16.0
"""Scale of the last layer behind one hidden layer over the spread of the linear energies: the sums are then small, and
a network begins as a quadratic form of few directions."""
PRIOR, DEEP_PRIOR = 100.0, 10.0
"""Priors of the first layer behind which there is one layer, or more."""
CLOSER_PAIRS = 0.1
"""Frames with closer pairs over training frames, for networks of one hidden layer."""
MOST_NUMBERS = 6000
"""Numbers up to which Gauss-Newton steps are taken by default."""
DEEP = 0.1
"""Scale of the last layer of networks of several hidden layers, which do not start at 0, over that of one layer."""


def with_networks(
    linear: Potential,
    problem: Problem,
    solution: LinearFit,
    least_squares: LeastSquares,
    weights: Mapping[str, float],
    architecture: Architecture,
    settings: NeuralSettings,
    reporter: Reporter,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Potential:
    """The linear potential with networks trained on the same labels with the same weights.

    Parameters
    ----------
    linear, problem, solution
        The linear fit.
    least_squares
        Its rows with the weights, in triangular form.
    weights
        Factors on the rows of each quantity.
    architecture, settings, reporter, checkpoint
        Of the training.

    Raises
    ------
    Interrupted
        After Ctrl-C or SIGTERM.
    """
    threads = problem.source.num_threads
    frames = [frame for frame in problem.frames if not frame.is_isolated_atom]
    reporter.note(f"networks of {' × '.join(map(str, architecture.hidden))} hidden outputs")
    if settings.method != "adam":
        flat = len(architecture.hidden) == 1
        own = _complete(settings, flat=flat)
        inputs = inputs_of(linear, pairs=settings.pair_inputs != "none")
        size = newton_size(inputs, solution, architecture)
        if settings.method == "gauss-newton" or size <= MOST_NUMBERS:
            labels = WeightedLabels.of(problem.source, frames, weights)
            if own.closer_pairs:
                labels = with_closer_pairs(
                    labels, linear.evaluator(), problem.source, weights, problem.distances.minimum, own
                )
            values = [linear.descriptor.values(frame.structure, threads) for frame in labels.frames]
            trainer = Trainer(
                problem=problem,
                solution=solution,
                least_squares=least_squares,
                labels=labels,
                n_known=len(frames),
                values=values,
                rest=Rest(
                    widths=architecture.hidden,
                    activation=architecture.activation,
                    scale=_spread(linear, frames, values[: len(frames)]) * (FLAT if flat else DEEP),
                    sums=FLAT**-0.5 if flat else 1.0,
                ),
                settings=own,
                reporter=reporter,
                checkpoint=checkpoint,
            )
            trained, networks, trainings = by_gauss_newton(linear, trainer)
            others = "committee" if settings.committee > 1 else "averaged"
            return _joined(trained, networks, trainings, architecture, others)
        reporter.note(f"{size} numbers are too many for Gauss-Newton steps: Adam")
    require_torch(linear.family, "by Adam is trained")
    from ferrip.fitting.neural.adam import by_adam

    networks, trainings = by_adam(
        linear, problem, frames, weights, architecture, settings, reporter, checkpoint
    )
    return _joined(linear, networks, trainings, architecture)


def _complete(settings: NeuralSettings, *, flat: bool) -> NeuralSettings:
    """Settings with what Gauss-Newton steps take where nothing is given; `flat` networks have one hidden layer."""
    several = flat and settings.committee == 1
    chosen: dict[str, Any] = {
        "averaged": settings.averaged or (AVERAGED if several else 1),
        "network_prior": settings.network_prior or (PRIOR if flat else DEEP_PRIOR),
    }
    if settings.closer_pairs is None:
        chosen["closer_pairs"] = CLOSER_PAIRS if flat else 0.0
    if "held_out" not in settings.model_fields_set:
        chosen["held_out"] = 0.0
    return settings.model_copy(update=chosen)


def _spread(linear: Potential, frames: Sequence[Frame], values: Sequence[F64]) -> float:
    """Standard deviation of the linear energies of atoms of one element, eV."""
    numbers = np.concatenate([frame.numbers for frame in frames])
    energies = np.concatenate([own @ linear.coefficients for own in values])
    squares = [np.sum((energies[numbers == z] - energies[numbers == z].mean()) ** 2) for z in linear.elements]
    return float(np.sqrt(sum(squares) / len(energies))) or 1.0


def _joined(
    potential: Potential,
    found: Sequence[Mapping[int, Network]],
    trainings: Sequence[dict[str, Any]],
    architecture: Architecture,
    others: str = "committee",
) -> Potential:
    """The potential with the mean of its networks, and what is known of their trainings."""
    networks = {z: Network.mean([own[z] for own in found]) for z in potential.elements}
    origin = dict(potential.metadata)
    origin["fit"] = origin["fit"] | {
        "training": trainings[0] | {"hidden": list(architecture.hidden)},
        others: list(trainings[1:]),
    }
    return replace(potential, networks=networks, posterior_factor=None, metadata=origin)


def repelling_beside(
    potential: Potential,
    solution: LinearFit,
    source: RowSource,
    shortest: Mapping[tuple[int, int], float],
    reference: Potential | None,
) -> Potential:
    """The potential with the nearest linear coefficients, in units of their posterior, whose dimers repel."""
    zero = np.zeros_like(potential.coefficients)
    alone = replace(potential, coefficients=zero, pairs=(), e0=dict.fromkeys(potential.e0, 0.0))
    beside = BesideNetworks(**vars(source), networks=alone)
    here = replace(solution, coefficients=potential.coefficients)
    return replace(potential, coefficients=repelling(here, beside, shortest, reference).coefficients)


@dataclass(frozen=True, kw_only=True)
class BesideNetworks(RowSource):
    """Rows of the linear coefficients, with what networks say taken off the labels."""

    networks: Potential

    def design(self, frames: Sequence[Frame]) -> tuple[F64, F64]:
        """Rows of `frames`, and what the repulsion and the networks say."""
        rows, baseline = super().design(frames)
        return rows, baseline + predicted_rows(self.networks.evaluator(), frames, self.num_threads)
