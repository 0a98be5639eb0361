"""The potential of a training."""

from __future__ import annotations

from ferrip.fitting.nonlinear.densities import EMBEDDING
from ferrip.fitting.nonlinear.train import Trained
from ferrip.fitting.problem import Problem
from ferrip.fitting.provenance import metadata
from ferrip.potential import Potential
from ferrip.readout import Embedding


def embedded_potential(problem: Problem, trained: Trained) -> Potential:
    """The potential of trained densities, with the Laplace approximation of their posterior."""
    densities = trained.densities
    origin = metadata(problem, trained.fit, trained.stress_note)
    origin["fit"] |= {"n_functions": problem.source.descriptor.n_features, "training": trained.report}
    embedding = Embedding(shape=EMBEDDING, terms=densities.terms)
    return Potential(
        family=problem.family.name,
        descriptor=problem.source.descriptor,
        settings=problem.resolved,
        coefficients=densities.coefficients,
        e0=problem.source.e0,
        repulsion=problem.source.repulsion,
        metadata=origin,
        posterior_factor=trained.fit.posterior_factor if problem.settings.uncertainty else None,
        embeddings=dict.fromkeys(problem.source.descriptor.elements, embedding),
    )
