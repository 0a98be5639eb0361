"""Starts of a training: never worse than the linear potential, also for molecules and wild atomic energies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.emt import EMT

import ferrip
from ferrip.data import Frame
from ferrip.fitting.nonlinear import Densities
from ferrip.fitting.nonlinear.loss import WeightedLabels
from ferrip.fitting.nonlinear.start import Start
from ferrip.fitting.problem import Problem, prepare
from ferrip.fitting.settings import FitSettings
from ferrip.models import family
from ferrip.models.ace import AceSettings

TERMS = ((1.0, 1.0), (1.0, 0.5))
WEIGHTS = {"energy": 15.0, "forces": 1.0, "virial": 0.0}
E0 = {"H": 1.0, "C": 2.0, "O": 2.0}
BASIS = {"degrees": (4.0, 2.5), "n_pair": 6, "shape": "wide"}


@pytest.fixture(scope="module")
def ethanol() -> list[Frame]:
    """Distorted molecules with the energies of the effective medium theory."""
    rng = np.random.default_rng(11)
    frames = []
    for k in range(40):
        atoms: Atoms = molecule("CH3CH2OH")
        atoms.positions += 0.08 * rng.normal(size=atoms.positions.shape)
        atoms.calc = EMT()
        frames.append(
            Frame(
                numbers=atoms.numbers,
                positions=atoms.positions,
                cell=np.zeros((3, 3)),
                pbc=np.zeros(3, bool),
                energy=float(atoms.get_potential_energy()),
                forces=atoms.get_forces(),
                source="synthetic",
                index=k,
            )
        )
    return frames


@pytest.fixture(scope="module")
def problem(ethanol: list[Frame]) -> Problem:
    return prepare(family("ace"), "small", FitSettings(e0=E0), AceSettings(**BASIS), ethanol, 1)


def start_of(problem: Problem, terms: tuple[tuple[float, float], ...]) -> Start:
    labels = WeightedLabels.of(problem.source, problem.frames, WEIGHTS)
    return Start(source=problem.source, labels=labels, terms=terms, penalised=lambda _: 0.0)


def linear_coefficients(problem: Problem, size: float) -> np.ndarray:
    """Some linear potential whose atomic energies are of the given size."""
    rng = np.random.default_rng(4)
    coefficients = rng.normal(size=problem.source.descriptor.n_features)
    rms = np.sqrt(np.mean(problem.source.descriptor.values(problem.frames[0].structure) ** 2, axis=0))
    return size * coefficients / np.maximum(rms, 1e-6) / np.sqrt(len(rms))


@pytest.mark.parametrize("repulsion", ["zbl", "none"])
def test_molecules_are_fitted_better_than_by_the_linear_potential(
    ethanol: list[Frame], repulsion: str
) -> None:
    common = {**BASIS, "e0": E0, "cutoff": 4.5, "repulsion": repulsion, "num_threads": 1, "progress": False}
    linear = ferrip.fit(ethanol, model="ace", pair_cutoff=4.5, uncertainty=False, **common)
    trained = ferrip.fit(ethanol, model="ace-fs", iterations=2, uncertainty=False, **common)
    report = trained.metadata["fit"]["training"]
    assert report["squared_error"] <= report["linear_squared_error"]
    errors = [p.metadata["metrics"]["train"]["forces"]["rmse_meV_per_A"] for p in (trained, linear)]
    assert errors[0] <= errors[1] * (1 + 1e-6)


@pytest.mark.parametrize("size", [0.1, 1.0, 1000.0])
def test_curved_densities_are_of_a_size_of_their_own(problem: Problem, size: float) -> None:
    linear = linear_coefficients(problem, size)
    first = start_of(problem, TERMS).curved(linear, 1.0)[1] / linear
    np.testing.assert_allclose(first, first[0])
    again = start_of(problem, TERMS).curved(10 * linear, 1.0)[1] / linear
    np.testing.assert_allclose(again, first)


def test_the_best_of_what_was_reached(problem: Problem) -> None:
    linear = linear_coefficients(problem, 1.0)
    start = start_of(problem, TERMS)
    reached = np.stack([linear, 0.3 * linear])
    densities = Densities(terms=TERMS, coefficients=reached, free=np.ones(reached.shape, bool))
    evaluator = densities.evaluator(problem.source.descriptor, problem.source.repulsion)
    frames = []
    for frame in problem.frames:
        energies, forces, _ = evaluator.compute(frame.structure, 1)
        offset = sum(problem.source.e0[int(z)] for z in frame.numbers)
        frames.append(replace(frame, energy=float(energies.sum()) + offset, forces=forces))
    exact = replace(start, labels=WeightedLabels.of(problem.source, frames, WEIGHTS))
    assert exact.best([start.alone(linear), reached, start.curved(linear, 3.0)]) is reached
    assert exact.loss(reached) < 1e-12


def test_a_single_density_starts_from_the_linear_potential(problem: Problem) -> None:
    linear = linear_coefficients(problem, 1.0)
    np.testing.assert_array_equal(start_of(problem, ((1.0, 1.0),)).curved(linear, 1.0), linear[None])
