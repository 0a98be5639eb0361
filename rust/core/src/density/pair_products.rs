//! Combinations of pair functions as products with an entry that the centre itself sets to 1, for heads that take them.
//!
//! ```text
//! B_j = A_1 A_j,     A_1 = 1,     A_j = Σ_z Σ_{i: z_i = z} Σ_k w_{j,zk} P_k(r_i)
//! ```

use std::sync::Arc;

use super::program::{ANY_SPECIES, Center, OneParticle, Program, Radial, Ragged};
use crate::error::Result;

/// The program with combinations of the pair functions of each centre, `[combination][pair function]`, before its
/// functions of order ≥ 2.
///
/// # Errors
/// Those of [`Program::new`].
pub fn with_pair_products(program: &Arc<Program>, combinations: &[Arc<[f64]>]) -> Result<Program> {
    let centers = combinations.iter().enumerate().map(|(k, weights)| widened(program, k, weights)).collect();
    Program::new(program.species().to_vec(), centers)
}

fn widened(program: &Arc<Program>, k: usize, weights: &Arc<[f64]>) -> Center {
    let center = &program.centers()[k];
    let (n_species, n_pair, first) = (center.radial.len(), center.n_pair, center.n_channels);
    let count = weights.len() / center.n_pair_features().max(1);
    let n_channels = first + count + 1;
    let radial = (0..n_species).map(|neighbor| {
        let (program, weights) = (Arc::clone(program), Arc::clone(weights));
        Box::new(Widened { program, center: k, neighbor, weights }) as Box<dyn Radial>
    });
    // neighbor species share vectors of lanes where sums are over all of them
    let shared = center.one_particle.iter().any(|v| v.species == ANY_SPECIES);
    let species: Vec<u16> = if shared { vec![ANY_SPECIES] } else { (0..n_species as u16).collect() };
    let mut one_particle = center.one_particle.clone();
    let mut entry = |species: u16, channel: usize| {
        one_particle.push(OneParticle { species, channel: channel as u16, l: 0, m: 0 });
        one_particle.len() as u32 - 1
    };
    let one = entry(species[0], n_channels - 1);
    let (mut monomials, mut functions) = (center.monomials.clone(), Ragged::default());
    for j in 0..count {
        let start = monomials.len() as u32;
        species.iter().for_each(|&species| monomials.push([one, entry(species, first + j)]));
        functions.push((start..monomials.len() as u32).map(|monomial| (monomial, 1.0)));
    }
    center.functions.iter().for_each(|terms| functions.push(terms.iter().copied()));
    let own = center.own.iter().copied().chain([(one, 1.0)]).collect();
    Center { radial: radial.collect(), n_channels, n_pair, one_particle, own, monomials, functions }
}

/// The channels of a program, combinations of its pair functions as further ones, one that is 0, and its pair functions.
#[derive(Debug)]
struct Widened {
    program: Arc<Program>,
    center: usize,
    neighbor: usize,
    weights: Arc<[f64]>,
}

impl Widened {
    fn inner(&self) -> (&Center, &dyn Radial) {
        let center = &self.program.centers()[self.center];
        (center, &*center.radial[self.neighbor])
    }
}

impl Radial for Widened {
    fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        let (center, inner) = self.inner();
        let (n, pair) = (center.n_channels, center.n_pair);
        let (mut v, mut d) = (vec![0.0; n + pair], vec![0.0; n + pair]);
        inner.evaluate(r, &mut v, &mut d);
        let own = self.neighbor * pair..(self.neighbor + 1) * pair;
        for (out, of) in [(value, &v), (derivative, &d)] {
            let (many, of_pairs) = of.split_at(n);
            let (front, back) = out.split_at_mut(out.len() - pair);
            let (channels, combined) = front.split_at_mut(n);
            channels.copy_from_slice(many);
            back.copy_from_slice(of_pairs);
            combined.fill(0.0);
            for (sum, row) in
                combined.iter_mut().zip(self.weights.chunks_exact(center.n_pair_features().max(1)))
            {
                *sum = row[own.clone()].iter().zip(of_pairs).map(|(w, p)| w * p).sum();
            }
        }
    }

    fn cutoff(&self) -> f64 {
        self.inner().1.cutoff()
    }

    fn kink(&self) -> f64 {
        self.inner().1.kink()
    }
}
