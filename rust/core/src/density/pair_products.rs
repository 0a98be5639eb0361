//! Pair functions as products with an entry that the centre itself sets to 1, for heads that take all functions.
//!
//! ```text
//! B_{z,k} = A_1 A_{z,k},     A_1 = 1,     A_{z,k} = Σ_{j: z_j = z} P_k(r_j)
//! ```

use std::sync::Arc;

use super::program::{ANY_SPECIES, Center, OneParticle, Program, Radial, Ragged};
use crate::error::Result;

/// The same functions in the same order, none of them a pair function of the program.
///
/// # Errors
/// Those of [`Program::new`].
pub fn with_pair_products(program: &Arc<Program>) -> Result<Program> {
    let centers = (0..program.species().len()).map(|k| widened(program, k)).collect();
    Program::new(program.species().to_vec(), centers)
}

fn widened(program: &Arc<Program>, k: usize) -> Center {
    let center = &program.centers()[k];
    let (n_species, first) = (center.radial.len(), center.n_channels);
    let n_channels = first + center.n_pair_features() + 1;
    let radial = (0..n_species).map(|neighbor| {
        Box::new(Widened { program: Arc::clone(program), center: k, neighbor }) as Box<dyn Radial>
    });
    // neighbor species share vectors of lanes where sums are over all of them
    let shared = center.one_particle.iter().any(|v| v.species == ANY_SPECIES);
    let mut one_particle = center.one_particle.clone();
    let mut entry = |species: usize, channel: usize| {
        let species = if shared { ANY_SPECIES } else { species as u16 };
        one_particle.push(OneParticle { species, channel: channel as u16, l: 0, m: 0 });
        one_particle.len() as u32 - 1
    };
    let one = entry(0, n_channels - 1);
    let (mut monomials, mut functions) = (center.monomials.clone(), Ragged::default());
    for species in 0..n_species {
        for n in 0..center.n_pair {
            functions.push([(monomials.len() as u32, 1.0)]);
            monomials.push([one, entry(species, first + species * center.n_pair + n)]);
        }
    }
    center.functions.iter().for_each(|terms| functions.push(terms.iter().copied()));
    let own = center.own.iter().copied().chain([(one, 1.0)]).collect();
    Center { radial: radial.collect(), n_channels, n_pair: 0, one_particle, own, monomials, functions }
}

/// The channels of a program, its pair functions towards each species as further ones, and one that is 0.
#[derive(Debug)]
struct Widened {
    program: Arc<Program>,
    center: usize,
    neighbor: usize,
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
        for (out, of) in [(value, &v), (derivative, &d)] {
            out.fill(0.0);
            out[..n].copy_from_slice(&of[..n]);
            out[n + self.neighbor * pair..][..pair].copy_from_slice(&of[n..]);
        }
    }

    fn cutoff(&self) -> f64 {
        self.inner().1.cutoff()
    }

    fn kink(&self) -> f64 {
        self.inner().1.kink()
    }
}
