//! Gaussian-type radial functions of SOAP: the overlap of a Gaussian at distance r with orthonormal functions.
//!
//! ```text
//! g_nl(r) = Σ_k β_nk r^l exp(−α_kl r²),   ∫ g_nl g_n'l r² dr = δ_nn',   β = S^(−1/2)
//! R_nl(r) = ∫ g_nl(r') Y_lm(r̂') exp(−η |r' − r r̂|²) d³r' / Y_lm(r̂)
//!         = Σ_k β_nk (π/(α_kl + η))^(3/2) (η r/(α_kl + η))^l exp(−η α_kl r² / (α_kl + η)),      η = 1/(2σ²)
//! ```
//!
//! `α_kl` is such that `r^l exp(−α r²)` has fallen to 10⁻³ at the k-th of n equally spaced distances from 1 Å to the
//! cutoff. Source: Himanen et al., DOI 10.1016/j.cpc.2019.106949.

use std::f64::consts::PI;

use nalgebra::{DMatrix, SymmetricEigen};

use crate::error::{Error, Result};

/// What the primitive functions fall to at their distance.
const THRESHOLD: f64 = 1e-3;
/// Å, shortest of the distances.
const SHORTEST: f64 = 1.0;
/// Most functions per l: their overlaps are numerically dependent beyond.
pub const MAX_N: usize = 16;
/// Largest l.
pub const MAX_L: usize = 12;
/// Distances whose functions are computed side by side.
const SIDE_BY_SIDE: usize = 8;

/// Functions of all l: that of (l, n) is number `l · n_max + n`.
#[derive(Debug, Clone, PartialEq)]
pub struct Gto {
    n: usize,
    lmax: usize,
    /// Exponents (Å⁻²) of the overlaps, `[l][k]`.
    rates: Vec<f64>,
    /// Their coefficients, `[l][n][k]`.
    coefficients: Vec<f64>,
}

impl Gto {
    /// `n` functions for each l up to `lmax`, for a cutoff and a width σ of the Gaussians in Å.
    ///
    /// # Errors
    /// [`Error::Setting`] for sizes or lengths out of range.
    pub fn new(n: usize, lmax: usize, cutoff: f64, sigma: f64) -> Result<Self> {
        let bad = |name, reason: String| Err(Error::Setting { name, reason });
        if !(1..=MAX_N).contains(&n) {
            return bad("n_max", format!("expected 1 to {MAX_N}, got {n}"));
        }
        if lmax > MAX_L {
            return bad("l_max", format!("expected 0 to {MAX_L}, got {lmax}"));
        }
        if !(cutoff.is_finite() && cutoff > SHORTEST) {
            return bad("cutoff", format!("expected more than {SHORTEST} Å, got {cutoff}"));
        }
        if !(0.01..=10.0).contains(&sigma) {
            return bad("sigma", format!("expected 0.01 to 10 Å, got {sigma}"));
        }
        let eta = 0.5 / (sigma * sigma);
        let distance = |k: usize| SHORTEST + (cutoff - SHORTEST) * k as f64 / (n.max(2) - 1) as f64;
        let (mut rates, mut coefficients) = (Vec::new(), Vec::new());
        for l in 0..=lmax {
            let power = l as i32;
            let alpha: Vec<f64> =
                (0..n).map(distance).map(|a| -(THRESHOLD / a.powi(power)).ln() / (a * a)).collect();
            if alpha.iter().any(|alpha| *alpha <= 0.0) {
                return bad("l_max", format!("no Gaussian-type functions of l = {l} at {cutoff} Å"));
            }
            let beta = orthonormal(&alpha, l);
            rates.extend(alpha.iter().map(|alpha| alpha * eta / (alpha + eta)));
            for row in 0..n {
                coefficients.extend(alpha.iter().enumerate().map(|(k, alpha)| {
                    beta[(row, k)] * (PI / (alpha + eta)).powf(1.5) * (eta / (alpha + eta)).powi(power)
                }));
            }
        }
        Ok(Self { n, lmax, rates, coefficients })
    }

    /// Number of functions over all l.
    pub fn len(&self) -> usize {
        self.n * (self.lmax + 1)
    }

    /// Whether there are none; never.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Values and derivatives (1/Å) at `r` (Å).
    pub fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        let mut decays = [0.0; MAX_N];
        let decays = &mut decays[..self.n];
        let mut power = 1.0; // r^l
        let mut lower = 0.0; // l r^(l−1)
        for l in 0..=self.lmax {
            let rates = &self.rates[l * self.n..][..self.n];
            decays.iter_mut().zip(rates).for_each(|(decay, rate)| *decay = (-rate * r * r).exp());
            for n in l * self.n..(l + 1) * self.n {
                let row = &self.coefficients[n * self.n..][..self.n];
                let (mut sum, mut slope) = (0.0, 0.0);
                for ((c, decay), rate) in row.iter().zip(&*decays).zip(rates) {
                    sum += c * decay;
                    slope -= 2.0 * rate * r * c * decay;
                }
                value[n] = power * sum;
                derivative[n] = lower * sum + power * slope;
            }
            lower = (l + 1) as f64 * power;
            power *= r;
        }
    }

    /// Values times `factors` at several distances: that of function `f` at distance `j` goes to `out[f * stride + j]`.
    pub fn values(&self, r: &[f64], factors: &[f64], stride: usize, out: &mut [f64]) {
        for (start, (r, factors)) in
            (0..).step_by(SIDE_BY_SIDE).zip(r.chunks(SIDE_BY_SIDE).zip(factors.chunks(SIDE_BY_SIDE)))
        {
            let (mut squares, mut lengths) = ([0.0; SIDE_BY_SIDE], [0.0; SIDE_BY_SIDE]);
            let mut power = [0.0; SIDE_BY_SIDE];
            for (k, (r, factor)) in r.iter().zip(factors).enumerate() {
                (lengths[k], squares[k], power[k]) = (*r, r * r, *factor);
            }
            for l in 0..=self.lmax {
                let mut decays = [[0.0; SIDE_BY_SIDE]; MAX_N];
                for (decay, rate) in decays.iter_mut().zip(&self.rates[l * self.n..][..self.n]) {
                    for (decay, square) in decay.iter_mut().zip(&squares) {
                        *decay = (-rate * square).exp();
                    }
                }
                for n in l * self.n..(l + 1) * self.n {
                    let mut sum = [0.0; SIDE_BY_SIDE];
                    for (c, decay) in self.coefficients[n * self.n..][..self.n].iter().zip(&decays) {
                        sum.iter_mut().zip(decay).for_each(|(sum, decay)| *sum += c * decay);
                    }
                    let out = &mut out[n * stride + start..][..r.len()];
                    out.iter_mut().zip(sum).zip(power).for_each(|((out, sum), power)| *out = power * sum);
                }
                power.iter_mut().zip(lengths).for_each(|(power, length)| *power *= length);
            }
        }
    }
}

/// `S^(−1/2)` of the overlaps `S_kk' = ∫ r^(2l+2) exp(−(α_k + α_k') r²) dr = Γ(l + 3/2) / (2 (α_k + α_k')^(l + 3/2))`.
fn orthonormal(alpha: &[f64], l: usize) -> DMatrix<f64> {
    let gamma = (0..=l).map(|k| k as f64 + 0.5).product::<f64>() * PI.sqrt();
    let overlap = DMatrix::from_fn(alpha.len(), alpha.len(), |i, j| {
        0.5 * gamma * (alpha[i] + alpha[j]).powf(-(l as f64 + 1.5))
    });
    let SymmetricEigen { eigenvectors, eigenvalues } = SymmetricEigen::new(overlap);
    let scaled = DMatrix::from_fn(alpha.len(), alpha.len(), |i, k| {
        eigenvectors[(i, k)] / eigenvalues[k].max(f64::MIN_POSITIVE).sqrt()
    });
    scaled * eigenvectors.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_slopes() {
        let gto = Gto::new(5, 4, 4.5, 0.4).unwrap();
        let eval = |r: f64| {
            let (mut v, mut d) = (vec![0.0; 25], vec![0.0; 25]);
            gto.evaluate(r, &mut v, &mut d);
            (v, d)
        };
        let distances: Vec<f64> = (0..11).map(|k| 0.4 * f64::from(k)).collect();
        let mut several = vec![0.0; 25 * 11];
        gto.values(&distances, &[2.0; 11], 11, &mut several);
        for (j, &r) in distances.iter().enumerate() {
            let (v, d) = eval(r);
            let (low, high) = (eval(r - 1e-5).0, eval(r + 1e-5).0);
            for f in 0..25 {
                assert!((several[f * 11 + j] - 2.0 * v[f]).abs() < 1e-10 * (1.0 + v[f].abs()));
                assert!(((high[f] - low[f]) / 2e-5 - d[f]).abs() < 1e-6 * (1.0 + d[f].abs()), "{r} {f}");
            }
        }
    }

    #[test]
    fn refuses_what_it_cannot_do() {
        assert!(Gto::new(0, 2, 5.0, 0.5).is_err() && Gto::new(4, 13, 5.0, 0.5).is_err());
        assert!(Gto::new(4, 2, 0.9, 0.5).is_err() && Gto::new(4, 2, 5.0, f64::NAN).is_err());
    }
}
