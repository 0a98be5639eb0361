//! Energy of an atom from kernels between its functions and those of sparse environments ([`SparseKernel`]): atoms in
//! lanes, several sparse environments at a time.

use std::sync::Arc;

use crate::density::dag::Dag;
use crate::density::kernel::SparseKernel;
use crate::density::program::{Center, Ragged};
use crate::simd::{Scalar, Simd};

use super::batch::{Batch, VECTORS};
use super::distinct::Distinct;

/// Sparse environments whose overlaps are in registers at a time.
const TOGETHER: usize = 4;
/// What keeps an atom without any functions finite.
const NO_NORM: f64 = 1e-200;

/// Kernels of one centre species and their coefficients.
#[derive(Debug, Clone)]
pub struct KernelReadout {
    /// The kernels.
    pub kernel: Arc<SparseKernel>,
    /// One coefficient (eV) per sparse environment.
    pub coefficients: Vec<f64>,
}

/// The same in the form that the evaluator reads.
#[derive(Debug)]
pub struct Head<S: Simd> {
    /// Terms `(leaf, coefficient)` of each function of order ≥ 2.
    pub functions: Ragged<(u32, f64)>,
    /// Energy of the free atom, with the sign that cancels it.
    offset: f64,
    zeta: u32,
    /// `[block][function][environment of the block]`.
    points: Vec<S::Scalar>,
    /// `[block][environment of the block]`, 0 where there is none.
    coefficients: Vec<S::Scalar>,
}

impl<S: Simd> Head<S> {
    pub(super) fn new(readout: &KernelReadout, center: &Center, distinct: &Distinct, dag: &Dag) -> Self {
        let (kernel, n) = (&readout.kernel, center.functions.len());
        let blocks = kernel.len().div_ceil(TOGETHER);
        let mut points = vec![S::Scalar::default(); blocks * n * TOGETHER];
        let mut coefficients = vec![S::Scalar::default(); blocks * TOGETHER];
        for (s, row) in kernel.points().chunks_exact(n.max(1)).enumerate() {
            coefficients[s] = S::Scalar::rounded(readout.coefficients[s]);
            let block = &mut points[s / TOGETHER * n * TOGETHER..][..n * TOGETHER];
            let places = block.iter_mut().skip(s % TOGETHER).step_by(TOGETHER);
            places.zip(row).for_each(|(place, p)| *place = S::Scalar::rounded(*p));
        }
        Self {
            functions: distinct.leaf_terms(center, dag),
            offset: -kernel.lone_energy(&readout.coefficients),
            zeta: kernel.zeta(),
            points,
            coefficients,
        }
    }

    /// Energies of the atoms; replaces the functions by the derivatives of the energy with respect to them.
    #[inline(always)]
    pub(super) fn run(&self, functions: &mut [Batch<S>], bars: &mut Vec<Batch<S>>) -> Batch<S> {
        let n = functions.len();
        bars.clear();
        bars.resize(n, [S::zero(); VECTORS]);
        let mut inverse = [S::splat(NO_NORM); VECTORS];
        for g in 0..VECTORS {
            for function in &*functions {
                inverse[g] = function[g].mul_add(function[g], inverse[g]);
            }
            inverse[g] = S::splat(1.0).div(inverse[g].sqrt());
            for function in &mut *functions {
                function[g] = function[g].mul(inverse[g]);
            }
        }
        let mut energy = [S::splat(self.offset); VECTORS];
        let mut along = [S::zero(); VECTORS];
        let blocks = self.points.chunks_exact((n * TOGETHER).max(1));
        for (points, coefficients) in blocks.zip(self.coefficients.chunks_exact(TOGETHER)) {
            let mut weights = [[S::zero(); VECTORS]; TOGETHER];
            for (point, function) in points.chunks_exact(TOGETHER).zip(&*functions) {
                for k in 0..TOGETHER {
                    let p = S::broadcast(point[k]);
                    for g in 0..VECTORS {
                        weights[k][g] = p.mul_add(function[g], weights[k][g]);
                    }
                }
            }
            for k in 0..TOGETHER {
                for g in 0..VECTORS {
                    let (overlap, c) = (weights[k][g], S::broadcast(coefficients[k]));
                    let mut power = c;
                    for _ in 1..self.zeta {
                        power = power.mul(overlap);
                    }
                    energy[g] = power.mul_add(overlap, energy[g]);
                    weights[k][g] = power.mul(S::splat(f64::from(self.zeta)));
                    along[g] = weights[k][g].mul_add(overlap, along[g]);
                }
            }
            for (point, bar) in points.chunks_exact(TOGETHER).zip(&mut *bars) {
                for k in 0..TOGETHER {
                    let p = S::broadcast(point[k]);
                    for g in 0..VECTORS {
                        bar[g] = p.mul_add(weights[k][g], bar[g]);
                    }
                }
            }
        }
        for (function, bar) in functions.iter_mut().zip(&*bars) {
            for g in 0..VECTORS {
                function[g] = along[g].neg_mul_add(function[g], bar[g]).mul(inverse[g]);
            }
        }
        energy
    }
}
