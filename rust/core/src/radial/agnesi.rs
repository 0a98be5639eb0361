//! The Agnesi distance transform.
//!
//! ```text
//! x(r) = 1 / (1 + a s^q / (1 + s^(q−p))),   s = r / r0
//! ```
//!
//! falls from 1 at r = 0 to 0 at infinity; `a` puts the steepest point at r0, so that polynomials in x
//! resolve the first neighbor shell best. Witt et al., J. Chem. Phys. 159, 164101 (2023),
//! DOI 10.1063/5.0158783, eq. 12.

use crate::error::{Error, Result};

/// Transform of one species pair, mapped linearly so that `y(0) = −1` and `y(cutoff) = 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agnesi {
    p: i32,
    q: i32,
    a: f64,
    r0: f64,
    x_cut: f64,
}

impl Agnesi {
    /// Transform with nearest-neighbor distance `r0` (Å), exponents `1 ≤ p < q` and `cutoff` (Å).
    ///
    /// # Errors
    /// [`Error::Setting`] for lengths that are not positive or exponents out of order.
    pub fn new(r0: f64, p: i32, q: i32, cutoff: f64) -> Result<Self> {
        let bad = |name, reason| Err(Error::Setting { name, reason });
        if !(r0.is_finite() && r0 > 0.0) {
            return bad("r0", format!("expected a positive length, got {r0}"));
        }
        if !(cutoff.is_finite() && cutoff > 0.0) {
            return bad("cutoff", format!("expected a positive length, got {cutoff}"));
        }
        if !(1 <= p && p < q && q <= 12) {
            return bad("transform", format!("exponents need 1 ≤ p < q ≤ 12, got p = {p}, q = {q}"));
        }
        let (pf, qf) = (f64::from(p), f64::from(q));
        let a = (-2.0 * qf + pf * (4.0 * qf - 2.0)) / (pf + pf * pf + qf + qf * qf);
        let a = if a > 0.0 { a } else { 1.0 };
        let mut transform = Self { p, q, a, r0, x_cut: 0.0 };
        transform.x_cut = transform.raw(cutoff).0;
        Ok(transform)
    }

    /// x and dx/dr before the linear map.
    fn raw(&self, r: f64) -> (f64, f64) {
        let s = (r / self.r0).max(0.0);
        let (d, e) = (s.powi(self.q - self.p), s.powi(self.q - 1));
        let u = 1.0 + d;
        let f = self.a * e * s / u;
        let (q, p) = (f64::from(self.q), f64::from(self.p));
        let df = self.a * e * (q * u - (q - p) * d) / (u * u) / self.r0;
        let x = 1.0 / (1.0 + f);
        (x, -x * x * df)
    }

    /// `(y, dy/dr)` with y in [−1, 1] for r in [0, cutoff].
    #[inline]
    pub fn evaluate(&self, r: f64) -> (f64, f64) {
        let (x, dx) = self.raw(r);
        let scale = 2.0 / (1.0 - self.x_cut);
        ((1.0 - x) * scale - 1.0, -dx * scale)
    }

    /// Values alone at several distances.
    #[inline]
    pub fn values<const N: usize>(&self, r: [f64; N]) -> [f64; N] {
        let s = r.map(|r| (r / self.r0).max(0.0));
        let (d, e) = (power(s, self.q - self.p), power(s, self.q));
        let scale = 2.0 / (1.0 - self.x_cut);
        std::array::from_fn(|k| {
            let x = 1.0 / (1.0 + self.a * e[k] / (1.0 + d[k]));
            (1.0 - x) * scale - 1.0
        })
    }
}

/// Powers with small exponents, all by the same steps.
#[inline]
pub(super) fn power<const N: usize>(x: [f64; N], exponent: i32) -> [f64; N] {
    let mut out = [1.0; N];
    for _ in 0..exponent {
        for k in 0..N {
            out[k] *= x[k];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Agnesi;

    #[test]
    fn maps_the_range_and_differentiates() {
        let t = Agnesi::new(2.35, 2, 4, 6.0).unwrap();
        assert!((t.evaluate(0.0).0 + 1.0).abs() < 1e-15);
        assert!((t.evaluate(6.0).0 - 1.0).abs() < 1e-14);
        for k in 1..60 {
            let r = 0.1 * f64::from(k);
            let fd = (t.evaluate(r + 1e-5).0 - t.evaluate(r - 1e-5).0) / 2e-5;
            assert!((fd - t.evaluate(r).1).abs() < 1e-8, "r = {r}");
            assert!((t.values([r])[0] - t.evaluate(r).0).abs() < 1e-14, "r = {r}");
        }
        assert!(Agnesi::new(2.0, 4, 2, 6.0).is_err());
        assert!(Agnesi::new(-2.0, 2, 4, 6.0).is_err());
    }
}
