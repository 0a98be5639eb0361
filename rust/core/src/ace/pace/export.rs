//! From a program of the density engine with its readout to a model of ML-PACE.
//!
//! Radial channels and pair functions are expanded in `ChebPow` with λ = 1 ([`super::chebyshev`]); products keep
//! their complex one-particle basis, whose normalisation is that of ML-PACE. ML-PACE has one cutoff per bond, so a
//! model whose pair functions reach further than its products becomes two files, which LAMMPS adds up
//! (`pair_style hybrid/overlay`); that needs an energy that is linear in the pair functions. A switched ZBL
//! repulsion is no function of ML-PACE: below its end the export has ML-PACE's exponential repulsion instead.

use std::collections::BTreeMap;

use crate::density::program::ANY_SPECIES;
use crate::density::readout::{CenterReadout, Embedding as Shape, Readout, Variant};
use crate::density::{Center, Program, Radial};
use crate::elements::symbol;
use crate::error::{Error, Result};
use crate::pair::{Baseline, Form};

use super::chebyshev::{Expansion, expand};
use super::model::{Bond, Embedding, Function, InnerCutoff, PaceModel};
use super::radial::{RadialBase, RadialKind};

/// Width of the bins of ML-PACE's tables in exported files, Å.
const BIN_WIDTH: f64 = 0.001;
/// ρ_core beyond which the embedding is switched off, and the width of that switch, eV.
const CORE_SWITCH: [f64; 2] = [100_000.0, 250.0];
/// Energy (eV) that the exponential repulsion has left where ZBL ends.
const REST: f64 = 1e-10;

/// Exported files and what they do not express.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// The model; its energies are those of the potential, or of its products alone.
    pub model: PaceModel,
    /// The pair functions, where they reach further than the products.
    pub pair: Option<PaceModel>,
    /// Settings that ML-PACE cannot express, with what stands in their place.
    pub notes: Vec<String>,
}

/// Exports a potential.
///
/// # Errors
/// [`Error::Setting`] naming the setting that ML-PACE cannot express.
pub fn export(program: &Program, readout: &Readout, baseline: &Baseline) -> Result<Export> {
    let exporter = Exporter { program, readout, baseline };
    let mut notes = Vec::new();
    if let Some(term) = baseline.terms().find(|term| term.form != Form::Zbl) {
        return Err(bad(format!("ML-PACE has no {} functions", term.form.name().0)));
    }
    if baseline.max_cutoff() > 0.0 {
        notes.push(format!(
            "repulsion: ML-PACE has no switched ZBL; below {:.3} Å (the end of the largest switch) the file has \
             its exponential core repulsion instead",
            baseline.max_cutoff()
        ));
    }
    let cores = |c: &CenterReadout| c.core.is_some();
    if readout.centers().iter().any(cores) {
        return Err(bad("repulsion: core repulsion of an imported file; convert the file itself".into()));
    }
    let shared = |c: &Center| c.one_particle.iter().any(|v| v.species == ANY_SPECIES);
    if program.species().len() > 1 && program.centers().iter().any(shared) {
        return Err(bad("element embedding: ML-PACE has sums over the neighbors of one element only".into()));
    }
    if let Ok(model) = exporter.model(Parts { products: true, pairs: true }) {
        return Ok(Export { model, pair: None, notes });
    }
    exporter.linear_in_pairs()?;
    let model = exporter.model(Parts { products: true, pairs: false })?;
    let pair = exporter.model(Parts { products: false, pairs: true })?;
    notes.push(
        "pair_cutoff: ML-PACE has one cutoff per pair of elements; the pair functions are in a file of their \
         own, to be added by pair_style hybrid/overlay pace pace"
            .into(),
    );
    Ok(Export { model, pair: Some(pair), notes })
}

fn bad(reason: String) -> Error {
    Error::Setting { name: "export to .yace", reason }
}

/// Which functions a model has.
#[derive(Debug, Clone, Copy)]
struct Parts {
    products: bool,
    pairs: bool,
}

struct Exporter<'a> {
    program: &'a Program,
    readout: &'a Readout,
    baseline: &'a Baseline,
}

impl Exporter<'_> {
    /// Pair functions may leave the embedding only if all their densities are linear.
    fn linear_in_pairs(&self) -> Result<()> {
        for (center, readout) in self.program.centers().iter().zip(self.readout.centers()) {
            let n_pair = center.radial.len() * center.n_pair;
            for (density, &(_, exponent)) in readout.densities.iter().zip(&terms(readout).0) {
                if (exponent - 1.0).abs() > 1e-10 && density[..n_pair].iter().any(|c| *c != 0.0) {
                    return Err(bad(
                        "pair_cutoff: ML-PACE has one cutoff per pair of elements, and pair functions \
                                    in a nonlinear density cannot have a file of their own; fit with \
                                    pair_cutoff equal to cutoff"
                            .into(),
                    ));
                }
            }
        }
        Ok(())
    }

    fn model(&self, parts: Parts) -> Result<PaceModel> {
        let (n, species) = (self.program.species().len(), self.program.species());
        let (mut bonds, mut functions) = (Vec::with_capacity(n * n), Vec::with_capacity(n));
        for (k, (center, readout)) in self.program.centers().iter().zip(self.readout.centers()).enumerate() {
            let mut own = if parts.products { products(center, readout) } else { Vec::new() };
            for (z, radial) in center.radial.iter().enumerate() {
                let names = [k, z].map(|k| symbol(species[k]).unwrap_or("?")).join("-");
                let (bond, pair) = self.bond(center, readout, &**radial, (k, z), parts).ok_or_else(|| {
                    bad(format!("the radial functions of {names} need more than 128 polynomials"))
                })?;
                own.extend(pair);
                bonds.push(bond);
            }
            functions.push(own);
        }
        let embeddings = self.readout.centers().iter().map(|readout| {
            let (terms, variant) = terms(readout);
            Embedding { terms, variant, rho_cut: CORE_SWITCH[0], drho_cut: CORE_SWITCH[1] }
        });
        let model = PaceModel {
            elements: species.to_vec(),
            e0: self.readout.centers().iter().map(|r| if parts.products { r.e0 } else { 0.0 }).collect(),
            bin_width: BIN_WIDTH,
            embeddings: embeddings.collect(),
            bonds,
            functions,
        };
        model.check()?;
        Ok(model)
    }

    /// The bond of centre `k` with neighbor species `z`, and the rank-1 functions; `None` if it does not
    /// converge.
    fn bond(
        &self,
        center: &Center,
        readout: &CenterReadout,
        radial: &dyn Radial,
        (k, z): (usize, usize),
        parts: Parts,
    ) -> Option<(Bond, Vec<Function>)> {
        let (radial, inner) = radial.unswitched().map_or((radial, None), |(own, inner)| (own, Some(inner)));
        let (n_channels, n_densities) = (center.n_channels, readout.densities.len());
        let pairs = &|p: usize| &readout.densities[p][z * center.n_pair..(z + 1) * center.n_pair];
        let has_pairs = parts.pairs && (0..n_densities).any(|p| pairs(p).iter().any(|c| *c != 0.0));
        let reach = |range: std::ops::Range<usize>| support(radial, n_channels + center.n_pair, range);
        let mut cutoff: f64 = 0.0;
        if parts.products && n_channels > 0 {
            cutoff = reach(0..n_channels);
        }
        if has_pairs {
            cutoff = cutoff.max(reach(n_channels..n_channels + center.n_pair));
        }
        let cutoff = if cutoff > 0.0 { cutoff } else { radial.cutoff().max(0.1) };
        let used = if parts.products { n_channels } else { 0 };
        let sample = |r: f64, out: &mut [f64]| {
            let (mut v, mut d) =
                (vec![0.0; n_channels + center.n_pair], vec![0.0; n_channels + center.n_pair]);
            radial.evaluate(r, &mut v, &mut d);
            out[..used].copy_from_slice(&v[..used]);
            for (p, value) in out[used..].iter_mut().enumerate() {
                *value = pairs(p).iter().zip(&v[n_channels..]).map(|(c, v)| c * v).sum();
            }
        };
        let n_pair_functions = if has_pairs { n_densities } else { 0 };
        let Expansion { n_base, coefficients } = expand(used + n_pair_functions, cutoff, &sample)?;
        let (channels, pair) = coefficients.split_at(used);
        let lmax = if parts.products { center.lmax() } else { 0 };
        let numbers = [k, z].map(|k| self.program.species()[k]);
        let [core_prefactor, core_lambda] = if parts.products { self.core(numbers) } else { [0.0, 1.0] };
        let bond = Bond {
            base: RadialBase { kind: RadialKind::ChebPow, lambda: 1.0, cutoff, width: 0.01 },
            n_radial: used,
            lmax,
            n_base,
            coefficients: channels.iter().flat_map(|row| row.repeat(lmax + 1)).collect(),
            core_prefactor,
            core_lambda,
            inner_cutoff: inner.map_or(0.0, |switch| switch.end),
            inner_width: inner.map_or(0.0, |switch| switch.width),
            inner_kind: self.inner_kind(),
        };
        let rank_one = (0..if has_pairs { n_base } else { 0 }).map(|base| Function {
            elements: vec![z],
            ns: vec![base + 1],
            ls: vec![0],
            ms: vec![0],
            coefficients: pair.iter().map(|row| row[base]).collect(),
        });
        Some((bond, rank_one.collect()))
    }

    /// One kind serves all bonds of a file.
    fn inner_kind(&self) -> InnerCutoff {
        let mut radial = self.program.centers().iter().flat_map(|center| &center.radial);
        if radial.any(|one| one.unswitched().is_some()) {
            InnerCutoff::Distance
        } else {
            InnerCutoff::Density
        }
    }

    /// Prefactor and λ of the exponential repulsion in place of ZBL: equal at the start of its switch, and
    /// without effect where it ends.
    fn core(&self, [z1, z2]: [u8; 2]) -> [f64; 2] {
        let end = self.baseline.cutoff(z1, z2);
        if end == 0.0 {
            return [0.0, 1.0];
        }
        let start = 0.5 * end;
        let energy = 0.5 * self.baseline.evaluate(z1, z2, start).0;
        let lambda = (energy * start / (REST * end)).ln() / (end * end - start * start);
        [energy * start * (lambda * start * start).exp(), lambda]
    }
}

/// (prefactor, exponent) of each density and the shape.
fn terms(readout: &CenterReadout) -> (Vec<(f64, f64)>, Variant) {
    match &readout.embedding {
        Shape::Linear => (vec![(1.0, 1.0); readout.densities.len()], Variant::Plain),
        Shape::FinnisSinclair { terms, variant } => {
            (terms.iter().map(|term| (term.prefactor, term.exponent)).collect(), *variant)
        }
    }
}

/// Distance (Å) from which on the functions of a range are 0.
fn support(radial: &dyn Radial, n: usize, range: std::ops::Range<usize>) -> f64 {
    let (mut v, mut d) = (vec![0.0; n], vec![0.0; n]);
    let mut vanishes = |r: f64| {
        radial.evaluate(r, &mut v, &mut d);
        v[range.clone()].iter().all(|value| *value == 0.0)
    };
    let (mut low, mut high) = (0.0, radial.cutoff());
    let steps = 1000;
    for step in (1..steps).rev() {
        let r = radial.cutoff() * f64::from(step) / f64::from(steps);
        if !vanishes(r) {
            low = r;
            break;
        }
        high = r;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        *(if vanishes(middle) { &mut high } else { &mut low }) = middle;
    }
    high
}

/// Products with their coefficients per density, grouped to functions of equal factors.
fn products(center: &Center, readout: &CenterReadout) -> Vec<Function> {
    let n_densities = readout.densities.len();
    let n_pair = center.radial.len() * center.n_pair;
    let mut weights = vec![0.0; center.monomials.len() * n_densities];
    for (k, terms) in center.functions.iter().enumerate() {
        for &(q, c) in terms {
            for (p, density) in readout.densities.iter().enumerate() {
                weights[q as usize * n_densities + p] += c * density[n_pair + k];
            }
        }
    }
    let mut functions: BTreeMap<Vec<(usize, usize, usize)>, Function> = BTreeMap::new();
    for (factors, weight) in center.monomials.iter().zip(weights.chunks_exact(n_densities)) {
        if weight.iter().all(|w| *w == 0.0) {
            continue;
        }
        let factors: Vec<_> = factors.iter().map(|&v| center.one_particle[v as usize]).collect();
        let mut sorted: Vec<((usize, usize, usize), i8)> = factors
            .iter()
            .map(|v| {
                (
                    (
                        if v.species == ANY_SPECIES { 0 } else { usize::from(v.species) },
                        usize::from(v.channel) + 1,
                        usize::from(v.l),
                    ),
                    v.m,
                )
            })
            .collect();
        sorted.sort_unstable();
        let key: Vec<(usize, usize, usize)> = sorted.iter().map(|&(factor, _)| factor).collect();
        let function = functions.entry(key).or_insert_with_key(|key| Function {
            elements: key.iter().map(|factor| factor.0).collect(),
            ns: key.iter().map(|factor| factor.1).collect(),
            ls: key.iter().map(|factor| factor.2).collect(),
            ms: Vec::new(),
            coefficients: Vec::new(),
        });
        function.ms.extend(sorted.iter().map(|&(_, m)| m));
        function.coefficients.extend(weight);
    }
    functions.into_values().collect()
}
