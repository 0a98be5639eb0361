//! Compiled features of one centre species, and their values for batches of atoms.

use crate::centers::{Centers, Row};
use crate::density::dag::Dag;
use crate::density::program::{Center, Ragged};
use crate::error::Result;
use crate::simd::{MAX_LANES, Simd, Task};

use super::super::batch::{Batch, VECTORS, sums_to_batch};
use super::super::distinct::{Distinct, Inputs};
use super::super::harmonics::Legendre;
use super::super::layout::Layout;
use super::super::products::Products;
use super::sums::Sums;

/// The features of one centre species.
#[derive(Debug)]
pub(super) struct FeatureKernel<S> {
    /// Sums over neighbors.
    pub layout: Layout,
    /// Recursions of every class of neighbors, `None` without many-body functions.
    pub legendre: Vec<Option<Legendre<S>>>,
    /// Cutoffs towards each neighbor species, Å.
    pub cutoffs: Vec<f64>,
    dag: Dag,
    /// Terms `(leaf, coefficient)` of each function of order ≥ 2.
    functions: Ragged<(u32, f64)>,
}

impl<S: Simd> FeatureKernel<S> {
    pub fn new(center: &Center) -> Result<Self> {
        let distinct = Distinct::new(center)?;
        let inputs = Inputs::new(center, &distinct, |_| true);
        let layout = Layout::new(center.radial.len(), &inputs);
        let dag = Dag::build(&inputs.conjugate, &inputs.monomials);
        let functions = distinct.leaf_terms(center, &dag);
        let legendre = layout.classes.iter().map(|class| class.lmax().map(Legendre::new)).collect();
        let cutoffs = center.radial.iter().map(|radial| radial.cutoff()).collect();
        Ok(Self { layout, legendre, cutoffs, dag, functions })
    }
}

/// Scratch of one thread.
#[derive(Debug)]
pub(super) struct Scratch<S> {
    neighbors: Sums<S>,
    /// Sums over neighbors of the atoms of one vector, lane by lane of neighbors.
    sums: Vec<Vec<S>>,
    products: Products<S>,
    monomials: Vec<Batch<S>>,
    /// Features of the atoms of a batch, `[atom][feature]`.
    values: Vec<f64>,
}

impl<S: Simd> Scratch<S> {
    pub fn new() -> Self {
        Self {
            neighbors: Sums::new(),
            sums: vec![Vec::new(); S::LANES],
            products: Products::new(),
            monomials: Vec::new(),
            values: Vec::new(),
        }
    }
}

/// Values of the features of some centres; run it with [`Simd::enter`].
pub(super) struct ValuesTask<'a, 'row, S> {
    pub kernel: &'a FeatureKernel<S>,
    pub center: &'a Center,
    pub centers: &'a Centers<'a>,
    pub rows: &'a mut [Row<'row, f64>],
    pub scratch: &'a mut Scratch<S>,
    /// Writes the row of a centre from the values of its features.
    pub write: &'a dyn Fn(&[f64], &mut [f64]),
}

impl<S: Simd> Task<S> for ValuesTask<'_, '_, S> {
    type Output = Result<()>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Self { kernel, center, centers, rows, scratch, write } = self;
        let Scratch { neighbors, sums, products, monomials, values } = scratch;
        let (n_features, n_pair) = (center.n_features(), center.radial.len() * center.n_pair);
        values.resize(VECTORS * S::LANES * n_features, 0.0);
        for rows in rows.chunks_mut(VECTORS * S::LANES) {
            products.sums.resize(kernel.layout.size, [S::zero(); VECTORS]);
            let mut of_atom = values.chunks_exact_mut(n_features.max(1));
            for vector in 0..VECTORS {
                let atoms = rows.iter().skip(vector * S::LANES).take(S::LANES);
                let n_atoms = atoms.len();
                for (row, sums) in atoms.zip(&mut *sums) {
                    let pair = of_atom.next().map_or(&mut [][..], |values| &mut values[..n_pair]);
                    neighbors.run(kernel, center, centers, row.center, sums, pair)?;
                }
                sums_to_batch(sums, n_atoms, vector, &mut products.sums);
            }
            products.monomials(&kernel.layout, &kernel.dag, monomials);
            for (feature, terms) in (n_pair..).zip(kernel.functions.iter()) {
                let mut sum = [S::zero(); VECTORS];
                for &(leaf, c) in terms {
                    let monomial = monomials[leaf as usize];
                    for g in 0..VECTORS {
                        sum[g] = S::splat(c).mul_add(monomial[g], sum[g]);
                    }
                }
                for g in 0..VECTORS {
                    let mut lanes = [0.0; MAX_LANES];
                    sum[g].store(&mut lanes);
                    for (lane, value) in lanes.iter().enumerate().take(S::LANES) {
                        values[(g * S::LANES + lane) * n_features + feature] = *value;
                    }
                }
            }
            for (row, values) in rows.iter_mut().zip(values.chunks_exact(n_features.max(1))) {
                write(values, row.out);
            }
        }
        Ok(())
    }
}
