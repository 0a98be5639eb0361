//! Spherical harmonics of unit vectors in lanes: `Y_lm = P̄_lm(z) (x + iy)^m` for m ≥ 0.
//!
//! Normalisation of [`crate::density::program`]: `Y_00 = 1`, Condon–Shortley phase. Recursions:
//!
//! ```text
//! P̄_mm     = −√(1 + 1/2m) P̄_{m−1,m−1},                    P̄_{m+1,m} = √(2m+3) z P̄_mm
//! P̄_lm     = α_lm z P̄_{l−1,m} + β_lm P̄_{l−2,m},            α_lm = √((4l²−1)/(l²−m²))
//! β_lm     = −α_lm √(((l−1)²−m²)/(4(l−1)²−1))
//! dP̄_lm/dz = κ_lm P̄_{l,m+1},                               κ_lm = −√((l−m)(l+m+1))
//! ```
//!
//! Entries are stored with m as the slow index.

use crate::simd::Simd;

/// Coefficients of the recursions up to some l.
#[derive(Debug, Clone)]
pub struct Legendre {
    lmax: usize,
    diagonal: Vec<f64>,
    alpha: Vec<f64>,
    beta: Vec<f64>,
    kappa: Vec<f64>,
}

impl Legendre {
    /// Coefficients up to `lmax`.
    pub fn new(lmax: usize) -> Self {
        let size = (lmax + 1) * (lmax + 2) / 2;
        let mut out = Self {
            lmax,
            diagonal: (0..=lmax).map(|m| if m == 0 { 1.0 } else { -(1.0 + 0.5 / m as f64).sqrt() }).collect(),
            alpha: vec![0.0; size],
            beta: vec![0.0; size],
            kappa: vec![0.0; size],
        };
        for m in 0..=lmax {
            for l in m..=lmax {
                let (k, lf, mf) = (out.index(l, m), l as f64, m as f64);
                out.kappa[k] = -((lf - mf) * (lf + mf + 1.0)).sqrt();
                if l > m {
                    out.alpha[k] = ((4.0 * lf * lf - 1.0) / (lf * lf - mf * mf)).sqrt();
                    let before = lf - 1.0;
                    out.beta[k] =
                        -((before * before - mf * mf) / (4.0 * before * before - 1.0)).sqrt() * out.alpha[k];
                }
            }
        }
        out
    }

    /// Largest l.
    pub fn lmax(&self) -> usize {
        self.lmax
    }

    /// Number of entries (l, m ≥ 0).
    pub fn len(&self) -> usize {
        self.alpha.len()
    }

    /// Place of (l, m).
    #[inline(always)]
    pub fn index(&self, l: usize, m: usize) -> usize {
        m * (2 * self.lmax + 1 - m) / 2 + l
    }

    /// `κ_lm` by place.
    #[inline(always)]
    pub fn kappa(&self) -> &[f64] {
        &self.kappa
    }

    /// All `P̄_lm(z)`.
    #[inline(always)]
    pub fn fill<S: Simd>(&self, z: S, p: &mut [S]) {
        let n = self.len();
        let (alpha, beta, p) = (&self.alpha[..n], &self.beta[..n], &mut p[..n]);
        let mut diagonal = S::splat(1.0);
        let mut k = 0;
        for m in 0..=self.lmax {
            diagonal = diagonal.mul(S::splat(self.diagonal[m]));
            p[k] = diagonal;
            let (mut before, mut last) = (S::zero(), diagonal);
            let end = k + self.lmax - m + 1;
            let rest = k + 1..end;
            let coefficients = alpha[rest.clone()].iter().zip(&beta[rest.clone()]);
            for (p, (&alpha, &beta)) in p[rest].iter_mut().zip(coefficients) {
                let next = S::splat(alpha).mul(z).mul_add(last, S::splat(beta).mul(before));
                *p = next;
                (before, last) = (last, next);
            }
            k = end;
        }
    }

    /// All rows `Y` from `P̄` and a unit vector: row `l²` is m = 0, rows `l² + 2m − 1` and `l² + 2m` are the
    /// real and imaginary parts of m > 0. Row `k` goes to `rows[k][column]`.
    #[inline(always)]
    pub fn rows<S: Simd, const N: usize>(&self, unit: &[S; 3], p: &[S], rows: &mut [[S; N]], column: usize) {
        let [x, y, _] = *unit;
        let p = &p[..self.len()];
        for l in 0..=self.lmax {
            rows[l * l][column] = p[l];
        }
        let (mut cos, mut sin) = (x, y);
        let mut k = self.lmax + 1;
        for m in 1..=self.lmax {
            for l in m..=self.lmax {
                let row = l * l + 2 * m - 1;
                rows[row][column] = p[k].mul(cos);
                rows[row + 1][column] = p[k].mul(sin);
                k += 1;
            }
            let next = cos.mul(x).sub(sin.mul(y));
            sin = cos.mul_add(y, sin.mul(x));
            cos = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Generic;

    fn lane(v: Generic) -> f64 {
        let mut out = [0.0; 4];
        v.store(&mut out);
        out[0]
    }

    /// Σ_m |Y_lm|² = 2l + 1, Y_11 and Y_20 in closed form, and dP̄/dz against differences.
    #[test]
    fn norm_closed_forms_and_derivative() {
        let legendre = Legendre::new(12);
        let (x, y, z) = (0.36, -0.48, 0.8);
        let at = |z: f64| {
            let mut p = vec![Generic::zero(); legendre.len()];
            legendre.fill(Generic::splat(z), &mut p);
            p
        };
        let p = at(z);
        let mut rows = vec![[Generic::zero()]; 13 * 13];
        legendre.rows(&[x, y, z].map(Generic::splat), &p, &mut rows, 0);
        for l in 0..=12_usize {
            let m0 = lane(rows[l * l][0]).powi(2);
            let rest: f64 = rows[l * l + 1..(l + 1) * (l + 1)].iter().map(|&v| lane(v[0]).powi(2)).sum();
            assert!((m0 + 2.0 * rest - (2 * l + 1) as f64).abs() < 1e-11);
        }
        assert!((lane(rows[2][0]) + 1.5_f64.sqrt() * x).abs() < 1e-14);
        assert!((lane(rows[3][0]) + 1.5_f64.sqrt() * y).abs() < 1e-14);
        assert!((lane(rows[4][0]) - 5.0_f64.sqrt() * (1.5 * z * z - 0.5)).abs() < 1e-14);
        let (high, low) = (at(z + 1e-5), at(z - 1e-5));
        for m in 0..=12 {
            for l in m + 1..=12 {
                let k = legendre.index(l, m);
                let numeric = (lane(high[k]) - lane(low[k])) / 2e-5;
                let exact = legendre.kappa()[k] * lane(p[legendre.index(l, m + 1)]);
                assert!((numeric - exact).abs() < 1e-5 * (1.0 + exact.abs()), "{l} {m}");
            }
        }
    }
}
