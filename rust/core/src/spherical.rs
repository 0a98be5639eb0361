//! Complex spherical harmonics of a unit vector, by P̄_lm(z) (x+iy)^m.
//!
//! Normalised so that `Y_00 = 1` and `Σ_m |Y_lm|² = 2l+1`, with the Condon–Shortley phase; only m ≥ 0 is
//! stored, `Y_{l,−m} = (−1)^m conj(Y_lm)`. Layout: l ascending, m = 0..=l, at index l(l+1)/2 + m.
//! The recurrences are those of Limpanuparb & Milthorpe (2014), DOI 10.48550/arXiv.1410.1748.

/// Number of (l, m ≥ 0) pairs up to `lmax`.
pub fn count(lmax: usize) -> usize {
    (lmax + 1) * (lmax + 2) / 2
}

/// Index of (l, m ≥ 0).
#[inline]
pub fn index(l: usize, m: usize) -> usize {
    l * (l + 1) / 2 + m
}

/// Recurrence coefficients up to a given lmax.
#[derive(Debug, Clone, PartialEq)]
pub struct Harmonics {
    lmax: usize,
    /// P̄_lm = a z P̄_{l−1,m} + b P̄_{l−2,m} for l ≥ m + 2
    a: Vec<f64>,
    b: Vec<f64>,
}

/// Values and gradients of all harmonics at one unit vector.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HarmonicsAt {
    /// (re, im) of Y_lm.
    pub value: Vec<[f64; 2]>,
    /// Gradient with respect to the *unit vector's* Cartesian components, taken as free variables of
    /// P̄_lm(z) (x+iy)^m: [d/dx, d/dy, d/dz] of re and im.
    pub gradient: Vec<[[f64; 2]; 3]>,
}

impl Harmonics {
    /// Coefficients for l ≤ `lmax`.
    pub fn new(lmax: usize) -> Self {
        let n = count(lmax);
        let (mut a, mut b) = (vec![0.0; n], vec![0.0; n]);
        for l in 2..=lmax {
            for m in 0..=l - 2 {
                let (lf, mf) = (l as f64, m as f64);
                let k = index(l, m);
                a[k] = ((4.0 * lf * lf - 1.0) / (lf * lf - mf * mf)).sqrt();
                b[k] = -a[k] * (((lf - 1.0).powi(2) - mf * mf) / (4.0 * (lf - 1.0).powi(2) - 1.0)).sqrt();
            }
        }
        Self { lmax, a, b }
    }

    /// Evaluates at the unit vector `u`.
    pub fn evaluate(&self, [x, y, z]: [f64; 3], out: &mut HarmonicsAt) {
        out.value.resize(count(self.lmax), [0.0; 2]);
        out.gradient.resize(count(self.lmax), [[0.0; 2]; 3]);
        let mut diagonal = 1.0; // P̄_mm
        let (mut cm, mut sm) = (1.0, 0.0); // (x+iy)^m
        let (mut cp, mut sp) = (0.0, 0.0); // m (x+iy)^(m−1)
        for m in 0..=self.lmax {
            let (mut p1, mut p2, mut d1, mut d2) = (diagonal, 0.0, 0.0, 0.0);
            for l in m..=self.lmax {
                let k = index(l, m);
                let (p, d) = if l == m {
                    (diagonal, 0.0)
                } else if l == m + 1 {
                    let c = (2.0 * m as f64 + 3.0).sqrt();
                    (c * z * diagonal, c * diagonal)
                } else {
                    (self.a[k] * z * p1 + self.b[k] * p2, self.a[k] * (p1 + z * d1) + self.b[k] * d2)
                };
                out.value[k] = [p * cm, p * sm];
                out.gradient[k] = [[p * cp, p * sp], [-p * sp, p * cp], [d * cm, d * sm]];
                (p2, p1, d2, d1) = (p1, p, d1, d);
            }
            let next = (m + 1) as f64;
            (cp, sp) = (next * cm, next * sm);
            (cm, sm) = (cm * x - sm * y, cm * y + sm * x);
            diagonal *= -(1.0 + 1.0 / (2.0 * next)).sqrt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_sum_rule_and_gradient() {
        let lmax = 8;
        let harmonics = Harmonics::new(lmax);
        let (mut at, mut lo, mut hi) = Default::default();
        let u = [0.48, -0.6, 0.64];
        harmonics.evaluate(u, &mut at);
        assert!((at.value[index(1, 0)][0] - 3.0_f64.sqrt() * u[2]).abs() < 1e-14);
        assert!((at.value[index(1, 1)][0] + 1.5_f64.sqrt() * u[0]).abs() < 1e-14);
        assert!((at.value[index(2, 0)][0] - 5.0_f64.sqrt() * (1.5 * u[2] * u[2] - 0.5)).abs() < 1e-14);
        for l in 0..=lmax {
            let sum: f64 = (0..=l)
                .map(|m| {
                    let [re, im] = at.value[index(l, m)];
                    (re * re + im * im) * if m == 0 { 1.0 } else { 2.0 }
                })
                .sum();
            assert!((sum - (2 * l + 1) as f64).abs() < 1e-11, "l = {l}: {sum}");
        }
        let h = 1e-6;
        for k in 0..3 {
            let (mut a, mut b) = (u, u);
            a[k] -= h;
            b[k] += h;
            harmonics.evaluate(a, &mut lo);
            harmonics.evaluate(b, &mut hi);
            for (i, g) in at.gradient.iter().enumerate() {
                for (c, &slope) in g[k].iter().enumerate() {
                    let fd = (hi.value[i][c] - lo.value[i][c]) / (2.0 * h);
                    assert!((fd - slope).abs() < 1e-7 * (1.0 + fd.abs()), "{i} {k} {c}");
                }
            }
        }
    }
}
