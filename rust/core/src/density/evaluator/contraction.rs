//! Contraction of a program with its readout: weights of monomials instead of functions.
//!
//! `ρ_p = Σ_k c_pk B_k = Σ_q (c_p C)_q M_q`. A monomial and its conjugate (m → −m) have the same real part and are
//! merged; monomials without a weight and entries of the one-particle basis without a monomial are dropped.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::density::dag::Monomial;
use crate::density::program::{Center, OneParticle};
use crate::density::readout::CenterReadout;
use crate::error::{Error, Result};

/// The model of one centre species.
#[derive(Debug)]
pub struct Contraction {
    /// One-particle entries in use, sorted by neighbor species, l, channel, m.
    pub inputs: Vec<OneParticle>,
    /// Index of the entry with −m.
    pub conjugate: Vec<u32>,
    /// Products of ascending inputs, no two equal or conjugate to each other.
    pub monomials: Vec<Monomial>,
    /// Coefficients of the pair channels in each density, species by species.
    pub pair: Vec<Vec<f64>>,
}

impl Contraction {
    /// Contracts the features of `center` with the densities of its readout.
    ///
    /// # Errors
    /// [`Error::Setting`] if the one-particle basis is not closed under m → −m.
    pub fn new(center: &Center, readout: &CenterReadout) -> Result<Self> {
        let n_pair = center.radial.len() * center.n_pair;
        let n_densities = readout.densities.len();
        let mut weights = vec![0.0; center.monomials.len() * n_densities];
        for (p, density) in readout.densities.iter().enumerate() {
            for (terms, c) in center.functions.iter().zip(&density[n_pair..]) {
                for &(q, coefficient) in terms {
                    weights[q as usize * n_densities + p] += coefficient * c;
                }
            }
        }
        let conjugate = conjugates(&center.one_particle)?;
        let mut merged: BTreeMap<Vec<u32>, Vec<f64>> = BTreeMap::new();
        for (factors, weights) in center.monomials.iter().zip(weights.chunks_exact(n_densities)) {
            let mut flipped: Vec<u32> = factors.iter().map(|&v| conjugate[v as usize]).collect();
            flipped.sort_unstable();
            let sums = merged.entry(flipped.min(factors.to_vec())).or_insert_with(|| vec![0.0; n_densities]);
            sums.iter_mut().zip(weights).for_each(|(sum, w)| *sum += w);
        }
        merged.retain(|_, weights| weights.iter().any(|w| *w != 0.0));
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
            .map(|(factors, weights)| {
                let mut factors: Vec<u32> = factors.into_iter().map(|v| position[v as usize]).collect();
                factors.sort_unstable();
                Monomial { factors, weights }
            })
            .collect();
        Ok(Self {
            inputs: used.iter().map(|&(.., v)| center.one_particle[v as usize]).collect(),
            conjugate: used.iter().map(|&(.., v)| position[conjugate[v as usize] as usize]).collect(),
            monomials,
            pair: readout.densities.iter().map(|density| density[..n_pair].to_vec()).collect(),
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
