//! From settings to a program of the density engine.

use std::collections::HashMap;
use std::sync::Arc;

use super::basis::{Factor, enumerate};
use super::coupling::{Invariants, invariants};
use super::settings::{AceSettings, MAX_FEATURES, PairSettings, SpeciesBasis};
use crate::density::{ANY_SPECIES, Center, OneParticle, Program, Radial, Ragged};
use crate::error::{Error, Result};
use crate::radial::{EmbeddedRadial, RadialBasis, RadialSettings, SwitchedRadial};

/// A compiled ACE basis.
#[derive(Debug)]
pub struct Ace {
    /// The program.
    pub program: Arc<Program>,
    /// Factors of each function of order ≥ 2, in the order of the program's functions (same for every
    /// centre); with an embedding their species are rows of its weights.
    pub functions: Vec<Vec<Factor>>,
    /// Number of pair functions per neighbor species.
    pub n_pair: usize,
    /// How factors depend on the neighbor's species.
    pub species: SpeciesBasis,
}

/// Compiles the settings.
///
/// # Errors
/// [`Error::Setting`] for settings out of range, [`Error::TooLarge`] for a basis beyond the limits.
pub fn compile(settings: &AceSettings) -> Result<Ace> {
    settings.check()?;
    let n_species = settings.elements.len();
    let mut builder = Builder::default();
    for factors in enumerate(settings)? {
        builder.add(&factors);
        let columns = n_species * builder.functions.len();
        if columns > MAX_FEATURES {
            return Err(Error::TooLarge { what: "number of features", size: columns, limit: MAX_FEATURES });
        }
    }
    let n_radial = builder.table.iter().map(|f| usize::from(f.n)).max().unwrap_or(0);
    let embedding = match &settings.species {
        SpeciesBasis::Resolved => None,
        SpeciesBasis::Embedded { weights, .. } => Some((weights, builder.embed())),
    };
    let n_channels = embedding.as_ref().map_or(n_radial, |(_, channels)| channels.len());
    let centers = settings
        .elements
        .iter()
        .map(|&z0| {
            let radial = settings
                .elements
                .iter()
                .enumerate()
                .map(|(species, &z)| {
                    let pair = &settings.pairs[&(z0.min(z), z0.max(z))];
                    let basis = radial_basis(settings, pair, n_radial)?;
                    let radial: Box<dyn Radial> = match &embedding {
                        None => Box::new(basis),
                        Some((weights, channels)) => {
                            let terms = channels.iter().map(|&(k, n)| (n, weights[k][species])).collect();
                            Box::new(EmbeddedRadial::new(basis, terms)?)
                        }
                    };
                    Ok(match pair.inner {
                        None => radial,
                        Some(switch) => Box::new(SwitchedRadial { radial, switch }),
                    })
                })
                .collect::<Result<_>>()?;
            Ok(Center {
                radial,
                n_channels,
                n_pair: settings.pair.n,
                one_particle: builder.one_particle.clone(),
                own: Vec::new(),
                monomials: builder.monomials.clone(),
                functions: builder.functions.clone(),
            })
        })
        .collect::<Result<_>>()?;
    let program = Program::new(settings.elements.clone(), centers)?;
    Ok(Ace {
        program: Arc::new(program),
        functions: builder.labels,
        n_pair: settings.pair.n,
        species: settings.species.clone(),
    })
}

/// The radial functions of one pair of species, `n_radial` of them for the products.
fn radial_basis(settings: &AceSettings, pair: &PairSettings, n_radial: usize) -> Result<RadialBasis> {
    let rows = &settings.radial_coefficients;
    let n = rows.first().map_or(n_radial, Vec::len);
    let many = RadialSettings { n, cutoff: pair.cutoff, ..settings.many_body };
    let own = RadialSettings { cutoff: pair.pair_cutoff, ..settings.pair };
    let basis = RadialBasis::new(pair.r0, many, own)?;
    if rows.is_empty() {
        return Ok(basis);
    }
    if rows.len() < n_radial {
        let reason = format!("expected {n_radial} rows, one per radial function, got {}", rows.len());
        return Err(Error::Setting { name: "radial_coefficients", reason });
    }
    basis.combined(&rows[..n_radial])
}

/// Collects the one-particle basis, monomials and functions.
#[derive(Default)]
struct Builder {
    table: Vec<Factor>,
    first: HashMap<Factor, u32>,
    one_particle: Vec<OneParticle>,
    monomials: Ragged<u32>,
    functions: Ragged<(u32, f64)>,
    labels: Vec<Vec<Factor>>,
    cache: HashMap<(Vec<u8>, Vec<usize>), Arc<Invariants>>,
}

impl Builder {
    /// Adds all functions of one multiset of factors.
    fn add(&mut self, factors: &[Factor]) {
        let l: Vec<u8> = factors.iter().map(|f| f.l).collect();
        let mut label = vec![0; factors.len()];
        for t in 1..factors.len() {
            label[t] = label[t - 1] + usize::from(factors[t] != factors[t - 1]);
        }
        let key = (l, label);
        let found = self.cache.entry(key).or_insert_with_key(|(l, label)| Arc::new(invariants(l, label)));
        let found = Arc::clone(found);
        if found.functions.is_empty() {
            return;
        }
        let base: Vec<u32> = factors.iter().map(|&f| self.first_of(f)).collect();
        let start = self.monomials.len() as u32;
        for m in &found.products {
            let mut v: Vec<u32> =
                base.iter().zip(m).zip(factors).map(|((&b, &m), f)| b + (f.l as i8 + m) as u32).collect();
            v.sort_unstable();
            self.monomials.push(v);
        }
        for row in &found.functions {
            let terms = row.iter().enumerate().filter(|(_, c)| **c != 0.0);
            self.functions.push(terms.map(|(q, &c)| (start + q as u32, c)));
            self.labels.push(factors.to_vec());
        }
    }

    /// Makes the species of every entry a channel of its radial functions, and every sum one over all
    /// species. Returns (row of the weights, radial function) of each channel.
    fn embed(&mut self) -> Vec<(usize, usize)> {
        let mut channels: Vec<(usize, usize)> =
            self.table.iter().map(|f| (usize::from(f.species), usize::from(f.n) - 1)).collect();
        channels.sort_unstable();
        channels.dedup();
        for entry in &mut self.one_particle {
            let channel = (usize::from(entry.species), usize::from(entry.channel));
            entry.channel = channels.partition_point(|c| *c < channel) as u16;
            entry.species = ANY_SPECIES;
        }
        channels
    }

    /// Index of the factor's entry with m = −l; its other m follow.
    fn first_of(&mut self, factor: Factor) -> u32 {
        if let Some(&k) = self.first.get(&factor) {
            return k;
        }
        let k = self.one_particle.len() as u32;
        let l = factor.l as i8;
        self.one_particle.extend((-l..=l).map(|m| OneParticle {
            species: factor.species,
            channel: factor.n - 1,
            l: factor.l,
            m,
        }));
        self.first.insert(factor, k);
        self.table.push(factor);
        k
    }
}
