//! Contraction of a program with its readout: weights of monomials instead of functions.
//!
//! `ρ_p = Σ_k c_pk B_k = Σ_q (c_p C)_q M_q`. Monomials without a weight and entries of the one-particle basis without a
//! monomial are dropped.

use crate::density::program::Center;
use crate::density::readout::CenterReadout;
use crate::error::Result;

use super::distinct::{Distinct, Inputs};

/// The model of one centre species.
#[derive(Debug)]
pub struct Contraction {
    /// Entries and monomials in use.
    pub inputs: Inputs,
    /// Weights of the monomials, `[monomial][density]`.
    pub weights: Vec<f64>,
    /// Coefficients of the pair channels in each density, species by species.
    pub pair: Vec<Vec<f64>>,
}

impl Contraction {
    /// Contracts the features of `center` with the densities of its readout.
    ///
    /// # Errors
    /// Those of [`Distinct::new`].
    pub fn new(center: &Center, readout: &CenterReadout) -> Result<Self> {
        let n_pair = center.radial.len() * center.n_pair;
        let n_densities = readout.densities.len();
        let distinct = Distinct::new(center)?;
        let mut weights = vec![0.0; distinct.factors.len() * n_densities];
        for (p, density) in readout.densities.iter().enumerate() {
            for (terms, c) in center.functions.iter().zip(&density[n_pair..]) {
                for &(q, coefficient) in terms {
                    weights[distinct.of[q as usize] as usize * n_densities + p] += coefficient * c;
                }
            }
        }
        let used = |q: usize| weights[q * n_densities..][..n_densities].iter().any(|w| *w != 0.0);
        let inputs = Inputs::new(center, &distinct, used);
        let kept = weights.chunks_exact(n_densities.max(1)).filter(|own| own.iter().any(|w| *w != 0.0));
        let weights = kept.flatten().copied().collect();
        let pair = readout.densities.iter().map(|density| density[..n_pair].to_vec()).collect();
        Ok(Self { inputs, weights, pair })
    }
}
