//! The compiled model of each centre species, in the form that the kernels read.

use crate::density::dag::Dag;
use crate::density::program::Program;
use crate::error::{Error, Result};
use crate::pair::Zbl;
use crate::radial::spline::{Sample, SplineTable};
use crate::simd::Simd;

use super::contraction::Contraction;
use super::harmonics::Legendre;
use super::layout::{Layout, SpeciesLayout};

/// Radial functions towards one neighbor species: the used channels, then φ, the sum of all pair terms.
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
    /// Index of φ among the functions.
    pub phi: usize,
    /// Sums over neighbors of this species.
    pub layout: SpeciesLayout,
    /// Recursions up to the largest l in use, `None` without many-body terms.
    pub legendre: Option<Legendre>,
}

/// The model of one centre species.
#[derive(Debug)]
pub struct CenterKernel<S> {
    /// Energy of the lone atom, eV.
    pub e0: f64,
    /// Radial functions per neighbor species.
    pub towards: Vec<Towards<S>>,
    /// Sums over neighbors.
    pub layout: Layout,
    /// Products.
    pub dag: Dag,
}

impl<S: Simd> CenterKernel<S> {
    /// Compiles centre species `k` of a program, with its own coefficients.
    ///
    /// # Errors
    /// Those of [`Contraction::new`] and [`SplineTable::new`].
    pub fn new(
        program: &Program,
        k: usize,
        coefficients: &[f64],
        e0: f64,
        zbl: &Zbl,
        n_bins: usize,
    ) -> Result<Self> {
        let center = &program.centers()[k];
        let n_species = program.species().len();
        let contraction = Contraction::new(center, coefficients)?;
        let layout = Layout::new(n_species, &contraction.inputs, &contraction.conjugate);
        let dag = Dag::build(&contraction.conjugate, &contraction.monomials);
        let n = center.n_channels + center.n_pair;
        let towards = (0..n_species)
            .map(|z| {
                let (radial, species) = (&center.radial[z], &layout.species[z]);
                let (z1, z2) = (program.species()[k], program.species()[z]);
                let cutoff = radial.cutoff().max(zbl.cutoff(z1, z2));
                let (channels, pair) = (&species.channels, &contraction.pair[z]);
                let sample = |r: f64, value: &mut [f64], derivative: &mut [f64]| {
                    let (mut v, mut d) = (vec![0.0; n], vec![0.0; n]);
                    radial.evaluate(r, &mut v, &mut d);
                    let phi = |of: &[f64]| -> f64 {
                        of[center.n_channels..].iter().zip(pair).map(|(v, c)| v * c).sum()
                    };
                    let (repulsion, slope) = zbl.evaluate(z1, z2, r);
                    value[..channels.len()].copy_from_slice(&v[channels.clone()]);
                    derivative[..channels.len()].copy_from_slice(&d[channels.clone()]);
                    value[channels.len()] = phi(&v) + 0.5 * repulsion;
                    derivative[channels.len()] = phi(&d) + 0.5 * slope;
                };
                Towards::new(species, cutoff, n_bins, &sample)
            })
            .collect::<Result<_>>()?;
        if !e0.is_finite() {
            return Err(Error::Setting { name: "e0", reason: format!("expected a finite energy, got {e0}") });
        }
        Ok(Self { e0, towards, layout, dag })
    }
}

impl<S: Simd> Towards<S> {
    fn new(layout: &SpeciesLayout, cutoff: f64, n_bins: usize, sample: &Sample<'_>) -> Result<Self> {
        let phi = layout.channels.len();
        let width = (phi + 1).div_ceil(S::LANES);
        let table = SplineTable::new(width * S::LANES, n_bins, cutoff, sample)?;
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
            phi,
            layout: layout.clone(),
            legendre: layout.lmax().map(Legendre::new),
        })
    }
}
