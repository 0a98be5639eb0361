"""Linear fits: settings, streaming QR, ridge and Bayesian ridge, and the `fit` driver."""

from ferrip.fitting.driver import Interrupted, fit
from ferrip.fitting.regressors import BayesianRidge, LinearFit, Regressor, Ridge
from ferrip.fitting.settings import FitSettings
from ferrip.fitting.tsqr import LeastSquares, RFactor, combine
from ferrip.fitting.weights import Weights

__all__ = [
    "BayesianRidge",
    "FitSettings",
    "Interrupted",
    "LeastSquares",
    "LinearFit",
    "RFactor",
    "Regressor",
    "Ridge",
    "Weights",
    "combine",
    "fit",
]
