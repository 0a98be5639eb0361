//! Kernels between the environments of atoms and sparse environments, as features: what a sparse Gaussian process is
//! linear in.
//!
//! ```text
//! E_i = Σ_s c_s [ k(p_i, p_s) − k(p_∅, p_s) ] + pair functions,     k(p, p') = (p̂ · p̂')^ζ,     p̂ = p / |p|
//! ```
//!
//! for the functions p of order ≥ 2 of a program (the power spectrum of SOAP first) and the environment ∅ of a free
//! atom, whose energy is thus e0. Sparse environments are those of atoms of the centre's species. The norm and its
//! derivative stay outside of the products with the p̂_s. Source: Bartók, Csányi, DOI 10.1002/qua.24927.

mod descriptor;
mod design;
mod mapped;

use nalgebra::{DMatrixView, DMatrixViewMut};

use crate::error::{Error, Result};

pub use descriptor::KernelDescriptor;

/// Largest ζ.
pub const MAX_ZETA: u32 = 16;

/// The kernel towards the sparse environments of one species.
#[derive(Debug, Clone, PartialEq)]
pub struct SparseKernel {
    zeta: u32,
    n_functions: usize,
    /// p̂_s, row by row.
    points: Vec<f64>,
    /// p̂_∅
    free: Vec<f64>,
    /// k(p_∅, p_s).
    lone: Vec<f64>,
}

/// Values of the kernels of one atom, and what their derivatives need.
#[derive(Debug, Clone, Default)]
pub(super) struct KernelsAt {
    /// p̂
    pub unit: Vec<f64>,
    /// 1 / |p|
    pub inverse: f64,
    /// p̂ · p̂_s
    pub overlaps: Vec<f64>,
}

impl SparseKernel {
    /// The kernel towards `points` (row by row, of any length), less that of the free atom.
    ///
    /// # Errors
    /// [`Error::Length`] for incomplete rows, [`Error::Setting`] for ζ out of range and rows without a direction.
    pub fn new(zeta: u32, points: &[f64], lone: &[f64]) -> Result<Self> {
        if !(1..=MAX_ZETA).contains(&zeta) {
            let reason = format!("expected 1 to {MAX_ZETA}, got {zeta}");
            return Err(Error::Setting { name: "zeta", reason });
        }
        let n = lone.len();
        let whole = points.len() / n.max(1) * n;
        Error::check_length("sparse points", whole, points.len())?;
        let mut unit = Vec::with_capacity(points.len());
        for row in points.chunks_exact(n.max(1)) {
            let norm = norm(row);
            if !(norm.is_finite() && norm > 0.0) {
                let reason = "expected rows of finite numbers that are not all 0".into();
                return Err(Error::Setting { name: "sparse points", reason });
            }
            unit.extend(row.iter().map(|p| p / norm));
        }
        let mut kernel = Self { zeta, n_functions: n, points: unit, free: Vec::new(), lone: Vec::new() };
        let mut at = KernelsAt::default();
        kernel.at(lone, &mut at);
        kernel.free.clone_from(&at.unit);
        kernel.lone = at.overlaps.iter().map(|t| t.powi(zeta as i32)).collect();
        Ok(kernel)
    }

    /// ζ
    pub fn zeta(&self) -> u32 {
        self.zeta
    }

    /// Number of sparse environments.
    pub fn len(&self) -> usize {
        self.lone.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lone.is_empty()
    }

    /// The p̂_s, row by row.
    pub fn points(&self) -> &[f64] {
        &self.points
    }

    fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.points.chunks_exact(self.n_functions.max(1))
    }

    /// The energy that a free atom would have from the kernels alone.
    pub fn lone_energy(&self, coefficients: &[f64]) -> f64 {
        self.lone.iter().zip(coefficients).map(|(k, c)| k * c).sum()
    }

    /// Overlaps of an atom with functions p.
    pub(super) fn at(&self, functions: &[f64], at: &mut KernelsAt) {
        let norm = norm(functions);
        at.inverse = if norm > 0.0 { 1.0 / norm } else { 0.0 };
        at.unit.clear();
        at.unit.extend(functions.iter().map(|p| p * at.inverse));
        at.overlaps.clear();
        at.overlaps.extend(self.rows().map(|row| dot(row, &at.unit)));
    }

    /// The features: k(p, p_s) − k(p_∅, p_s).
    pub(super) fn values(&self, at: &KernelsAt, out: &mut [f64]) {
        for ((out, t), lone) in out.iter_mut().zip(&at.overlaps).zip(&self.lone) {
            *out = t.powi(self.zeta as i32) - lone;
        }
    }

    /// dk/d(p̂ · p̂_s) / |p|, overlap by overlap.
    pub(super) fn slopes(&self, at: &KernelsAt) -> impl Iterator<Item = f64> {
        let (zeta, inverse) = (self.zeta, at.inverse);
        at.overlaps.iter().map(move |t| f64::from(zeta) * t.powi(zeta as i32 - 1) * inverse)
    }

    /// `Σ_s bar_s dk_s/dp`, added to `out`.
    pub(super) fn pull_back(&self, at: &KernelsAt, bar: &[f64], out: &mut [f64]) {
        let mut along = 0.0;
        for (((slope, bar), t), row) in self.slopes(at).zip(bar).zip(&at.overlaps).zip(self.rows()) {
            let weight = slope * bar;
            along += weight * t;
            out.iter_mut().zip(row).for_each(|(out, p)| *out += weight * p);
        }
        out.iter_mut().zip(&at.unit).for_each(|(out, p)| *out -= along * p);
    }

    /// Derivative of the features along `functions_dot`.
    pub(super) fn push_forward(&self, at: &KernelsAt, functions_dot: &[f64], out: &mut [f64]) {
        let along = dot(&at.unit, functions_dot);
        let rows = out.iter_mut().zip(self.rows());
        for (((out, row), slope), t) in rows.zip(self.slopes(at)).zip(&at.overlaps) {
            *out = slope * (dot(row, functions_dot) - t * along);
        }
    }
}

/// Sums side by side, so that the compiler uses vectors.
const LANES: usize = 8;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    let mut sums = [0.0; LANES];
    for (a, b) in a.zip(b) {
        for k in 0..LANES {
            sums[k] += a[k] * b[k];
        }
    }
    sums.iter().sum::<f64>() + rest
}

fn norm(row: &[f64]) -> f64 {
    dot(row, row).sqrt()
}

/// `out = a b` of row-major matrices (rows, inner) and (inner, columns).
fn multiply(a: &[f64], b: &[f64], out: &mut [f64], [rows, inner, columns]: [usize; 3]) {
    // Row-major matrices are the transposes of column-major ones: outᵀ = bᵀ aᵀ.
    let (a, b) = (DMatrixView::from_slice(a, inner, rows), DMatrixView::from_slice(b, columns, inner));
    DMatrixViewMut::from_slice(out, columns, rows).gemm(1.0, &b, &a, 0.0);
}
