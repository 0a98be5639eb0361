//! Design rows: the (scaled) gradients of all functions of a centre, multiplied with the sparse environments.

use nalgebra::{DMatrixView, DMatrixViewMut};

use super::{KernelDescriptor, KernelsAt, multiply};
use crate::density::descriptor::{GradientScratch, contract};
use crate::error::Result;
use crate::features::{Features, design_rows};
use crate::structure::Structure;

/// Working memory of one centre.
#[derive(Default)]
struct Scratch {
    values: Vec<f64>,
    at: KernelsAt,
    /// Gradients of the functions, one row each, of one range of neighbors after the other.
    functions: Vec<Vec<f64>>,
    /// Those of the kernels.
    kernels: Vec<f64>,
    /// `p̂ · dp`
    along: Vec<f64>,
    terms: Vec<(u32, f64)>,
    gradient: GradientScratch,
}

impl KernelDescriptor {
    /// Column-major rows of one structure.
    pub(super) fn rows_of(&self, structure: &Structure) -> Result<Vec<f64>> {
        let rows = design_rows(structure.len());
        let mut out = vec![0.0; rows * self.n_features()];
        let mut scratch = Scratch::default();
        let Scratch { values, at, functions, kernels, along, terms, gradient } = &mut scratch;
        let mut own_values = Vec::new();
        self.base.visit_centers(structure, |i, z, work| {
            let (kernel, n_pair) = (&self.kernels[z], self.n_pair(z));
            let own = &mut out[self.feature_range(z).start * rows..self.feature_range(z).end * rows];
            self.base.feature_values(z, work, values);
            kernel.at(&values[n_pair..], at);
            own_values.clear();
            own_values.extend_from_slice(&values[..n_pair]);
            own_values.resize(n_pair + kernel.len(), 0.0);
            kernel.values(at, &mut own_values[n_pair..]);
            own.iter_mut().step_by(rows).zip(&own_values).for_each(|(energy, b)| *energy += b);
            functions.resize_with(work.ranges.len(), Vec::new);
            functions.iter_mut().for_each(Vec::clear);
            let wanted = |_| true;
            self.base.feature_gradients(z, work, gradient, wanted, |k, s, row| match k.checked_sub(n_pair) {
                None => work.scatter(s, i, 1.0, row, &mut own[k * rows..][..rows]),
                Some(k) => {
                    // The last row, that of a constant, stays 0.
                    functions[s].resize(kernel.width() * row.len(), 0.0);
                    let (own, scale) = (&mut functions[s][k * row.len()..], kernel.scales()[k]);
                    own.iter_mut().zip(row).for_each(|(own, g)| *own = scale * g);
                }
            });
            for (s, functions) in functions.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
                let width = work.width(s);
                kernels.resize(kernel.len() * width, 0.0);
                along.clear();
                along.resize(width, 0.0);
                multiply(kernel.points(), functions, kernels, [kernel.len(), kernel.width(), width]);
                terms.clear();
                terms.extend((0..).zip(at.unit.iter().copied()));
                contract(along, functions, terms);
                project(kernels, &at.overlaps, along);
                let columns = own[n_pair * rows..].chunks_exact_mut(rows);
                for ((slope, row), column) in kernel.slopes(at).zip(kernels.chunks_exact(width)).zip(columns)
                {
                    work.scatter(s, i, slope, row, column);
                }
            }
        })?;
        Ok(out)
    }
}

/// Takes the change of the norm out of the rows: `row_s −= t_s along`.
fn project(rows: &mut [f64], overlaps: &[f64], along: &[f64]) {
    let along = DMatrixView::from_slice(along, along.len(), 1);
    let overlaps = DMatrixView::from_slice(overlaps, 1, overlaps.len());
    let mut rows = DMatrixViewMut::from_slice(rows, along.nrows(), overlaps.ncols());
    rows.gemm(-1.0, &along, &overlaps, 1.0);
}
