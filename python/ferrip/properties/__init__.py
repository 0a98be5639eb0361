"""What a potential predicts: lattice constant, equation of state, elastic constants, vacancy, RDF, dimers."""

from ferrip.properties.dimer import DimerCurve, dimer_curve, dimer_curves
from ferrip.properties.elastic import CubicElastic, ElasticProcedure, cubic_elastic
from ferrip.properties.eos import EquationOfState, equation_of_state
from ferrip.properties.rdf import RadialDistribution, radial_distribution
from ferrip.properties.vacancy import vacancy_energy

__all__ = [
    "CubicElastic",
    "DimerCurve",
    "ElasticProcedure",
    "EquationOfState",
    "RadialDistribution",
    "cubic_elastic",
    "dimer_curve",
    "dimer_curves",
    "equation_of_state",
    "radial_distribution",
    "vacancy_energy",
]
