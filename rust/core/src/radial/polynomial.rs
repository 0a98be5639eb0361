//! Polynomial radial functions of SOAP: the overlap of a Gaussian at distance r with orthonormal polynomials.
//!
//! ```text
//! φ_k(r) = (r_c − r)^{k+2} (k = 1 … n),   g = S^(−1/2) φ,   ∫ g_n g_n' r² dr = δ_nn'
//! R_nl(r) = 4π ∫ g_n(r') exp(−η (r² + r'²)) i_l(2 η r r') r'² dr',      η = 1/(2σ²)
//! ```
//!
//! with the modified spherical Bessel functions `i_l`, by Gauss–Legendre quadrature. Every evaluation costs as many
//! exponentials as there are nodes; evaluators tabulate the functions. The orthonormal functions are the polar factor of
//! those at the nodes, which needs no square root of the overlaps S.
//! Source: Bartók, Kondor, Csányi, DOI 10.1103/PhysRevB.87.184115.

use std::f64::consts::PI;

use nalgebra::DMatrix;

use super::gto::{MAX_L, MAX_N};
use crate::error::{Error, Result};

/// Nodes of the quadrature.
const NODES: usize = 100;
/// Arguments below which Bessel functions are summed as series.
const SERIES_BELOW: f64 = 1.0;

/// Functions of all l: that of (l, n) is number `l · n_max + n`.
#[derive(Debug, Clone, PartialEq)]
pub struct PolynomialOverlap {
    n: usize,
    lmax: usize,
    eta: f64,
    /// Nodes r' in Å.
    nodes: Vec<f64>,
    /// `4π w r'² g_n(r')`, node by node.
    weights: Vec<f64>,
}

impl PolynomialOverlap {
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
        if !(cutoff.is_finite() && cutoff > 0.0) {
            return bad("cutoff", format!("expected a positive length in Å, got {cutoff}"));
        }
        // The narrowest Gaussian that the nodes resolve.
        let least = 4.0 * cutoff / NODES as f64;
        if !(least..=10.0).contains(&sigma) {
            return bad("sigma", format!("expected {least:.2} to 10 Å for polynomials, got {sigma}"));
        }
        let (nodes, roots): (Vec<f64>, Vec<f64>) = gauss_legendre(NODES)
            .into_iter()
            .map(|(x, w)| {
                let r = 0.5 * cutoff * (x + 1.0);
                (r, r * (0.5 * cutoff * w).sqrt())
            })
            .unzip();
        let plain = DMatrix::from_fn(NODES, n, |i, k| roots[i] * (cutoff - nodes[i]).powi(k as i32 + 3));
        let svd = plain.svd(true, true);
        let (Some(left), Some(right)) = (svd.u, svd.v_t) else {
            return bad("n_max", "no orthonormal polynomials".into());
        };
        let orthonormal = left * right;
        let entry = |i: usize, k: usize| 4.0 * PI * roots[i] * orthonormal[(i, k)];
        let weights =
            (0..NODES).flat_map(|i| (0..n).map(move |k| (i, k))).map(|(i, k)| entry(i, k)).collect();
        Ok(Self { n, lmax, eta: 0.5 / (sigma * sigma), nodes, weights })
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
        value.fill(0.0);
        derivative.fill(0.0);
        let mut bessel = vec![0.0; self.lmax + 2];
        for (&node, weights) in self.nodes.iter().zip(self.weights.chunks_exact(self.n)) {
            let decay = (-self.eta * (r - node).powi(2)).exp();
            scaled_bessel(2.0 * self.eta * r * node, &mut bessel);
            for l in 0..=self.lmax {
                let below = if l > 0 { bessel[l - 1] } else { 0.0 };
                let slope = (l as f64 * below + (l + 1) as f64 * bessel[l + 1]) / (2 * l + 1) as f64;
                let at = decay * bessel[l];
                let rise = 2.0 * self.eta * (decay * node * slope - r * at);
                let out = value[l * self.n..].iter_mut().zip(&mut derivative[l * self.n..]);
                for ((value, derivative), weight) in out.zip(weights) {
                    *value += weight * at;
                    *derivative += weight * rise;
                }
            }
        }
    }
}

/// `e^{−x} i_l(x)` for l from 0 on, x ≥ 0.
fn scaled_bessel(x: f64, out: &mut [f64]) {
    if x < SERIES_BELOW {
        let mut first = (-x).exp(); // x^l / (2l + 1)!!
        for (l, out) in out.iter_mut().enumerate() {
            if l > 0 {
                first *= x / (2 * l + 1) as f64;
            }
            let (mut term, mut sum) = (first, first);
            for k in 1..12 {
                term *= 0.5 * x * x / (k * (2 * (l + k) + 1)) as f64;
                sum += term;
            }
            *out = sum;
        }
        return;
    }
    // Downwards from where the functions are negligible, then scaled to i_0.
    let start = out.len() + 20 + (80.0 * x).sqrt() as usize;
    let (mut above, mut at) = (0.0, 1e-200);
    for l in (1..=start).rev() {
        if l < out.len() {
            out[l] = at;
        }
        (above, at) = (at, above + (2 * l + 1) as f64 / x * at);
        if at > 1e200 {
            (above, at) = (above * 1e-200, at * 1e-200);
            out.iter_mut().skip(l).for_each(|out| *out *= 1e-200);
        }
    }
    let scale = (1.0 - (-2.0 * x).exp()) / (2.0 * x) / at;
    out[0] = at;
    out.iter_mut().for_each(|out| *out *= scale);
}

/// Nodes and weights on [−1, 1], by Newton's method.
fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let node = |k: usize| {
        let mut x = (PI * (k as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (mut p, mut before) = (1.0, 0.0);
            for l in 0..n {
                let next = ((2 * l + 1) as f64 * x * p - l as f64 * before) / (l + 1) as f64;
                (before, p) = (p, next);
            }
            slope = n as f64 * (x * p - before) / (x * x - 1.0);
            let step = p / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..n).map(node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bessel_functions() {
        for x in [1e-9, 0.3, 0.999, 1.0, 3.7, 40.0, 900.0] {
            let mut out = [0.0; 5];
            scaled_bessel(x, &mut out);
            let rule = gauss_legendre(200);
            for (l, got) in out.into_iter().enumerate() {
                // e^{−x} i_l = ½ ∫ P_l(t) e^{x (t − 1)} dt over −1 … 1, where the integrand does not vanish
                let low = (1.0_f64 - 60.0 / x).max(-1.0);
                let integral: f64 = rule
                    .iter()
                    .map(|(s, w)| {
                        let t = low + 0.5 * (1.0 - low) * (s + 1.0);
                        let (mut p, mut before) = (1.0, 0.0);
                        for k in 0..l {
                            let k = k as f64;
                            let next = ((2.0 * k + 1.0) * t * p - k * before) / (k + 1.0);
                            (before, p) = (p, next);
                        }
                        0.25 * (1.0 - low) * w * p * (x * (t - 1.0)).exp()
                    })
                    .sum();
                assert!((got - integral).abs() < 1e-13, "{l} {x}: {got} {integral}");
            }
        }
    }

    #[test]
    fn values_and_slopes() {
        let overlap = PolynomialOverlap::new(4, 3, 4.5, 0.4).unwrap();
        let eval = |r: f64| {
            let (mut v, mut d) = (vec![0.0; 16], vec![0.0; 16]);
            overlap.evaluate(r, &mut v, &mut d);
            (v, d)
        };
        for k in 0..12 {
            let r = 0.01 + 0.4 * f64::from(k);
            let ((low, _), (high, _), (_, d)) = (eval(r - 1e-5), eval(r + 1e-5), eval(r));
            for f in 0..16 {
                assert!(((high[f] - low[f]) / 2e-5 - d[f]).abs() < 1e-6 * (1.0 + d[f].abs()), "{r} {f}");
            }
        }
        assert_eq!(overlap.len(), 16);
    }

    #[test]
    fn refuses_what_it_cannot_do() {
        assert!(PolynomialOverlap::new(0, 2, 5.0, 0.5).is_err());
        assert!(PolynomialOverlap::new(4, 13, 5.0, 0.5).is_err());
        assert!(PolynomialOverlap::new(4, 2, 5.0, 0.1).is_err());
        assert!(PolynomialOverlap::new(4, 2, f64::NAN, 0.5).is_err());
    }
}
