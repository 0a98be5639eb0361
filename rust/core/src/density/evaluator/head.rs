//! Energies of atoms from their functions beyond sums: kernels towards sparse environments ([`SparseKernel`]) or
//! networks. Atoms are in lanes, several sparse environments or neurons at a time in registers.

use std::sync::Arc;

use crate::density::dag::Dag;
use crate::density::kernel::SparseKernel;
use crate::density::program::{Center, Ragged};
use crate::simd::{Scalar, Simd};

use super::batch::{Batch, VECTORS};
use super::distinct::Distinct;
use super::kernel_head::KernelHead;
use super::network::{NetworkHead, NetworkReadout, NetworkScratch};

/// Sparse environments or neurons whose sums are in registers at a time.
pub(super) const TOGETHER: usize = 4;

/// Kernels of one centre species and their coefficients.
#[derive(Debug, Clone)]
pub struct KernelReadout {
    /// The kernels.
    pub kernel: Arc<SparseKernel>,
    /// One coefficient (eV) per sparse environment.
    pub coefficients: Vec<f64>,
}

/// What stands in place of the linear readout of the functions of order ≥ 2 of one centre species.
#[derive(Debug, Clone)]
pub enum HeadReadout {
    /// Kernels.
    Kernels(KernelReadout),
    /// A network and a linear part.
    Network(NetworkReadout),
}

/// The same in the form that the evaluator reads.
#[derive(Debug)]
pub struct Head<S: Simd> {
    /// Terms `(leaf, coefficient)` of each function of order ≥ 2, scaled where kernels compare scaled functions.
    pub functions: Ragged<(u32, f64)>,
    form: Form<S>,
}

#[derive(Debug)]
enum Form<S: Simd> {
    Kernels(KernelHead<S>),
    Network(NetworkHead<S>),
}

/// Working memory of a head.
#[derive(Debug)]
pub struct HeadScratch<S> {
    bars: Vec<Batch<S>>,
    network: NetworkScratch<S>,
}

impl<S: Simd> HeadScratch<S> {
    pub(super) fn new() -> Self {
        Self { bars: Vec::new(), network: NetworkScratch::new() }
    }
}

impl<S: Simd> Head<S> {
    pub(super) fn new(readout: &HeadReadout, center: &Center, distinct: &Distinct, dag: &Dag) -> Self {
        let mut functions = distinct.leaf_terms(center, dag);
        let form = match readout {
            HeadReadout::Kernels(readout) => {
                functions.scale(readout.kernel.scales());
                Form::Kernels(KernelHead::new(readout, center))
            }
            HeadReadout::Network(readout) => Form::Network(NetworkHead::new(readout)),
        };
        Self { functions, form }
    }

    /// Energies of the atoms; replaces the functions by the derivatives of the energy with respect to them.
    #[inline(always)]
    pub(super) fn run(&self, functions: &mut [Batch<S>], scratch: &mut HeadScratch<S>) -> Batch<S> {
        match &self.form {
            Form::Kernels(head) => head.run(functions, &mut scratch.bars),
            Form::Network(head) => head.run(functions, &mut scratch.network),
        }
    }
}

/// Rows of `n` numbers as `[block][number][row of the block]`, 0 where there is none.
pub(super) fn blocked<S: Simd>(rows: &[f64], n: usize) -> Vec<S::Scalar> {
    let count = rows.len() / n.max(1);
    let mut out = vec![S::Scalar::default(); count.div_ceil(TOGETHER) * n * TOGETHER];
    for (s, row) in rows.chunks_exact(n.max(1)).enumerate() {
        let block = &mut out[s / TOGETHER * n * TOGETHER..][..n * TOGETHER];
        let places = block.iter_mut().skip(s % TOGETHER).step_by(TOGETHER);
        places.zip(row).for_each(|(place, p)| *place = S::Scalar::rounded(*p));
    }
    out
}

/// Adds the products of the rows of a block with the functions to `sums`.
#[inline(always)]
pub(super) fn weighted_sums<S: Simd>(
    block: &[S::Scalar],
    functions: &[Batch<S>],
    sums: &mut [Batch<S>; TOGETHER],
) {
    for (row, function) in block.chunks_exact(TOGETHER).zip(functions) {
        for k in 0..TOGETHER {
            let p = S::broadcast(row[k]);
            for g in 0..VECTORS {
                sums[k][g] = p.mul_add(function[g], sums[k][g]);
            }
        }
    }
}

/// Adds the rows of a block, each times its weight, to `bars`.
#[inline(always)]
pub(super) fn pull_back<S: Simd>(block: &[S::Scalar], weights: &[Batch<S>; TOGETHER], bars: &mut [Batch<S>]) {
    for (row, bar) in block.chunks_exact(TOGETHER).zip(bars) {
        for k in 0..TOGETHER {
            let p = S::broadcast(row[k]);
            for g in 0..VECTORS {
                bar[g] = p.mul_add(weights[k][g], bar[g]);
            }
        }
    }
}
