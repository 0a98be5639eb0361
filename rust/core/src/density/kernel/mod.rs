//! Kernels between the environments of atoms and sparse environments, as features: what a sparse Gaussian process is
//! linear in.
//!
//! ```text
//! E_i = Σ_s c_s [ k(p_i, p_s) − k(p_∅, p_s) ] + pair functions,     k(p, p') = f(p̂ · p̂'),     p̂ = (s ∘ p, a) / |(s ∘ p, a)|
//! ```
//!
//! for the functions p of order ≥ 2 of a program (the power spectrum of SOAP first) and the environment ∅ of a free
//! atom, whose energy is thus e0; f is a [`KernelFunction`]. Power spectra are compared as they are, s = 1 and a = 0.
//! Products that vanish for a free atom (ACE) have no direction there: they are scaled by s and have the constant a = 1
//! beside them. Sparse environments are those of atoms of the centre's species. The norm and its derivative stay outside
//! of the products with the p̂_s. Source: Bartók, Csányi, DOI 10.1002/qua.24927.

mod descriptor;
mod design;
mod function;
mod mapped;

use nalgebra::{DMatrixView, DMatrixViewMut};

use crate::error::{Error, Result};

pub use descriptor::KernelDescriptor;
pub use function::{KernelFunction, MAX_ZETA};

/// Rounding of the length of given rows.
const LENGTH_TOLERANCE: f64 = 1e-6;

/// The kernel towards the sparse environments of one species.
#[derive(Debug, Clone, PartialEq)]
pub struct SparseKernel {
    function: KernelFunction,
    /// s, one per function.
    scales: Vec<f64>,
    /// a
    constant: Option<f64>,
    /// p̂_s, row by row, with the constant at the end of a row.
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
    /// 1 / |(s ∘ p, a)|
    pub inverse: f64,
    /// p̂ · p̂_s
    pub overlaps: Vec<f64>,
}

impl SparseKernel {
    /// The kernel towards `points`, less that of the free atom with functions `lone`.
    ///
    /// Rows of `points` are the p̂_s, shorter than 1 where a part that no atom has is left out. `scales` are s, beside
    /// which there is the constant; without them functions are compared as they are.
    ///
    /// # Errors
    /// [`Error::Length`] for incomplete rows and scales, [`Error::Setting`] for rows and scales out of range.
    pub fn new(
        function: KernelFunction,
        points: Vec<f64>,
        lone: &[f64],
        scales: Option<Vec<f64>>,
    ) -> Result<Self> {
        let constant = scales.as_ref().map(|_| 1.0);
        let scales = scales.unwrap_or_else(|| vec![1.0; lone.len()]);
        Error::check_length("scales of functions", lone.len(), scales.len())?;
        if scales.iter().any(|s| !(s.is_finite() && *s >= 0.0)) {
            let reason = "expected finite numbers that are not negative".into();
            return Err(Error::Setting { name: "scales", reason });
        }
        let empty =
            Self { function, scales, constant, points: Vec::new(), free: Vec::new(), lone: Vec::new() };
        let mut at = KernelsAt::default();
        empty.at(lone, &mut at);
        empty.towards(points, at.unit)
    }

    /// The same with other rows of points and another p̂_∅.
    fn towards(&self, points: Vec<f64>, free: Vec<f64>) -> Result<Self> {
        let n = free.len();
        let whole = points.len() / n.max(1) * n;
        Error::check_length("sparse points", whole, points.len())?;
        for row in points.chunks_exact(n.max(1)) {
            let norm = norm(row);
            if !(norm > 0.0 && norm < 1.0 + LENGTH_TOLERANCE) {
                let reason = format!("expected rows of a length of at most 1 that are not all 0, got {norm}");
                return Err(Error::Setting { name: "sparse points", reason });
            }
        }
        let (function, constant) = (self.function, self.constant);
        let lone = points.chunks_exact(n.max(1)).map(|row| function.value(dot(row, &free))).collect();
        Ok(Self { function, scales: self.scales.clone(), constant, points, free, lone })
    }

    /// f
    pub fn function(&self) -> KernelFunction {
        self.function
    }

    /// s, one per function.
    pub fn scales(&self) -> &[f64] {
        &self.scales
    }

    /// a, where there is one.
    pub fn constant(&self) -> Option<f64> {
        self.constant
    }

    /// Length of the p̂.
    pub fn width(&self) -> usize {
        self.free.len()
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
        self.points.chunks_exact(self.width().max(1))
    }

    /// The energy that a free atom would have from the kernels alone.
    pub fn lone_energy(&self, coefficients: &[f64]) -> f64 {
        self.lone.iter().zip(coefficients).map(|(k, c)| k * c).sum()
    }

    /// Overlaps of an atom with functions p.
    pub(super) fn at(&self, functions: &[f64], at: &mut KernelsAt) {
        at.unit.clear();
        at.unit.extend(functions.iter().zip(&self.scales).map(|(p, s)| s * p));
        at.unit.extend(self.constant);
        let norm = norm(&at.unit);
        at.inverse = if norm > 0.0 { 1.0 / norm } else { 0.0 };
        at.unit.iter_mut().for_each(|p| *p *= at.inverse);
        at.overlaps.clear();
        at.overlaps.extend(self.rows().map(|row| dot(row, &at.unit)));
    }

    /// The features: k(p, p_s) − k(p_∅, p_s).
    pub(super) fn values(&self, at: &KernelsAt, out: &mut [f64]) {
        for ((out, t), lone) in out.iter_mut().zip(&at.overlaps).zip(&self.lone) {
            *out = self.function.value(*t) - lone;
        }
    }

    /// dk/d(p̂ · p̂_s) / |(s ∘ p, a)|, overlap by overlap.
    pub(super) fn slopes(&self, at: &KernelsAt) -> impl Iterator<Item = f64> {
        let (function, inverse) = (self.function, at.inverse);
        at.overlaps.iter().map(move |t| function.slope(*t) * inverse)
    }

    /// `Σ_s bar_s dk_s/dp`, to `out`.
    pub(super) fn pull_back(&self, at: &KernelsAt, bar: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        let mut along = 0.0;
        for (((slope, bar), t), row) in self.slopes(at).zip(bar).zip(&at.overlaps).zip(self.rows()) {
            let weight = slope * bar;
            along += weight * t;
            out.iter_mut().zip(row).for_each(|(out, p)| *out += weight * p);
        }
        for ((out, p), s) in out.iter_mut().zip(&at.unit).zip(&self.scales) {
            *out = s * (*out - along * p);
        }
    }

    /// Derivative of the features along `functions_dot`.
    pub(super) fn push_forward(&self, at: &KernelsAt, functions_dot: &[f64], out: &mut [f64]) {
        let scaled: Vec<f64> = functions_dot.iter().zip(&self.scales).map(|(dot, s)| s * dot).collect();
        let n = scaled.len();
        let along = dot(&at.unit[..n], &scaled);
        let rows = out.iter_mut().zip(self.rows());
        for (((out, row), slope), t) in rows.zip(self.slopes(at)).zip(&at.overlaps) {
            *out = slope * (dot(&row[..n], &scaled) - t * along);
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
