"""Learned radial functions of the products: variable projection on a sample of the training data.

The radial functions are combinations `R_n = Σ_k θ_nk φ_k` of the orthonormal functions φ of the distance transform,
with the same θ for all pairs of species (whose distances the transform scales). Energies are linear in the
coefficients c and polynomials in θ. With Φ(θ) the design matrix of c and `D = ∂(Φ c)/∂θ`, a step solves

    min ‖Φ c + D (θ − θ₀) − y‖² + λ ‖Γ c‖² + μ ‖S (θ − θ₀)‖²

for both: its θ is that of variable projection in Kaufman's form (c eliminated), because c enters without damping.
Every trial of a damping μ solves for c anew, with λ chosen on held-out blocks; it counts by its held-out error, which
also ends the learning. Rows of θ are kept orthonormal, so that the prior of c keeps its meaning.

Sources: Golub, Pereyra, doi:10.1137/0710036; Kaufman, doi:10.1007/BF01932995.
"""

from ferrip.fitting.radials.learn import LearnsRadials, with_learned_radials

__all__ = ["LearnsRadials", "with_learned_radials"]
