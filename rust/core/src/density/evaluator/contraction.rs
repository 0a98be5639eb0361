//! Contraction of a program with linear coefficients: weights of monomials instead of functions.
//!
//! `Σ_k c_k B_k = Σ_q (Cᵀ c)_q M_q`. A monomial and its conjugate (m → −m) have the same real part and are
//! merged; monomials of weight 0 and entries of the one-particle basis without a monomial are dropped.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::density::dag::Monomial;
use crate::density::program::{Center, OneParticle};
use crate::error::{Error, Result};

/// The linear model of one centre species.
#[derive(Debug)]
pub struct Contraction {
    /// One-particle entries in use, sorted by neighbor species, l, channel, m.
    pub inputs: Vec<OneParticle>,
    /// Index of the entry with −m.
    pub conjugate: Vec<u32>,
    /// Products of ascending inputs, no two equal or conjugate to each other.
    pub monomials: Vec<Monomial>,
    /// Coefficients of the pair channels towards each neighbor species.
    pub pair: Vec<Vec<f64>>,
}

impl Contraction {
    /// Contracts the features of `center` with their coefficients.
    ///
    /// # Errors
    /// [`Error::Length`] for another number of coefficients, [`Error::Setting`] if the one-particle basis
    /// is not closed under m → −m.
    pub fn new(center: &Center, coefficients: &[f64]) -> Result<Self> {
        if coefficients.len() != center.n_features() {
            return Err(Error::Length {
                what: "coefficients of one element",
                expected: center.n_features(),
                got: coefficients.len(),
            });
        }
        let n_species = center.radial.len();
        let (pair, many) = coefficients.split_at(n_species * center.n_pair);
        let mut weights = vec![0.0; center.monomials.len()];
        for (terms, c) in center.functions.iter().zip(many) {
            for &(q, coefficient) in terms {
                weights[q as usize] += coefficient * c;
            }
        }
        let conjugate = conjugates(&center.one_particle)?;
        let mut merged: BTreeMap<Vec<u32>, f64> = BTreeMap::new();
        for (factors, weight) in center.monomials.iter().zip(weights) {
            let mut flipped: Vec<u32> = factors.iter().map(|&v| conjugate[v as usize]).collect();
            flipped.sort_unstable();
            *merged.entry(flipped.min(factors.to_vec())).or_default() += weight;
        }
        merged.retain(|_, weight| *weight != 0.0);
        let used: BTreeSet<(u16, u8, u16, i8, u32)> = merged
            .keys()
            .flatten()
            .flat_map(|&v| [v, conjugate[v as usize]])
            .map(|v| {
                let a = center.one_particle[v as usize];
                (a.species, a.l, a.channel, a.m, v)
            })
            .collect();
        let mut position = vec![u32::MAX; center.one_particle.len()];
        for (k, &(.., v)) in used.iter().enumerate() {
            position[v as usize] = k as u32;
        }
        let monomials = merged
            .into_iter()
            .map(|(factors, weight)| {
                let mut factors: Vec<u32> = factors.into_iter().map(|v| position[v as usize]).collect();
                factors.sort_unstable();
                (factors, weight)
            })
            .collect();
        Ok(Self {
            inputs: used.iter().map(|&(.., v)| center.one_particle[v as usize]).collect(),
            conjugate: used.iter().map(|&(.., v)| position[conjugate[v as usize] as usize]).collect(),
            monomials,
            pair: (0..n_species).map(|z| pair[z * center.n_pair..(z + 1) * center.n_pair].to_vec()).collect(),
        })
    }
}

/// Index of the entry with −m of every entry.
fn conjugates(one_particle: &[OneParticle]) -> Result<Vec<u32>> {
    let index: HashMap<OneParticle, u32> = one_particle.iter().zip(0..).map(|(v, k)| (*v, k)).collect();
    one_particle
        .iter()
        .map(|v| {
            index.get(&OneParticle { m: -v.m, ..*v }).copied().ok_or_else(|| Error::Setting {
                name: "program",
                reason: format!("the one-particle basis has {v:?} but not its conjugate"),
            })
        })
        .collect()
}
