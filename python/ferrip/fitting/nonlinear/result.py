"""The potential of a training."""

from __future__ import annotations

from ferrip.fitting.nonlinear.densities import EMBEDDING
from ferrip.fitting.nonlinear.train import Trained
from ferrip.fitting.problem import Problem
from ferrip.fitting.provenance import metadata, of_solution
from ferrip.potential import Potential
from ferrip.readout import Embedding


def embedded_potential(problem: Problem, trained: Trained) -> Potential:
    """The potential of trained densities, with the Laplace approximation of their posterior."""
    densities = trained.densities
    origin = metadata(problem, of_solution(trained.fit), trained.stress_note)
    origin["fit"] |= {"n_functions": problem.source.descriptor.n_features, "training": trained.report}
    embedding = Embedding(shape=EMBEDDING, terms=densities.terms)
    return problem.potential(trained.fit, origin, coefficients=densities.coefficients, embedding=embedding)
