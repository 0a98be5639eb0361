//! Contraction of a program with its readout: weights of monomials instead of functions.
//!
//! `ρ_p = Σ_k c_pk B_k = Σ_q (c_p C)_q M_q`. Monomials without a weight and entries of the one-particle basis without a
//! monomial are dropped.

use crate::density::program::Center;
use crate::density::readout::CenterReadout;

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
    /// Contracts the features of `center`, whose products are `distinct`, with the densities of its readout; with
    /// `all`, monomials without a weight stay.
    pub fn new(center: &Center, readout: &CenterReadout, distinct: &Distinct, all: bool) -> Self {
        let n_pair = center.radial.len() * center.n_pair;
        let n_densities = readout.densities.len();
        let mut weights = vec![0.0; distinct.factors.len() * n_densities];
        for (p, density) in readout.densities.iter().enumerate() {
            for (terms, c) in center.functions.iter().zip(&density[n_pair..]) {
                for &(q, coefficient) in terms {
                    weights[distinct.of[q as usize] as usize * n_densities + p] += coefficient * c;
                }
            }
        }
        let used = |own: &[f64]| all || own.iter().any(|w| *w != 0.0);
        let inputs = Inputs::new(center, distinct, |q| used(&weights[q * n_densities..][..n_densities]));
        let kept = weights.chunks_exact(n_densities.max(1)).filter(|own| used(own));
        let weights = kept.flatten().copied().collect();
        let pair = readout.densities.iter().map(|density| density[..n_pair].to_vec()).collect();
        Self { inputs, weights, pair }
    }
}
