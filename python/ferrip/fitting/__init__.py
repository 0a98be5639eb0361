"""Fits: settings, streaming QR, ridge and Bayesian ridge, training of densities, and the `fit` driver."""

from ferrip.fitting.driver import fit
from ferrip.fitting.interrupted import Interrupted
from ferrip.fitting.neural.settings import NeuralSettings
from ferrip.fitting.nonlinear import TrainingSettings
from ferrip.fitting.regressors import BayesianRidge, LinearFit, Regressor, Ridge
from ferrip.fitting.settings import FitSettings
from ferrip.fitting.sparse_gp import SparseGP
from ferrip.fitting.tsqr import LeastSquares, RFactor, combine
from ferrip.fitting.weights import Weights

__all__ = [
    "BayesianRidge",
    "FitSettings",
    "Interrupted",
    "LeastSquares",
    "LinearFit",
    "NeuralSettings",
    "RFactor",
    "Regressor",
    "Ridge",
    "SparseGP",
    "TrainingSettings",
    "Weights",
    "combine",
    "fit",
]
