//! The compiled model.

use crate::density::moments::{Products, Program};
use crate::error::Result;
use crate::neighbors::tiles::Reach;
use crate::pair::{Baseline, Curve};

use super::layout::Layout;
use super::polynomial::Polynomial;
use super::radial::RadialKernel;

/// What all centres share.
#[derive(Debug)]
pub struct Model {
    /// Sums over neighbors.
    pub layout: Layout,
    /// The energy as a polynomial of the sums.
    pub polynomial: Polynomial,
}

impl Model {
    pub fn new(products: &Products, coefficients: &[f64]) -> Self {
        let needed = products.needed(coefficients);
        let mut degrees = Vec::new();
        for (moment, _) in products.moments().iter().zip(&needed).filter(|(_, needed)| **needed) {
            degrees.resize(degrees.len().max(moment.radial + 1), None);
            degrees[moment.radial] = degrees[moment.radial].max(Some(moment.rank()));
        }
        let layout = Layout::new(&degrees);
        let polynomial = Polynomial::new(products, coefficients, &needed, &layout);
        Self { layout, polynomial }
    }
}

/// Neighbors that tiles must hold: all, from both ends.
pub fn reach(kernels: &[CenterKernel]) -> Reach {
    let short: Vec<f64> =
        kernels.iter().flat_map(|kernel| &kernel.towards).map(|t| t.squared_cutoff.sqrt()).collect();
    Reach { n_species: kernels.len(), pairs: vec![0.0; short.len()], short }
}

/// The model of one centre species.
#[derive(Debug)]
pub struct CenterKernel {
    /// Energy of the free atom, eV.
    pub e0: f64,
    /// Largest distance that matters, Å.
    pub cutoff: f64,
    /// Neighbor species.
    pub towards: Vec<Towards>,
}

/// What matters of neighbors of one species.
#[derive(Debug)]
pub struct Towards {
    /// Square of the largest distance that matters, Å².
    pub squared_cutoff: f64,
    /// Pair baseline.
    pub baseline: Option<Curve>,
    /// Radial functions in the order of the layout.
    pub radial: RadialKernel,
}

impl CenterKernel {
    /// # Errors
    /// Those of [`Curve::new`].
    pub fn new(program: &Program, z: usize, model: &Model, e0: f64, baseline: &Baseline) -> Result<Self> {
        let mut towards = Vec::with_capacity(program.species().len());
        for (other, &number) in program.species().iter().enumerate() {
            let pair = program.pair(z, other);
            let baseline = Curve::new(baseline, program.species()[z], number)?;
            let reach = baseline.as_ref().map_or(0.0, |curve| curve.cutoff);
            towards.push(Towards {
                squared_cutoff: pair.max.max(reach).powi(2),
                baseline,
                radial: RadialKernel::new(pair, program.settings(), &model.layout.functions),
            });
        }
        let cutoff = towards.iter().map(|t| t.squared_cutoff).fold(0.0, f64::max).sqrt();
        Ok(Self { e0, cutoff, towards })
    }
}
