//! From settings to a program of the density engine.

use std::sync::Arc;

use super::SoapSettings;
use crate::ace::Factor;
use crate::density::{ANY_SPECIES, Center, OneParticle, Program, Radial, Ragged};
use crate::error::{Error, Result};
use crate::radial::{Overlap, SoapRadial};

/// Most features over all elements.
const MAX_FEATURES: usize = 200_000;

/// A compiled power spectrum.
#[derive(Debug)]
pub struct Soap {
    /// The program.
    pub program: Arc<Program>,
    /// Both factors of each feature, the same for every centre; with an embedding their species are rows of its weights.
    pub functions: Vec<Vec<Factor>>,
}

/// Compiles the settings.
///
/// # Errors
/// [`Error::Setting`] for settings out of range, [`Error::TooLarge`] for too many features.
pub fn compile(settings: &SoapSettings) -> Result<Soap> {
    settings.check()?;
    let overlap =
        Overlap::new(settings.basis, settings.n_max, settings.l_max, settings.cutoff, settings.sigma)?;
    let n_species = settings.elements.len();
    let n_groups = settings.species_weights.as_ref().map_or(n_species, Vec::len);
    let sums = Sums { n_groups, n_max: settings.n_max, embedded: settings.species_weights.is_some() };
    let per_l = n_groups * settings.n_max;
    let size = n_species * (settings.l_max + 1) * per_l * (per_l + 1) / 2;
    if size > MAX_FEATURES {
        return Err(Error::TooLarge { what: "number of features", size, limit: MAX_FEATURES });
    }
    let spectrum = Spectrum::new(&sums, settings);
    let weights_of = |z: usize| match &settings.species_weights {
        None => vec![1.0],
        Some(rows) => rows.iter().map(|row| row[z]).collect(),
    };
    let (mut at_center, mut slope) = (vec![0.0; overlap.len()], vec![0.0; overlap.len()]);
    overlap.evaluate(0.0, &mut at_center, &mut slope);
    let center = |z0: usize| {
        let radial = (0..n_species).map(|z| {
            let (n, pair) = (settings.n_max, settings.pair.clone());
            let radial = SoapRadial::new(overlap.clone(), n, weights_of(z), settings.neighbors, pair);
            Box::new(radial) as Box<dyn Radial>
        });
        let own_groups = if sums.embedded { 0..n_groups } else { z0..z0 + 1 };
        let own = own_groups.zip(weights_of(z0)).flat_map(|(group, weight)| {
            let values = at_center[..settings.n_max].iter().enumerate();
            let scale = settings.center_weight * weight;
            values.map(move |(n, value)| (sums.first(group, 0, n), scale * value))
        });
        Center {
            radial: radial.collect(),
            n_channels: (settings.l_max + 1) * settings.n_max * if sums.embedded { n_groups } else { 1 },
            n_pair: settings.pair.centers.len(),
            one_particle: sums.entries(settings.l_max),
            own: own.collect(),
            monomials: spectrum.monomials.clone(),
            functions: spectrum.functions.clone(),
        }
    };
    let program = Program::new(settings.elements.clone(), (0..n_species).map(center).collect())?;
    Ok(Soap { program: Arc::new(program), functions: spectrum.labels })
}

/// Sums over neighbors: group (species, or row of weights) by group, then by l, n and m.
#[derive(Clone, Copy)]
struct Sums {
    n_groups: usize,
    n_max: usize,
    embedded: bool,
}

impl Sums {
    /// All entries.
    fn entries(&self, l_max: usize) -> Vec<OneParticle> {
        let mut entries = Vec::new();
        for l in 0..=l_max {
            for group in 0..self.n_groups {
                let (species, block) =
                    if self.embedded { (ANY_SPECIES, l * self.n_groups + group) } else { (group as u16, l) };
                for n in 0..self.n_max {
                    let channel = (block * self.n_max + n) as u16;
                    let order = -(l as i8)..=l as i8;
                    entries.extend(order.map(|m| OneParticle { species, channel, l: l as u8, m }));
                }
            }
        }
        entries
    }

    /// Index of the entry with m = −l; those with other m follow.
    fn first(&self, group: usize, l: usize, n: usize) -> u32 {
        let before = l * l * self.n_groups * self.n_max;
        (before + (group * self.n_max + n) * (2 * l + 1)) as u32
    }
}

/// Products of two sums.
#[derive(Default)]
struct Spectrum {
    monomials: Ragged<u32>,
    functions: Ragged<(u32, f64)>,
    labels: Vec<Vec<Factor>>,
}

impl Spectrum {
    fn new(sums: &Sums, settings: &SoapSettings) -> Self {
        let mut spectrum = Self::default();
        for first in 0..sums.n_groups {
            for second in first..sums.n_groups {
                for l in 0..=settings.l_max {
                    for n in 0..sums.n_max {
                        for other in if first == second { n } else { 0 }..sums.n_max {
                            spectrum.add(sums, l, [(first, n), (second, other)], settings.symmetric);
                        }
                    }
                }
            }
        }
        spectrum
    }

    /// `Σ_m A_m A'*_m = A_0 A'_0 + 2 Σ_{m>0} (−1)^m Re A_m A'_{−m}`, weighted.
    fn add(&mut self, sums: &Sums, l: usize, factors: [(usize, usize); 2], symmetric: bool) {
        let twice = if symmetric && factors[0] != factors[1] { 2.0_f64.sqrt() } else { 1.0 };
        let scale = twice * (8.0 / (2 * l + 1) as f64).sqrt() / 4.0;
        let [a, b] = factors.map(|(group, n)| sums.first(group, l, n) + l as u32);
        let start = self.monomials.len() as u32;
        for m in 0..=l as u32 {
            let (v, w) = (a + m, b - m);
            self.monomials.push([v.min(w), v.max(w)]);
        }
        let sign = |m: u32| if m % 2 == 0 { 1.0 } else { -1.0 };
        let count = |m: u32| if m == 0 { 1.0 } else { 2.0 };
        self.functions.push((0..=l as u32).map(|m| (start + m, scale * sign(m) * count(m))));
        let label =
            |(group, n): (usize, usize)| Factor { species: group as u16, n: n as u16 + 1, l: l as u8 };
        self.labels.push(factors.map(label).to_vec());
    }
}
