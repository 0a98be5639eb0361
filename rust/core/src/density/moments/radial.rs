//! Radial functions of moments: polynomials in r that vanish with their derivative at the cutoff.
//!
//! ```text
//! f_μ(r) = Σ_β c_μβ q_β(r),   q_β(r) = s (r − r_max)² P_β(ξ),   ξ = (2r − r_min − r_max) / (r_max − r_min)
//! ```
//!
//! and 0 from r_max on. Below r_min the polynomials go on, or (softness w > 0) below `r_0 = r_min + w` r is replaced by
//! `r_0 − w tanh((r_0 − r)/w)`: two continuous derivatives, and the polynomials are never taken outside of their range,
//! where they grow as fast as they can.

use crate::error::{Error, Result};
use crate::radial::Jacobi;

/// The polynomials `P_β`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polynomials {
    /// Chebyshev polynomials of the first kind, as in MLIP.
    Chebyshev,
    /// Jacobi polynomials with α = 4 and β = 0: the `q_β` are orthogonal in ξ.
    Jacobi,
}

/// What all radial functions have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RadialSettings {
    /// Kind of polynomials.
    pub polynomials: Polynomials,
    /// Number of polynomials.
    pub n_polynomials: usize,
    /// Number of functions.
    pub n_functions: usize,
    /// Scaling s, 1/Å².
    pub scaling: f64,
}

/// Most polynomials of a radial function.
const MAX_POLYNOMIALS: usize = 64;
/// Most radial functions.
const MAX_FUNCTIONS: usize = 64;

impl RadialSettings {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::Setting`] for numbers out of range.
    pub fn check(&self) -> Result<()> {
        for (name, n, most) in [
            ("radial basis size", self.n_polynomials, MAX_POLYNOMIALS),
            ("radial functions", self.n_functions, MAX_FUNCTIONS),
        ] {
            if n == 0 || n > most {
                return Err(Error::Setting { name, reason: format!("expected 1 to {most}, got {n}") });
            }
        }
        if !(self.scaling.is_finite() && self.scaling > 0.0) {
            let reason = format!("expected a positive number, got {}", self.scaling);
            return Err(Error::Setting { name: "scaling", reason });
        }
        Ok(())
    }

    /// Matrix `[β][k]` with `s P_β = Σ_k matrix[β][k] T_k`, by the discrete orthogonality of the `T_k`.
    pub(super) fn series(&self) -> Vec<f64> {
        let n = self.n_polynomials;
        let mut matrix = vec![0.0; n * n];
        if self.polynomials == Polynomials::Chebyshev {
            matrix.iter_mut().step_by(n + 1).for_each(|m| *m = self.scaling);
            return matrix;
        }
        let (mut value, mut derivative) = (vec![0.0; n], vec![0.0; n]);
        for node in 0..n {
            let angle = std::f64::consts::PI * (node as f64 + 0.5) / n as f64;
            polynomials(self, angle.cos(), &mut value, &mut derivative);
            for (row, p) in matrix.chunks_exact_mut(n).zip(&value) {
                for (k, m) in row.iter_mut().enumerate() {
                    let norm = if k == 0 { 1.0 } else { 2.0 } / n as f64;
                    *m += self.scaling * norm * p * (k as f64 * angle).cos();
                }
            }
        }
        matrix
    }
}

/// The radial functions of one ordered pair of species.
#[derive(Debug, Clone, PartialEq)]
pub struct PairRadial {
    /// r_min, Å.
    pub min: f64,
    /// r_max, the cutoff, Å.
    pub max: f64,
    /// Softness w, Å: functions level off from r_min + w on; 0 for polynomials that go on.
    pub softness: f64,
    /// Coefficients `[function][polynomial]`.
    pub coefficients: Vec<f64>,
}

impl PairRadial {
    /// # Errors
    /// [`Error::Setting`] for distances or coefficients out of range, [`Error::Length`] for a wrong number of
    /// coefficients.
    pub(super) fn check(&self, settings: &RadialSettings) -> Result<()> {
        if !(self.min >= 0.0 && self.max > self.min + 1e-3 && self.max <= 100.0) {
            let reason = format!("expected 0 ≤ min < max ≤ 100 Å, got {} and {}", self.min, self.max);
            return Err(Error::Setting { name: "radial range", reason });
        }
        if !(self.softness >= 0.0 && self.min + self.softness < self.max) {
            let reason =
                format!("expected 0 to max − min ({} Å), got {}", self.max - self.min, self.softness);
            return Err(Error::Setting { name: "softness", reason });
        }
        let expected = settings.n_functions * settings.n_polynomials;
        Error::check_length("radial coefficients", expected, self.coefficients.len())?;
        if self.coefficients.iter().any(|c| !c.is_finite()) {
            let reason = "a coefficient is not finite".into();
            return Err(Error::Setting { name: "radial coefficients", reason });
        }
        Ok(())
    }

    /// The distance at which the polynomials are taken, and its derivative.
    pub fn softened(&self, r: f64) -> (f64, f64) {
        let start = self.softened_below();
        if r >= start || self.softness == 0.0 {
            return (r, 1.0);
        }
        let t = ((start - r) / self.softness).tanh();
        (start - self.softness * t, 1.0 - t * t)
    }

    /// The distance (Å) below which [`Self::softened`] distances differ, where there is softness.
    pub fn softened_below(&self) -> f64 {
        self.min + self.softness
    }

    /// The `q_β` and their derivatives (1/Å) at `r` into slices of `n_polynomials` entries.
    pub fn basis(&self, settings: &RadialSettings, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        if r >= self.max {
            value.fill(0.0);
            derivative.fill(0.0);
            return;
        }
        let (r, dr) = self.softened(r);
        let slope = 2.0 / (self.max - self.min);
        polynomials(settings, (2.0 * r - self.min - self.max) / (self.max - self.min), value, derivative);
        let u = r - self.max;
        for (f, d) in value.iter_mut().zip(derivative) {
            *d = settings.scaling * dr * (*d * slope * u * u + *f * 2.0 * u);
            *f *= settings.scaling * u * u;
        }
    }

    /// Coefficients `[function][polynomial]` of Chebyshev polynomials for the same functions, scaling included.
    pub fn chebyshev(&self, settings: &RadialSettings) -> Vec<f64> {
        let n = settings.n_polynomials;
        let matrix = settings.series();
        let mut out = vec![0.0; self.coefficients.len()];
        for (own, out) in self.coefficients.chunks_exact(n).zip(out.chunks_exact_mut(n)) {
            for (c, row) in own.iter().zip(matrix.chunks_exact(n)) {
                out.iter_mut().zip(row).for_each(|(out, t)| *out += c * t);
            }
        }
        out
    }
}

/// `P_β` and their derivatives at ξ.
fn polynomials(settings: &RadialSettings, xi: f64, value: &mut [f64], derivative: &mut [f64]) {
    match settings.polynomials {
        Polynomials::Chebyshev => {
            let (mut t, mut t1, mut d, mut d1) = (1.0, xi, 0.0, 1.0);
            for (v, e) in value.iter_mut().zip(derivative) {
                (*v, *e) = (t, d);
                let (t2, d2) = (2.0 * xi * t1 - t, 2.0 * (t1 + xi * d1) - d);
                (t, t1, d, d1) = (t1, t2, d1, d2);
            }
        }
        Polynomials::Jacobi => Jacobi::new(value.len(), 4, 0).evaluate(xi, value, derivative),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(softness: f64) -> PairRadial {
        PairRadial {
            min: 1.8,
            max: 5.0,
            softness,
            coefficients: (0..12).map(|k| f64::from(k).sin()).collect(),
        }
    }

    fn settings(polynomials: Polynomials) -> RadialSettings {
        RadialSettings { polynomials, n_polynomials: 6, n_functions: 2, scaling: 0.1 }
    }

    #[test]
    fn derivatives_and_ends() {
        for polynomials in [Polynomials::Chebyshev, Polynomials::Jacobi] {
            for softness in [0.0, 0.4] {
                let (settings, pair) = (settings(polynomials), pair(softness));
                let at = |r: f64| {
                    let (mut v, mut d) = ([0.0; 6], [0.0; 6]);
                    pair.basis(&settings, r, &mut v, &mut d);
                    (v, d)
                };
                for k in 1..60 {
                    let r = 0.0873 * f64::from(k);
                    let (low, high, (_, d)) = (at(r - 1e-6).0, at(r + 1e-6).0, at(r));
                    for b in 0..6 {
                        let slope = (high[b] - low[b]) / 2e-6;
                        assert!((slope - d[b]).abs() < 1e-5 * (1.0 + d[b].abs()), "{r} {b}");
                    }
                }
                assert!(at(5.0).0.iter().all(|v| *v == 0.0));
                assert!(at(5.0 - 1e-6).1.iter().all(|d| d.abs() < 1e-4));
            }
        }
    }

    #[test]
    fn same_functions_in_chebyshev_polynomials() {
        let (jacobi, chebyshev) = (settings(Polynomials::Jacobi), settings(Polynomials::Chebyshev));
        let pair = pair(0.0);
        let converted = pair.chebyshev(&jacobi);
        let (mut v, mut w, mut d) = ([0.0; 6], [0.0; 6], [0.0; 6]);
        for r in [0.9, 2.0, 3.3, 4.9] {
            pair.basis(&jacobi, r, &mut v, &mut d);
            pair.basis(&chebyshev, r, &mut w, &mut d);
            for function in 0..2 {
                let sum = |c: &[f64], q: &[f64]| -> f64 { c.iter().zip(q).map(|(c, q)| c * q).sum() };
                let own = 6 * function..6 * function + 6;
                let expected = sum(&pair.coefficients[own.clone()], &v);
                let got = sum(&converted[own], &w) / chebyshev.scaling;
                assert!((got - expected).abs() < 1e-12 * (1.0 + expected.abs()));
            }
        }
    }
}
