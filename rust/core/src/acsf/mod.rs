//! Atom-centred symmetry functions (ACSF): explicit sums over the pairs and triplets of one centre.
//!
//! ```text
//! G2 = Σ_j w_j exp(−η (r_ij − R_s)²) f(r_ij)
//! G4 = 2^{1−ζ} Σ_{j<k} w_j w_k (1 + λ cos θ)^ζ exp(−η (r_ij² + r_ik² + r_jk²)) f(r_ij) f(r_ik) f(r_jk)
//! G5 = 2^{1−ζ} Σ_{j<k} w_j w_k (1 + λ cos θ)^ζ exp(−η (r_ij² + r_ik²)) f(r_ij) f(r_ik)
//! ```
//!
//! with the angle θ of j and k at the centre. Without weights (w = 1) there is one set of G2 per neighbor species and one
//! of G4 and G5 per pair of species; rows of weights give one of each per row (wACSF). All functions depend on the
//! distances `r_ij`, `r_ik` and `r_jk` alone, in which their derivatives are taken. Cost: number of angular functions times
//! half the square of the number of neighbors.
//! Sources: Behler, DOI 10.1063/1.3553717; Gastegger et al., DOI 10.1063/1.5019667.

mod descriptor;
mod design;
mod environment;
mod evaluator;
mod functions;
mod program;

use crate::error::{Error, Result};
use crate::radial::Fade;

pub use descriptor::Descriptor;
pub use program::{Label, Program};

/// Most neighbor groups times functions, over all elements.
const MAX_FEATURES: usize = 200_000;

/// A radial function G2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RadialFunction {
    /// η, Å⁻².
    pub eta: f64,
    /// `R_s`, Å.
    pub center: f64,
}

/// An angular function G4 or G5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AngularFunction {
    /// η, Å⁻².
    pub eta: f64,
    /// ζ ≥ 1.
    pub zeta: f64,
    /// λ, −1 to 1.
    pub lambda: f64,
}

/// Settings of symmetry functions.
#[derive(Debug, Clone, PartialEq)]
pub struct AcsfSettings {
    /// Atomic numbers, ascending.
    pub elements: Vec<u8>,
    /// Å
    pub cutoff: f64,
    /// f
    pub fade: Fade,
    /// G2
    pub g2: Vec<RadialFunction>,
    /// G4
    pub g4: Vec<AngularFunction>,
    /// G5
    pub g5: Vec<AngularFunction>,
    /// Rows of weights, one entry per element, in place of one set of functions per (pair of) species.
    pub species_weights: Option<Vec<Vec<f64>>>,
}

impl AcsfSettings {
    /// # Errors
    /// [`Error::Setting`] for numbers out of range.
    fn check(&self) -> Result<()> {
        let bad = |name, reason| Err(Error::Setting { name, reason });
        crate::elements::check_known(&self.elements)?;
        if !(self.cutoff.is_finite() && self.cutoff > 0.0) {
            return bad("cutoff", format!("expected a positive length in Å, got {}", self.cutoff));
        }
        for RadialFunction { eta, center } in &self.g2 {
            if !(eta.is_finite() && *eta >= 0.0 && center.is_finite()) {
                return bad("g2", format!("expected eta ≥ 0 and a finite distance, got ({eta}, {center})"));
            }
        }
        for (name, list) in [("g4", &self.g4), ("g5", &self.g5)] {
            for AngularFunction { eta, zeta, lambda } in list {
                let fine = eta.is_finite() && *eta >= 0.0 && (1.0..=1000.0).contains(zeta);
                if !(fine && (-1.0..=1.0).contains(lambda)) {
                    let reason = format!(
                        "expected eta ≥ 0, zeta of 1 to 1000 and lambda of −1 to 1, got ({eta}, {zeta}, {lambda})"
                    );
                    return bad(name, reason);
                }
            }
        }
        let n = self.elements.len();
        let rows = self.species_weights.iter().flatten();
        if self.species_weights.as_ref().is_some_and(Vec::is_empty)
            || rows.into_iter().any(|row| row.len() != n || row.iter().any(|w| !w.is_finite()))
        {
            return bad("species_weights", format!("expected rows of {n} finite weights"));
        }
        Ok(())
    }
}
