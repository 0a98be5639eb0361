"""Learned radial functions: variable projection on a sample of the training data.

The radial functions are combinations `R_n = Σ_k θ_nk φ_k` of orthonormal functions φ. Energies are linear in the
coefficients c and polynomials in θ. With Φ(θ) the design matrix of c and `D = ∂(Φ c)/∂θ`, a step solves

    min ‖Φ c + D (θ − θ₀) − y‖² + λ ‖Γ c‖² + μ ‖S (θ − θ₀)‖²

for both: its θ is that of variable projection in Kaufman's form (c eliminated), because c enters without damping.
Every trial of a damping μ solves for c anew and counts by the loss that this reaches: with the c of the step itself
only tiny steps would lower it, as c has to follow θ to second order. λ and the weights are chosen on held-out blocks at
every point. Rows of θ are made orthonormal by triangular combinations, so that the prior of c keeps its meaning; these
leave every space of functions alone in which higher functions come with the lower ones.

A family may give cheaper problems whose functions are learned first (lower levels of MTP).

Sources: Golub, Pereyra, doi:10.1137/0710036; Kaufman, doi:10.1007/BF01932995.
"""

from ferrip.fitting.radials.learn import with_learned_radials
from ferrip.fitting.radials.rows import LearnsRadials

__all__ = ["LearnsRadials", "with_learned_radials"]
