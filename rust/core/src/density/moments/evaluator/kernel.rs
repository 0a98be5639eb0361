//! The compiled model.

use crate::density::moments::{Products, Program};
use crate::pair::Zbl;

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

/// The model of one centre species.
#[derive(Debug)]
pub struct CenterKernel {
    /// Energy of the free atom, eV.
    pub e0: f64,
    /// Atomic number.
    pub element: u8,
    /// Largest distance that matters, Å.
    pub cutoff: f64,
    /// Neighbor species.
    pub towards: Vec<Towards>,
    /// Pair repulsion.
    pub zbl: Zbl,
}

/// What matters of neighbors of one species.
#[derive(Debug)]
pub struct Towards {
    /// Atomic number.
    pub element: u8,
    /// Square of the largest distance that matters, Å².
    pub squared_cutoff: f64,
    /// Distance at which the repulsion ends, Å.
    pub repulsion: f64,
    /// Radial functions in the order of the layout.
    pub radial: RadialKernel,
}

impl CenterKernel {
    pub fn new(program: &Program, z: usize, model: &Model, e0: f64, zbl: &Zbl) -> Self {
        let element = program.species()[z];
        let towards: Vec<Towards> = program
            .species()
            .iter()
            .enumerate()
            .map(|(other, &number)| {
                let pair = program.pair(z, other);
                let repulsion = zbl.cutoff(element, number);
                Towards {
                    element: number,
                    squared_cutoff: pair.max.max(repulsion).powi(2),
                    repulsion,
                    radial: RadialKernel::new(pair, program.settings(), &model.layout.functions),
                }
            })
            .collect();
        let cutoff = towards.iter().map(|t| t.squared_cutoff).fold(0.0, f64::max).sqrt();
        Self { e0, element, cutoff, towards, zbl: zbl.clone() }
    }
}
