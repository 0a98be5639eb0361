//! Tabulated radial functions: piecewise cubic Hermite interpolation on equal bins in r.
//!
//! In bin `k`, with `u = r/h − k` in [0, 1):
//!
//! ```text
//! f(r) = c0 + u (c1 + u (c2 + u c3)),   c0 = f_k, c1 = h f'_k, c2 = 3Δ − h(2f'_k + f'_{k+1}), c3 = −2Δ + h(f'_k + f'_{k+1})
//! ```
//!
//! with `Δ = f_{k+1} − f_k`: continuously differentiable, error `h⁴ max|f''''| / 384`. Rows are stored
//! `[bin][coefficient][function]`, so that one distance reads consecutive numbers. One more row of zeros
//! stands for distances at or beyond the cutoff.

use crate::error::{Error, Result};

/// Shortest distance (Å) at which the tabulated functions are evaluated; the first node continues linearly.
const SHORTEST: f64 = 1e-10;

/// Most numbers in one table.
const LIMIT: usize = 1 << 28;

/// Bins between 0 and a cutoff.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bins {
    /// This many for every cutoff.
    Count(usize),
    /// As many of this width (Å) as fit, stretched to end at the cutoff: the grid of ML-PACE.
    Width(f64),
}

impl Bins {
    /// Number of bins up to `cutoff` (Å); 0 where it is not a sensible one.
    pub fn count(self, cutoff: f64) -> usize {
        match self {
            Self::Count(n) => n,
            Self::Width(width) if width > 0.0 => (cutoff / width) as usize,
            Self::Width(_) => 0,
        }
    }
}

/// Functions to tabulate: `(r, values, derivatives)`.
pub type Sample<'a> = dyn Fn(f64, &mut [f64], &mut [f64]) + 'a;

/// Table of several functions of r on `0 ..= cutoff`.
#[derive(Debug, Clone, PartialEq)]
pub struct SplineTable {
    n_functions: usize,
    n_bins: usize,
    cutoff: f64,
    coefficients: Vec<f64>,
}

impl SplineTable {
    /// Tabulates `sample(r, values, derivatives)` of `n_functions` functions on `n_bins` bins up to `cutoff` (Å).
    ///
    /// # Errors
    /// [`Error::Setting`] for zero bins, a cutoff that is not positive, or a sample that is not finite;
    /// [`Error::TooLarge`] for a table that would not fit.
    pub fn new(n_functions: usize, n_bins: usize, cutoff: f64, sample: &Sample<'_>) -> Result<Self> {
        if n_bins == 0 || !(cutoff.is_finite() && cutoff > 0.0) {
            let reason = format!("a table needs bins and a positive cutoff, got {n_bins} and {cutoff}");
            return Err(Error::Setting { name: "n_bins", reason });
        }
        let size = (n_bins + 1).saturating_mul(4).saturating_mul(n_functions);
        if size > LIMIT {
            return Err(Error::TooLarge { what: "spline table", size, limit: LIMIT });
        }
        let h = cutoff / n_bins as f64;
        let mut coefficients = vec![0.0; size];
        let mut left = Node::new(n_functions);
        let mut right = Node::new(n_functions);
        left.fill(0.0, h, sample)?;
        for (bin, row) in coefficients.chunks_exact_mut((4 * n_functions).max(1)).take(n_bins).enumerate() {
            let r = if bin + 1 == n_bins { cutoff } else { (bin + 1) as f64 * h };
            right.fill(r, h, sample)?;
            for k in 0..n_functions {
                let delta = right.value[k] - left.value[k];
                let (d0, d1) = (left.slope[k], right.slope[k]);
                row[k] = left.value[k];
                row[n_functions + k] = d0;
                row[2 * n_functions + k] = 3.0 * delta - 2.0 * d0 - d1;
                row[3 * n_functions + k] = d0 + d1 - 2.0 * delta;
            }
            std::mem::swap(&mut left, &mut right);
        }
        Ok(Self { n_functions, n_bins, cutoff, coefficients })
    }

    /// Number of bins below the cutoff.
    pub fn n_bins(&self) -> usize {
        self.n_bins
    }

    /// Cutoff in Å.
    pub fn cutoff(&self) -> f64 {
        self.cutoff
    }

    /// All coefficients, `[bin][coefficient 0 ..= 3][function]`, with a last row of zeros.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// Values and derivatives (1/Å) at `r`.
    pub fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        let n = self.n_functions;
        let scale = self.n_bins as f64 / self.cutoff;
        let s = (r * scale).clamp(0.0, self.n_bins as f64);
        let bin = s as usize;
        let u = s - bin as f64;
        let row = &self.coefficients[bin * 4 * n..][..4 * n];
        for k in 0..n {
            let (c0, c1, c2, c3) = (row[k], row[n + k], row[2 * n + k], row[3 * n + k]);
            value[k] = ((c3 * u + c2) * u + c1) * u + c0;
            derivative[k] = ((3.0 * c3 * u + 2.0 * c2) * u + c1) * scale;
        }
    }
}

/// Values and slopes (per bin) at one node.
struct Node {
    value: Vec<f64>,
    slope: Vec<f64>,
}

impl Node {
    fn new(n: usize) -> Self {
        Self { value: vec![0.0; n], slope: vec![0.0; n] }
    }

    fn fill(&mut self, r: f64, h: f64, sample: &Sample<'_>) -> Result<()> {
        let from = r.max(SHORTEST);
        sample(from, &mut self.value, &mut self.slope);
        for (v, d) in self.value.iter_mut().zip(&mut self.slope) {
            *v += (r - from) * *d;
            *d *= h;
        }
        if self.value.iter().chain(&self.slope).all(|v| v.is_finite()) {
            return Ok(());
        }
        Err(Error::Setting {
            name: "radial", reason: format!("a radial function is not finite at {r:.4} Å")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(r: f64, value: &mut [f64], derivative: &mut [f64]) {
        value[0] = (1.3 * r).sin();
        derivative[0] = 1.3 * (1.3 * r).cos();
        value[1] = (5.0 - r).powi(3);
        derivative[1] = -3.0 * (5.0 - r).powi(2);
    }

    #[test]
    fn interpolates_values_and_derivatives() -> Result<()> {
        let table = SplineTable::new(2, 500, 5.0, &sample)?;
        let (mut v, mut d, mut w, mut e) = ([0.0; 2], [0.0; 2], [0.0; 2], [0.0; 2]);
        for k in 1..1000 {
            let r = f64::from(k) * 0.004_987;
            table.evaluate(r, &mut v, &mut d);
            sample(r, &mut w, &mut e);
            for i in 0..2 {
                assert!((v[i] - w[i]).abs() < 1e-9 && (d[i] - e[i]).abs() < 1e-6, "{r}");
            }
        }
        table.evaluate(5.0, &mut v, &mut d);
        assert_eq!((v, d), ([0.0; 2], [0.0; 2]));
        Ok(())
    }

    #[test]
    fn refuses_what_it_cannot_tabulate() {
        let diverging = |r: f64, value: &mut [f64], derivative: &mut [f64]| {
            value[0] = 1.0 / (r - 2.0);
            derivative[0] = 0.0;
        };
        assert!(SplineTable::new(1, 100, 4.0, &diverging).is_err());
        assert!(SplineTable::new(1, 0, 4.0, &sample).is_err());
        assert!(SplineTable::new(1 << 20, 1 << 20, 4.0, &sample).is_err());
    }
}
