//! From a model of ML-PACE to a program of the density engine and its readout.
//!
//! Rank-1 terms are pair functions already contracted with their coefficients: one pair channel per density,
//! and one more for ρ_core. Functions of higher rank become canonical monomials with coefficient 1 (factors
//! sorted, a product and its conjugate joined, repetitions added), whose coefficients go into the readout.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ace::Factor;
use crate::density::readout::{CenterReadout, CoreRepulsion, CoreSwitch, Embedding, Readout, Term};
use crate::density::{Center, OneParticle, Program, Radial, Ragged};
use crate::error::Result;

use super::model::{Bond, InnerCutoff, PaceModel};
use super::repulsion::Repulsion;

/// A compiled potential.
#[derive(Debug)]
pub struct Compiled {
    /// The program.
    pub program: Arc<Program>,
    /// The readout.
    pub readout: Readout,
    /// Factors of each function of order ≥ 2 of each centre species.
    pub functions: Vec<Vec<Vec<Factor>>>,
}

/// Compiles a model.
///
/// # Errors
/// Those of [`PaceModel::check`], [`Program::new`] and [`Readout::new`].
pub fn compile(model: &PaceModel) -> Result<Compiled> {
    model.check()?;
    let mut order: Vec<usize> = (0..model.elements.len()).collect();
    order.sort_by_key(|&k| model.elements[k]);
    let mut species = vec![0; order.len()]; // index among the ascending elements
    for (k, &element) in order.iter().enumerate() {
        species[element] = k as u16;
    }
    let (mut centers, mut readouts, mut functions) = (Vec::new(), Vec::new(), Vec::new());
    for &element in &order {
        let compiler = CenterCompiler { model, element, order: &order, species: &species };
        let (center, readout, labels) = compiler.compile();
        centers.push(center);
        readouts.push(readout);
        functions.push(labels);
    }
    let program = Program::new(order.iter().map(|&k| model.elements[k]).collect(), centers)?;
    let readout = Readout::new(&program, readouts)?;
    Ok(Compiled { program: Arc::new(program), readout, functions })
}

/// One factor of a product: species, l, radial channel, m. Its order is that of the one-particle basis.
type Key = (u16, u8, u16, i8);

struct CenterCompiler<'a> {
    model: &'a PaceModel,
    element: usize,
    order: &'a [usize],
    species: &'a [u16],
}

impl CenterCompiler<'_> {
    fn compile(&self) -> (Center, CenterReadout, Vec<Vec<Factor>>) {
        let embedding = &self.model.embeddings[self.element];
        let n_densities = embedding.terms.len();
        let channels = self.channels();
        let products = self.products(&channels);
        let has_core = self.has_core();
        let n_pair = n_densities + usize::from(has_core);
        let radial: Vec<Box<dyn Radial>> = self
            .order
            .iter()
            .map(|&neighbor| Box::new(self.radial(neighbor, &channels, has_core)) as Box<dyn Radial>)
            .collect();

        let entries: BTreeSet<Key> =
            products.keys().flatten().flat_map(|&key| [key, conjugate(key)]).collect();
        let index: BTreeMap<Key, u32> = entries.iter().zip(0..).map(|(&key, k)| (key, k)).collect();
        let one_particle =
            entries.iter().map(|&(species, l, channel, m)| OneParticle { species, channel, l, m }).collect();
        let (mut monomials, mut functions) = (Ragged::default(), Ragged::default());
        let mut labels = Vec::with_capacity(products.len());
        let n_features = radial.len() * n_pair + products.len();
        let mut densities = vec![vec![0.0; n_features]; n_densities];
        for (p, density) in densities.iter_mut().enumerate() {
            density[..radial.len() * n_pair].iter_mut().skip(p).step_by(n_pair).for_each(|c| *c = 1.0);
        }
        for (q, (factors, coefficients)) in products.iter().enumerate() {
            monomials.push(factors.iter().map(|key| index[key]));
            functions.push([(q as u32, 1.0)]);
            let factor = |&(species, l, channel, _): &Key| Factor {
                l,
                n: channels[usize::from(channel)].0 as u16 + 1,
                species,
            };
            labels.push(factors.iter().map(factor).collect());
            for (density, c) in densities.iter_mut().zip(coefficients) {
                density[radial.len() * n_pair + q] = *c;
            }
        }
        let core = has_core.then(|| {
            let mut coefficients = vec![0.0; radial.len() * n_pair];
            coefficients.iter_mut().skip(n_densities).step_by(n_pair).for_each(|c| *c = 1.0);
            CoreRepulsion { coefficients, switch: self.core_switch() }
        });
        let terms =
            embedding.terms.iter().map(|&(prefactor, exponent)| Term { prefactor, exponent }).collect();
        let readout = CenterReadout {
            e0: self.model.e0[self.element],
            densities,
            embedding: Embedding::FinnisSinclair { terms, variant: embedding.variant },
            core,
        };
        let n_channels = channels.len();
        (
            Center { radial, n_channels, n_pair, one_particle, own: Vec::new(), monomials, functions },
            readout,
            labels,
        )
    }

    fn bond(&self, neighbor: usize) -> &Bond {
        &self.model.bonds[self.element * self.model.elements.len() + neighbor]
    }

    /// What switches the embedding off.
    fn core_switch(&self) -> CoreSwitch {
        if self.nearest_switches() {
            let range = |&neighbor: &usize| {
                let bond = self.bond(neighbor);
                [bond.inner_cutoff - bond.inner_width, bond.inner_width]
            };
            return CoreSwitch::Nearest { ranges: self.order.iter().map(range).collect() };
        }
        let embedding = &self.model.embeddings[self.element];
        let drho_cut = embedding.drho_cut.max(f64::MIN_POSITIVE);
        CoreSwitch::Density { rho_cut: embedding.rho_cut, drho_cut }
    }

    /// Whether the distance of the nearest neighbor switches; bonds have one kind of inner cutoff.
    fn nearest_switches(&self) -> bool {
        self.bond(self.element).inner_kind == InnerCutoff::Zbl
    }

    /// Whether ρ_core matters: a repulsion, or a switch that is not fully open at ρ_core = 0.
    fn has_core(&self) -> bool {
        let embedding = &self.model.embeddings[self.element];
        let repulsive = |&neighbor: &usize| self.bond(neighbor).core_prefactor != 0.0;
        let closed = embedding.rho_cut - embedding.drho_cut < 0.0;
        self.nearest_switches() || closed || self.order.iter().any(repulsive)
    }

    /// Radial functions (n from 0, l) of the products.
    fn channels(&self) -> Vec<(usize, usize)> {
        let own = self.model.functions[self.element].iter().filter(|f| f.rank() > 1);
        let used: BTreeSet<(usize, usize)> =
            own.flat_map(|f| f.ls.iter().zip(&f.ns).map(|(&l, &n)| (l, n - 1))).collect();
        used.into_iter().map(|(l, n)| (n, l)).collect()
    }

    /// Coefficients per density of each canonical product.
    fn products(&self, channels: &[(usize, usize)]) -> BTreeMap<Vec<Key>, Vec<f64>> {
        let channel: BTreeMap<(usize, usize), u16> =
            channels.iter().zip(0..).map(|(&nl, k)| (nl, k)).collect();
        let n_densities = self.model.embeddings[self.element].terms.len();
        let mut products: BTreeMap<Vec<Key>, Vec<f64>> = BTreeMap::new();
        for function in self.model.functions[self.element].iter().filter(|f| f.rank() > 1) {
            let rank = function.rank();
            for (ms, c) in function.ms.chunks_exact(rank).zip(function.coefficients.chunks_exact(n_densities))
            {
                let mut factors: Vec<Key> = (0..rank)
                    .map(|t| {
                        let (n, l) = (function.ns[t] - 1, function.ls[t]);
                        (self.species[function.elements[t]], l as u8, channel[&(n, l)], ms[t])
                    })
                    .collect();
                factors.sort_unstable();
                let mut mirrored: Vec<Key> = factors.iter().map(|&key| conjugate(key)).collect();
                mirrored.sort_unstable();
                let sums = products.entry(factors.min(mirrored)).or_insert_with(|| vec![0.0; n_densities]);
                sums.iter_mut().zip(c).for_each(|(sum, c)| *sum += c);
            }
        }
        products.retain(|_, sums| sums.iter().any(|sum| *sum != 0.0));
        products
    }

    fn radial(&self, neighbor: usize, channels: &[(usize, usize)], has_core: bool) -> PaceRadial {
        let bond = self.bond(neighbor);
        let n_base = self.model.n_base();
        let padded = |given: &[f64]| -> Vec<f64> {
            given.iter().copied().chain(std::iter::repeat(0.0)).take(n_base).collect()
        };
        let mut rows: Vec<Vec<f64>> =
            channels.iter().map(|&(n, l)| padded(bond.radial_coefficients(n, l))).collect();
        for p in 0..self.model.embeddings[self.element].terms.len() {
            let mut row = vec![0.0; n_base];
            let pairs = self.model.functions[self.element].iter().filter(|f| f.rank() == 1);
            for function in pairs.filter(|f| f.elements[0] == neighbor) {
                row[function.ns[0] - 1] += function.coefficients[p];
            }
            rows.push(row);
        }
        let [z1, z2] = [self.element, neighbor].map(|k| self.model.elements[k]);
        PaceRadial {
            bond: bond.clone(),
            n_base,
            rows: rows.concat(),
            core: has_core.then(|| bond.repulsion(z1, z2)),
            floor: self.model.bin_width,
        }
    }
}

fn conjugate((species, l, channel, m): Key) -> Key {
    (species, l, channel, -m)
}

/// Radial functions of a bond: channels, then the rank-1 terms of each density, then ρ_core.
#[derive(Debug, Clone)]
struct PaceRadial {
    bond: Bond,
    n_base: usize,
    /// Coefficients of the basis functions, one row per function.
    rows: Vec<f64>,
    core: Option<Repulsion>,
    /// Distance (Å) below which the core repulsion goes on linearly: the first node of ML-PACE's table, below
    /// which ML-PACE stops with an error.
    floor: f64,
}

impl Radial for PaceRadial {
    fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        let (mut base, mut slope) = (vec![0.0; self.n_base], vec![0.0; self.n_base]);
        self.bond.evaluate_base(r, &mut base, &mut slope);
        let dot = |row: &[f64], with: &[f64]| -> f64 { row.iter().zip(with).map(|(c, g)| c * g).sum() };
        for (k, row) in self.rows.chunks_exact(self.n_base.max(1)).enumerate() {
            value[k] = dot(row, &base);
            derivative[k] = dot(row, &slope);
        }
        if let (Some(core), Some(v), Some(d)) = (self.core, value.last_mut(), derivative.last_mut()) {
            let (at, rate) = core.evaluate(r.max(self.floor));
            *v = at + rate * (r - self.floor).min(0.0);
            *d = rate;
        }
    }

    fn cutoff(&self) -> f64 {
        self.bond.base.cutoff
    }
}
