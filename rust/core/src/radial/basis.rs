//! Orthogonal radial functions of one species pair: transformed distance × envelope × polynomial.
//!
//! ```text
//! R_n(r) = √w · (1 − y)^c (1 + y)^b J_n^{(2c, 2b)}(y),        y = Agnesi(r) ∈ [−1, 1]
//! ```
//!
//! with c ≥ 1 the order of the zero at the cutoff and b ≥ 0 that at r = 0, so that the R_n are
//! orthonormal in y. The many-body channels and the pair channels have their own cutoff,
//! transform and envelope.

use super::agnesi::power;
use super::{Agnesi, Jacobi};
use crate::density::Radial;
use crate::error::{Error, Result};

/// Settings of one set of radial functions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RadialSettings {
    /// Number of functions.
    pub n: usize,
    /// Cutoff in Å.
    pub cutoff: f64,
    /// Exponents (p, q) of the Agnesi transform.
    pub exponents: (i32, i32),
    /// Order of the zero at the cutoff.
    pub outer_zero: u32,
    /// Order of the zero at r = 0.
    pub inner_zero: u32,
}

/// Largest number of many-body functions that are combined or weighted.
pub(super) const MAX_FUNCTIONS: usize = 64;

/// One set: many-body or pair.
#[derive(Debug, Clone, PartialEq)]
struct Set {
    settings: RadialSettings,
    transform: Agnesi,
    polynomials: Jacobi,
}

impl Set {
    fn new(settings: RadialSettings, r0: f64) -> Result<Self> {
        if settings.outer_zero == 0 || settings.outer_zero > 6 || settings.inner_zero > 6 {
            return Err(Error::Setting {
                name: "envelope",
                reason: format!(
                    "zeros of order 1–6 at the cutoff and 0–6 at r = 0 are possible, got {} and {}",
                    settings.outer_zero, settings.inner_zero
                ),
            });
        }
        Ok(Self {
            settings,
            transform: Agnesi::new(r0, settings.exponents.0, settings.exponents.1, settings.cutoff)?,
            polynomials: Jacobi::new(settings.n, 2 * settings.outer_zero, 2 * settings.inner_zero),
        })
    }

    fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        if r >= self.settings.cutoff {
            value.fill(0.0);
            derivative.fill(0.0);
            return;
        }
        let (y, dy) = self.transform.evaluate(r);
        self.polynomials.evaluate(y, value, derivative);
        let (c, b) = (self.settings.outer_zero as i32, self.settings.inner_zero as i32);
        let (u, v) = (1.0 - y, 1.0 + y);
        let envelope = u.powi(c) * v.powi(b);
        let inner = if b == 0 { 0.0 } else { f64::from(b) * u.powi(c) * v.powi(b - 1) };
        let slope = inner - f64::from(c) * u.powi(c - 1) * v.powi(b);
        for (f, d) in value.iter_mut().zip(derivative) {
            *d = (*d * envelope + *f * slope) * dy;
            *f *= envelope;
        }
    }
}

/// Distances whose functions are computed side by side.
const SIDE_BY_SIDE: usize = 8;

impl Set {
    /// Values alone: function `f` at distance `j` goes to `out[f * stride + j]`.
    fn values(&self, r: &[f64], stride: usize, out: &mut [f64]) {
        let (c, b) = (self.settings.outer_zero as i32, self.settings.inner_zero as i32);
        for (chunk, start) in r.chunks(SIDE_BY_SIDE).zip((0..).step_by(SIDE_BY_SIDE)) {
            let mut distances = [self.settings.cutoff; SIDE_BY_SIDE];
            distances[..chunk.len()].copy_from_slice(chunk);
            let y = self.transform.values(distances);
            let (outer, inner) = (power(y.map(|y| 1.0 - y), c), power(y.map(|y| 1.0 + y), b));
            let envelope = std::array::from_fn(|k| {
                if distances[k] < self.settings.cutoff { outer[k] * inner[k] } else { 0.0 }
            });
            self.polynomials.values(self.settings.n, y, envelope, |f, values| {
                out[f * stride + start..][..chunk.len()].copy_from_slice(&values[..chunk.len()]);
            });
        }
    }
}

/// Radial functions of one species pair: many-body channels, then pair channels.
#[derive(Debug, Clone, PartialEq)]
pub struct RadialBasis {
    many: Set,
    pair: Set,
    /// Rows of coefficients that combine the functions of `many`; empty: these themselves.
    combinations: Vec<Vec<f64>>,
}

impl RadialBasis {
    /// Functions of a pair whose nearest-neighbor distance is about `r0` (Å).
    ///
    /// # Errors
    /// [`Error::Setting`] for lengths, exponents or orders out of range.
    pub fn new(r0: f64, many: RadialSettings, pair: RadialSettings) -> Result<Self> {
        Ok(Self { many: Set::new(many, r0)?, pair: Set::new(pair, r0)?, combinations: Vec::new() })
    }

    /// With linear combinations of the many-body functions in their place, one per row.
    ///
    /// # Errors
    /// [`Error::Setting`] for rows that do not have one finite coefficient per function.
    pub fn combined(self, rows: &[Vec<f64>]) -> Result<Self> {
        let n = self.many.settings.n;
        if n > MAX_FUNCTIONS || rows.iter().any(|row| row.len() != n || row.iter().any(|c| !c.is_finite())) {
            let reason = format!("expected rows of {n} (at most {MAX_FUNCTIONS}) finite coefficients");
            return Err(Error::Setting { name: "radial_coefficients", reason });
        }
        Ok(Self { combinations: rows.to_vec(), ..self })
    }

    /// Number of many-body functions.
    pub fn n_many(&self) -> usize {
        if self.combinations.is_empty() { self.many.settings.n } else { self.combinations.len() }
    }

    /// The many-body functions and their derivatives at `r`.
    pub fn evaluate_many(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        if self.combinations.is_empty() {
            return self.many.evaluate(r, value, derivative);
        }
        let n = self.many.settings.n;
        let (mut v, mut d) = ([0.0; MAX_FUNCTIONS], [0.0; MAX_FUNCTIONS]);
        self.many.evaluate(r, &mut v[..n], &mut d[..n]);
        let dot = |row: &[f64], of: &[f64]| -> f64 { row.iter().zip(of).map(|(c, f)| c * f).sum() };
        for (row, (value, derivative)) in self.combinations.iter().zip(value.iter_mut().zip(derivative)) {
            (*value, *derivative) = (dot(row, &v), dot(row, &d));
        }
    }

    /// As [`Radial::values`], the many-body functions only.
    pub(super) fn many_values(&self, r: &[f64], stride: usize, out: &mut [f64]) {
        if self.combinations.is_empty() {
            return self.many.values(r, stride, out);
        }
        let n = self.many.settings.n;
        let mut plain = vec![0.0; n * r.len()];
        self.many.values(r, r.len(), &mut plain);
        for (row, out) in self.combinations.iter().zip(out.chunks_mut(stride)) {
            combine(row.iter().copied().enumerate(), &plain, &mut out[..r.len()]);
        }
    }

    /// As [`Radial::values`], the pair functions only.
    pub(super) fn pair_values(&self, r: &[f64], stride: usize, out: &mut [f64]) {
        self.pair.values(r, stride, out);
    }

    /// The pair functions and their derivatives at `r`.
    pub fn evaluate_pair(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        self.pair.evaluate(r, value, derivative);
    }
}

/// `Σ c f` of functions given as rows of as many values as `out`.
pub(super) fn combine(terms: impl Iterator<Item = (usize, f64)>, functions: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    for (f, c) in terms {
        let row = &functions[f * out.len()..][..out.len()];
        out.iter_mut().zip(row).for_each(|(sum, value)| *sum += c * value);
    }
}

impl Radial for RadialBasis {
    fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        let (v, w) = value.split_at_mut(self.n_many());
        let (d, e) = derivative.split_at_mut(self.n_many());
        self.evaluate_many(r, v, d);
        self.evaluate_pair(r, w, e);
    }

    fn values(&self, r: &[f64], stride: usize, _n_functions: usize, out: &mut [f64]) {
        let end = (self.n_many() * stride).min(out.len());
        let (many, pair) = out.split_at_mut(end);
        self.many_values(r, stride, many);
        self.pair_values(r, stride, pair);
    }

    fn cutoff(&self) -> f64 {
        let many = if self.many.settings.n > 0 { self.many.settings.cutoff } else { 0.0 };
        let pair = if self.pair.settings.n > 0 { self.pair.settings.cutoff } else { 0.0 };
        many.max(pair)
    }

    fn kink(&self) -> f64 {
        if self.many.settings.n > 0 { self.many.settings.cutoff.min(self.cutoff()) } else { self.cutoff() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivative_and_cutoff() {
        let many = RadialSettings { n: 7, cutoff: 5.0, exponents: (2, 4), outer_zero: 2, inner_zero: 2 };
        let pair = RadialSettings { n: 5, cutoff: 6.0, exponents: (1, 3), outer_zero: 3, inner_zero: 0 };
        let basis = RadialBasis::new(2.3, many, pair).unwrap();
        let eval = |r: f64| {
            let (mut v, mut d) = (vec![0.0; 12], vec![0.0; 12]);
            basis.evaluate(r, &mut v, &mut d);
            (v, d)
        };
        for k in 1..70 {
            let r = 0.0913 * f64::from(k);
            let (v, d) = eval(r);
            let mut values = vec![f64::NAN; 36];
            basis.values(&[0.7, r], 3, 12, &mut values);
            assert!((0..12).all(|n| (values[3 * n + 1] - v[n]).abs() < 1e-12 * (1.0 + v[n].abs())), "{r}");
            let (lo, hi) = (eval(r - 1e-5).0, eval(r + 1e-5).0);
            for n in 0..12 {
                assert!(((hi[n] - lo[n]) / 2e-5 - d[n]).abs() < 1e-5 * (1.0 + d[n].abs()), "r {r} n {n}");
            }
        }
        assert!(eval(5.0).0[..7].iter().all(|v| v.abs() < 1e-300));
        assert!(eval(4.999_999).0[..7].iter().all(|v| v.abs() < 1e-9));
        assert!((basis.cutoff() - 6.0).abs() < 1e-15);
    }
}
