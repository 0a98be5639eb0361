//! The compiled model of each centre species, in the form that the kernels read.

use crate::density::dag::Dag;
use crate::density::program::Program;
use crate::density::readout::{CenterReadout, MAX_DENSITIES};
use crate::error::Result;
use crate::pair::Baseline;
use crate::radial::table::{N_COEFFICIENTS, RadialTable, TableCell, Tabulation};
use crate::simd::{Scalar, Simd};

use super::contraction::Contraction;
use super::distinct::Distinct;
use super::harmonics::Legendre;
use super::head::{Head, HeadReadout};
use super::layout::{ClassLayout, Layout};
use super::pair::PairTerms;

/// Neighbor species that share vectors of lanes (see [`super::layout`]) and their radial functions: the used
/// channels, then the pair terms.
#[derive(Debug)]
pub struct Class<S> {
    /// Vectors of functions: tabulated functions / lanes, rounded up.
    pub width: usize,
    /// Coefficients of the polynomials of each vector of functions, `[bin][vector]`, species after species.
    pub table: Vec<[S; N_COEFFICIENTS]>,
    /// Index of the first pair term among the functions.
    pub pair: usize,
    /// Sums over neighbors of this class.
    pub layout: ClassLayout,
    /// Recursions up to the largest l in use, `None` without many-body terms.
    pub legendre: Option<Legendre<S>>,
}

/// A neighbor species: its class and where its radial functions lie.
#[derive(Debug, Clone, Copy)]
pub struct Towards {
    /// Index among the classes.
    pub class: usize,
    /// Cutoff in Å.
    pub cutoff: f64,
    /// Cells of the table per Å.
    pub scale: f64,
    /// Number of cells below the cutoff; one more follows.
    pub n_cells: f64,
    /// Its first cell among those of the centre.
    pub first_cell: u32,
}

/// The model of one centre species.
#[derive(Debug)]
pub struct CenterKernel<S: Simd> {
    /// Energy from densities and core repulsion; the coefficients are in the tables and the products.
    pub readout: CenterReadout,
    /// Sums of pair functions; they follow the one-particle sums.
    pub terms: PairTerms,
    /// Neighbor species.
    pub towards: Vec<Towards>,
    /// Cells of the tables of all neighbor species; their bins are those of the tables of the classes.
    pub cells: Vec<TableCell>,
    /// Classes of neighbor species.
    pub classes: Vec<Class<S>>,
    /// Largest cutoff in Å.
    pub cutoff: f64,
    /// Sums over neighbors.
    pub layout: Layout,
    /// Products.
    pub dag: Dag,
    /// Number of densities, rounded up to what the products have code for.
    pub n_densities: usize,
    /// Weights of the leaves of the products, `[leaf][density]`.
    pub leaf_weights: Vec<S::Scalar>,
    /// Kernels or a network of the functions, beside which the readout is linear and has pair functions only.
    pub head: Option<Head<S>>,
}

impl<S: Simd> CenterKernel<S> {
    /// Compiles centre species `k` of a program with its readout, and with a head where the readout is linear.
    ///
    /// # Errors
    /// Those of [`Distinct::new`] and [`RadialTable::new`].
    pub fn new(
        program: &Program,
        k: usize,
        readout: &CenterReadout,
        head: Option<&HeadReadout>,
        baseline: &Baseline,
        tables: Tabulation,
    ) -> Result<Self> {
        let center = &program.centers()[k];
        let n_species = program.species().len();
        let readout = readout.merged();
        let distinct = Distinct::new(center)?;
        let contraction = Contraction::new(center, &readout, &distinct, head.is_some());
        let inputs = &contraction.inputs;
        let layout = Layout::new(n_species, inputs);
        let dag = Dag::build(&inputs.conjugate, &inputs.monomials);
        let n_densities = padded(readout.densities.len());
        let weights = dag.leaf_weights(&contraction.weights, readout.densities.len(), n_densities);
        let leaf_weights = weights.into_iter().map(S::Scalar::rounded).collect();
        let head = head.map(|head| Head::new(head, center, &distinct, &dag));
        let terms = PairTerms::new(&readout, !baseline.is_empty());
        let mut classes: Vec<Class<S>> =
            layout.classes.iter().map(|class| Class::new(class, terms.len())).collect();
        let n = center.n_channels + center.n_pair;
        let core = readout.core.as_ref().map(|core| &core.coefficients);
        let mut towards = Vec::with_capacity(n_species);
        let mut cells = Vec::new();
        for (z, &class) in layout.class_of.iter().enumerate() {
            let radial = &center.radial[z];
            let (z1, z2) = (program.species()[k], program.species()[z]);
            let cutoff = radial.cutoff().max(baseline.cutoff(z1, z2));
            let channels = layout.classes[class].channels.clone();
            let own = z * center.n_pair..(z + 1) * center.n_pair;
            let sample = |r: f64, value: &mut [f64], derivative: &mut [f64]| {
                let (mut v, mut d) = (vec![0.0; n], vec![0.0; n]);
                radial.evaluate(r, &mut v, &mut d);
                let (energy, slope) = baseline.evaluate(z1, z2, r);
                for (out, of, baseline) in [(value, &v, energy), (derivative, &d, slope)] {
                    let (many, pair) = out.split_at_mut(channels.len());
                    many.copy_from_slice(&of[channels.clone()]);
                    pair.fill(0.0);
                    let coefficients = contraction.pair.iter().chain(core);
                    for (sum, c) in pair.iter_mut().zip(coefficients) {
                        *sum = of[center.n_channels..].iter().zip(&c[own.clone()]).map(|(v, c)| v * c).sum();
                    }
                    if terms.baseline {
                        pair[terms.len() - 1] += 0.5 * baseline;
                    }
                }
            };
            let mut floors = vec![0.0; channels.len()];
            floors.extend((0..terms.len()).map(|term| terms.floor(term)));
            let table = RadialTable::new(&floors, [radial.kink(), cutoff], tables, &sample)?;
            let first_cell = cells.len() as u32;
            let first_bin = classes[class].append(&table, floors.len());
            cells.extend(table.cells().iter().map(|cell| TableCell { bin: cell.bin + first_bin, ..*cell }));
            towards.push(Towards {
                class,
                cutoff,
                scale: 1.0 / table.cell_width(),
                n_cells: (table.cells().len() - 1) as f64,
                first_cell,
            });
        }
        let cutoff = towards.iter().map(|t| t.cutoff).fold(0.0, f64::max);
        Ok(Self {
            readout,
            terms,
            towards,
            cells,
            classes,
            cutoff,
            layout,
            dag,
            n_densities,
            leaf_weights,
            head,
        })
    }

    /// Ranges (start, width; Å) by neighbor species of the nearest neighbor, where that switches the energy.
    pub fn nearest_ranges(&self) -> Option<&[[f64; 2]]> {
        self.readout.core.as_ref().and_then(|core| core.switch.ranges())
    }

    /// Number of sums over neighbors: one-particle and pair.
    pub fn n_sums(&self) -> usize {
        self.layout.size + self.terms.len()
    }
}

/// The next larger number of densities that the products have code for.
fn padded(n_densities: usize) -> usize {
    match n_densities {
        ..=4 => n_densities,
        5..=8 => 8,
        _ => MAX_DENSITIES,
    }
}

impl<S: Simd> Class<S> {
    fn new(layout: &ClassLayout, n_terms: usize) -> Self {
        let pair = layout.channels.len();
        Self {
            width: (pair + n_terms).div_ceil(S::LANES),
            table: Vec::new(),
            pair,
            layout: layout.clone(),
            legendre: layout.lmax().map(Legendre::new),
        }
    }

    /// Appends the table of a species and returns its first bin.
    fn append(&mut self, table: &RadialTable, n_functions: usize) -> u32 {
        let first = self.table.len() / self.width;
        let mut lanes = vec![0.0; S::LANES];
        for row in table.coefficients().chunks_exact(N_COEFFICIENTS * n_functions) {
            for vector in 0..self.width {
                let mut coefficients = [S::zero(); N_COEFFICIENTS];
                for (of_order, out) in row.chunks_exact(n_functions).zip(&mut coefficients) {
                    lanes.fill(0.0);
                    let start = vector * S::LANES;
                    let used = &of_order[start..(start + S::LANES).min(n_functions)];
                    lanes[..used.len()].copy_from_slice(used);
                    *out = S::load(&lanes);
                }
                self.table.push(coefficients);
            }
        }
        first as u32
    }
}
