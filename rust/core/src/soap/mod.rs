//! SOAP: the power spectrum of the neighbor density as a program of the density engine.
//!
//! ```text
//! p^{zz'}_{nn'l} = ¼ √(8 / (2l + 1)) w_{nn'} Σ_m A_{znlm} A*_{z'n'lm},
//! A_{znlm} = a_{zn} δ_{l0} + Σ_{j: z_j = z} R_nl(r_j) Y_lm(r̂_j)
//! ```
//!
//! with the overlaps R of [`crate::radial::Overlap`]; a is the density of the centre itself. Only pairs (z, n) ≤ (z', n')
//! are kept, in the order z, z', l, n, n'. With `symmetric` those of two different sums weigh √2, so that dot products
//! are those of all pairs; without, the features are those of `DScribe`. Pair functions are Gaussians of the distance.
//! Sources: Bartók, Kondor, Csányi, DOI 10.1103/PhysRevB.87.184115; Himanen et al., DOI 10.1016/j.cpc.2019.106949.

mod compile;

use crate::error::{Error, Result};
use crate::radial::{Gaussians, NeighborWeight, OverlapBasis};

pub use compile::{Soap, compile};

/// Settings of a power spectrum.
#[derive(Debug, Clone, PartialEq)]
pub struct SoapSettings {
    /// Atomic numbers, ascending.
    pub elements: Vec<u8>,
    /// Orthonormal radial functions.
    pub basis: OverlapBasis,
    /// Radial functions per l.
    pub n_max: usize,
    /// Largest l.
    pub l_max: usize,
    /// Å, cutoff that the radial functions are made for.
    pub cutoff: f64,
    /// What neighbors weigh; they end to count beyond `cutoff` for the padding of `DScribe`.
    pub neighbors: NeighborWeight,
    /// Width σ of the Gaussians that stand for atoms, Å.
    pub sigma: f64,
    /// Weight of the centre's own Gaussian.
    pub center_weight: f64,
    /// Whether dot products of features are those of all pairs of sums.
    pub symmetric: bool,
    /// Rows of weights, one entry per element: sums over all neighbors, weighted by their species, in place of one
    /// sum per species.
    pub species_weights: Option<Vec<Vec<f64>>>,
    /// Pair functions.
    pub pair: Gaussians,
}

impl SoapSettings {
    /// # Errors
    /// [`Error::Setting`] for numbers out of range.
    fn check(&self) -> Result<()> {
        self.neighbors.check()?;
        if !self.pair.centers.is_empty() {
            self.pair.check()?;
        }
        if !self.center_weight.is_finite() {
            let reason = format!("expected a finite number, got {}", self.center_weight);
            return Err(Error::Setting { name: "center_weight", reason });
        }
        let n = self.elements.len();
        let rows = self.species_weights.iter().flatten();
        if self.species_weights.as_ref().is_some_and(Vec::is_empty)
            || rows.into_iter().any(|row| row.len() != n || row.iter().any(|w| !w.is_finite()))
        {
            let reason = format!("expected rows of {n} finite weights");
            return Err(Error::Setting { name: "species_weights", reason });
        }
        Ok(())
    }
}
