"""Which fits have so many columns that they solve normal equations, and what these fits leave out."""

from __future__ import annotations

from dataclasses import replace

from ferrip.errors import SettingsError
from ferrip.fitting.normal import MOST_TRIANGULAR, NormalEquations
from ferrip.fitting.problem import Problem
from ferrip.fitting.progress import Reporter
from ferrip.fitting.regressors import Ridge
from ferrip.models import EmbeddedFamily, NeuralFamily


def solves_normal_equations(problem: Problem) -> bool:
    """Whether a linear fit has too many columns for triangular factors."""
    linear = not isinstance(problem.family, EmbeddedFamily | NeuralFamily)
    return linear and problem.source.n_columns > MOST_TRIANGULAR


def normal_equations(problem: Problem, *, use_stress: bool) -> NormalEquations:
    """Empty normal equations with the weights, the prior and the λ of the settings.

    Raises
    ------
    SettingsError
        The settings want λ chosen in a way that needs all solutions at once.
    """
    regressor = problem.settings.regressor()
    n_columns = problem.source.n_columns
    by_folds = problem.settings.ridge_by == "folds" and problem.settings.solver == "ridge"
    if not isinstance(regressor, Ridge) or (regressor.ridge is None and not by_folds):
        raise SettingsError(
            f"solver: {n_columns} functions need solver='ridge' and ridge_by='folds', as all fits of more than "
            f"{MOST_TRIANGULAR} do"
        )
    weights = problem.weights(use_stress=use_stress)
    return NormalEquations(n_columns, weights, problem.prior, regressor.ridge or None)


def without_uncertainty(problem: Problem, reporter: Reporter) -> Problem:
    """The problem with a potential that does not keep its posterior, which would take p² numbers."""
    if not problem.settings.uncertainty:
        return problem
    reporter.note(f"uncertainty: left out, as for all fits of more than {MOST_TRIANGULAR} functions")
    return replace(problem, settings=problem.settings.model_copy(update={"uncertainty": False}))
