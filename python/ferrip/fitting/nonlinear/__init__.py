"""Training of embedded densities (Finnis–Sinclair-type ACE).

The energy of an atom is a sum of functions of densities that are linear in the features,

    E_i = E0 + Σ_p w_p f(ρ_ip; m_p),      ρ_ip = Σ_k c_pk B_ik,

with f of ML-PACE in shifted and scaled form (f(ρ; 1) = ρ; `rust/core/src/density/readout.rs`). The loss is that of the
linear fit, the sum of the weighted squared errors of energies, forces and virials and the smoothness prior λ ‖Γ c‖².
Its derivatives in the coefficients are exact: with x a position or strain component,

    ∂E/∂c_pk    = Σ_i f_p' B_ik,
    ∂²E/∂x∂c_pk = Σ_i [ f_p' ∂B_ik/∂x + f_p'' B_ik ∂ρ_ip/∂x ],

which are weighted sums of the gradient rows that the linear design matrix has anyway
(`_core.Descriptor.embedded_design`). A Gauss–Newton step from c₀ is therefore a linear fit with P times the columns
of the errors y − E(c₀); weights and λ are those of the linear potential. The rows stream into the normal equations
(`linearization`), in which those of frames without an element take part with their own columns alone. The step is
damped (Levenberg–Marquardt); the damping is searched with the true loss of the fast evaluator, which costs a small part
of a linearisation; the linear density is eliminated once for all of them. The ladder frees the functions rung by rung,
so that most iterations have few columns. The posterior of the last linearisation (Laplace approximation) gives
uncertainties.

Sources: Lysogorskiy et al., doi:10.1038/s41524-021-00559-9; Bochkarev et al., doi:10.1103/PhysRevMaterials.6.013804;
Marquardt, doi:10.1137/0111030.
"""

from ferrip.fitting.nonlinear.densities import EMBEDDING, Densities, Terms
from ferrip.fitting.nonlinear.result import embedded_potential
from ferrip.fitting.nonlinear.settings import TrainingSettings
from ferrip.fitting.nonlinear.train import Trained, Trainer

__all__ = ["EMBEDDING", "Densities", "Terms", "Trained", "Trainer", "TrainingSettings", "embedded_potential"]
