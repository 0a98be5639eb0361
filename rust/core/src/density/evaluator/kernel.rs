//! The compiled model of each centre species, in the form that the kernels read.

use crate::density::dag::Dag;
use crate::density::program::Program;
use crate::density::readout::CenterReadout;
use crate::error::Result;
use crate::pair::Zbl;
use crate::radial::spline::{Sample, SplineTable};
use crate::simd::Simd;

use super::contraction::Contraction;
use super::harmonics::Legendre;
use super::layout::{Layout, SpeciesLayout};
use super::pair::PairTerms;

/// Radial functions towards one neighbor species: the used channels, then the pair terms.
#[derive(Debug)]
pub struct Towards<S> {
    /// Cutoff in Å.
    pub cutoff: f64,
    /// Bins per Å.
    pub scale: f64,
    /// Number of bins below the cutoff.
    pub n_bins: f64,
    /// Vectors of functions: tabulated functions / lanes, rounded up.
    pub width: usize,
    /// Spline coefficients 0 ..= 3 of each vector of functions, `[bin][vector]`.
    pub table: Vec<[S; 4]>,
    /// Index of the first pair term among the functions.
    pub pair: usize,
    /// Sums over neighbors of this species.
    pub layout: SpeciesLayout,
    /// Recursions up to the largest l in use, `None` without many-body terms.
    pub legendre: Option<Legendre>,
}

/// The model of one centre species.
#[derive(Debug)]
pub struct CenterKernel<S> {
    /// Energy from densities and core repulsion; the coefficients are in the tables and the products.
    pub readout: CenterReadout,
    /// Sums of pair functions.
    pub terms: PairTerms,
    /// Radial functions per neighbor species.
    pub towards: Vec<Towards<S>>,
    /// Sums over neighbors.
    pub layout: Layout,
    /// Products.
    pub dag: Dag,
}

impl<S: Simd> CenterKernel<S> {
    /// Compiles centre species `k` of a program with its readout.
    ///
    /// # Errors
    /// Those of [`Contraction::new`] and [`SplineTable::new`].
    pub fn new(
        program: &Program,
        k: usize,
        readout: &CenterReadout,
        zbl: &Zbl,
        n_bins: usize,
    ) -> Result<Self> {
        let center = &program.centers()[k];
        let n_species = program.species().len();
        let readout = readout.merged();
        let contraction = Contraction::new(center, &readout)?;
        let layout = Layout::new(n_species, &contraction.inputs, &contraction.conjugate);
        let dag = Dag::build(&contraction.conjugate, readout.densities.len(), &contraction.monomials);
        let terms = PairTerms::new(&readout, zbl.max_cutoff() > 0.0);
        let n = center.n_channels + center.n_pair;
        let core = readout.core.as_ref().map(|core| &core.coefficients);
        let towards = (0..n_species)
            .map(|z| {
                let (radial, species) = (&center.radial[z], &layout.species[z]);
                let (z1, z2) = (program.species()[k], program.species()[z]);
                let cutoff = radial.cutoff().max(zbl.cutoff(z1, z2));
                let channels = &species.channels;
                let own = z * center.n_pair..(z + 1) * center.n_pair;
                let sample = |r: f64, value: &mut [f64], derivative: &mut [f64]| {
                    let (mut v, mut d) = (vec![0.0; n], vec![0.0; n]);
                    radial.evaluate(r, &mut v, &mut d);
                    let (repulsion, slope) = zbl.evaluate(z1, z2, r);
                    for (out, of, zbl) in [(value, &v, repulsion), (derivative, &d, slope)] {
                        let (many, pair) = out.split_at_mut(channels.len());
                        many.copy_from_slice(&of[channels.clone()]);
                        pair.fill(0.0);
                        let coefficients = contraction.pair.iter().chain(core);
                        for (sum, c) in pair.iter_mut().zip(coefficients) {
                            *sum =
                                of[center.n_channels..].iter().zip(&c[own.clone()]).map(|(v, c)| v * c).sum();
                        }
                        if terms.baseline {
                            pair[terms.len() - 1] += 0.5 * zbl;
                        }
                    }
                };
                Towards::new(species, terms, cutoff, n_bins, &sample)
            })
            .collect::<Result<_>>()?;
        Ok(Self { readout, terms, towards, layout, dag })
    }
}

impl<S: Simd> Towards<S> {
    fn new(
        layout: &SpeciesLayout,
        terms: PairTerms,
        cutoff: f64,
        n_bins: usize,
        sample: &Sample<'_>,
    ) -> Result<Self> {
        let pair = layout.channels.len();
        let width = (pair + terms.len()).div_ceil(S::LANES);
        let table = SplineTable::new(width * S::LANES, n_bins, cutoff, &|r, value, derivative| {
            let used = ..pair + terms.len();
            sample(r, &mut value[used], &mut derivative[used]);
        })?;
        let mut rows = Vec::with_capacity((n_bins + 1) * width);
        for row in table.coefficients().chunks_exact(4 * width * S::LANES) {
            for vector in 0..width {
                let coefficient = |k: usize| S::load(&row[(k * width + vector) * S::LANES..]);
                rows.push([coefficient(0), coefficient(1), coefficient(2), coefficient(3)]);
            }
        }
        Ok(Self {
            cutoff,
            scale: n_bins as f64 / cutoff,
            n_bins: n_bins as f64,
            width,
            table: rows,
            pair,
            layout: layout.clone(),
            legendre: layout.lmax().map(Legendre::new),
        })
    }
}
