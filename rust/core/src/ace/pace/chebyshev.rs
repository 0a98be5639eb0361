//! Expansion of radial functions in the basis `ChebPow` with λ = 1, whose span are the polynomials in r that
//! vanish at the cutoff.
//!
//! With `x = 2r/r_c − 1` and `f = Σ_k a_k T_k(x)`, `f(r_c) = 0` gives `a_0 = −Σ_{k≥1} a_k`, so that
//! `f = Σ_{k≥1} (−2 a_k) (1 − T_k)/2`. The a_k come from interpolation at Chebyshev points (Trefethen,
//! *Approximation Theory and Approximation Practice*, 2013), whose error is that of the best polynomial up to a
//! factor that grows with the logarithm of the degree.

use std::f64::consts::PI;

/// Numbers of basis functions that are tried.
const SIZES: [usize; 6] = [24, 32, 48, 64, 96, 128];
/// Largest of the last coefficients in units of the largest one.
const TAIL: f64 = 3e-14;

/// Coefficients of several functions of r on the radial basis of a bond.
#[derive(Debug, Clone, PartialEq)]
pub struct Expansion {
    /// Number of basis functions.
    pub n_base: usize,
    /// One list of coefficients per function.
    pub coefficients: Vec<Vec<f64>>,
}

/// Expands `n` functions that `sample(r, values)` gives on 0 ..= `cutoff` (Å) and that vanish at the cutoff;
/// `None` if they do not converge.
pub fn expand(n: usize, cutoff: f64, sample: &dyn Fn(f64, &mut [f64])) -> Option<Expansion> {
    SIZES.iter().find_map(|&n_base| {
        let coefficients = interpolate(n, n_base, cutoff, sample);
        let largest = |lists: &[Vec<f64>], from: usize| -> f64 {
            lists.iter().flat_map(|a| &a[from..]).fold(0.0, |most: f64, a| most.max(a.abs()))
        };
        let small = largest(&coefficients, n_base * 7 / 8) <= TAIL * largest(&coefficients, 0);
        small.then_some(Expansion { n_base, coefficients })
    })
}

/// Coefficients by interpolation at `n_base + 1` points.
fn interpolate(n: usize, n_base: usize, cutoff: f64, sample: &dyn Fn(f64, &mut [f64])) -> Vec<Vec<f64>> {
    let points = n_base + 1;
    let mut value = vec![0.0; n];
    let mut sums = vec![vec![0.0; n_base]; n];
    for point in 0..points {
        let angle = PI * (point as f64 + 0.5) / points as f64;
        sample(0.5 * cutoff * (1.0 + angle.cos()), &mut value);
        for (sum, v) in sums.iter_mut().zip(&value) {
            for (k, a) in sum.iter_mut().enumerate() {
                *a -= 4.0 / points as f64 * v * ((k + 1) as f64 * angle).cos();
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ace::pace::radial::{RadialBase, RadialKind};

    #[test]
    fn smooth_functions_converge_and_others_are_refused() {
        let cutoff = 5.0;
        let smooth = |r: f64, out: &mut [f64]| {
            out[0] = (1.0 - r / cutoff).powi(3) / (1.0 + (r - 1.3).powi(2));
            out[1] = (1.0 - r / cutoff).powi(2) * (-r).exp();
        };
        let found = expand(2, cutoff, &smooth).unwrap();
        let base = RadialBase { kind: RadialKind::ChebPow, lambda: 1.0, cutoff, width: 0.0 };
        let (mut g, mut dg, mut exact) = (vec![0.0; found.n_base], vec![0.0; found.n_base], [0.0; 2]);
        for step in 1..100 {
            let r = 0.05 * f64::from(step);
            base.evaluate(r, &mut g, &mut dg);
            smooth(r, &mut exact);
            for (a, f) in found.coefficients.iter().zip(exact) {
                let sum: f64 = a.iter().zip(&g).map(|(a, g)| a * g).sum();
                assert!((sum - f).abs() < 1e-12, "{r}: {sum} {f}");
            }
        }
        let kinked = |r: f64, out: &mut [f64]| out[0] = (1.0 - r / 4.0).max(0.0).powi(2);
        assert_eq!(expand(1, cutoff, &kinked), None);
    }
}
