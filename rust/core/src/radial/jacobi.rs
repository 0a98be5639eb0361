//! Orthonormal Jacobi polynomials by three-term recurrence (DLMF 18.9.2).

/// Polynomials `J_n`, n = 0, 1, …, orthonormal on [−1, 1] with weight `(1−y)^α (1+y)^β`.
#[derive(Debug, Clone, PartialEq)]
pub struct Jacobi {
    first: f64,
    /// `J_n = (a y + b) J_{n−1} + c J_{n−2}`
    recurrence: Vec<[f64; 3]>,
}

impl Jacobi {
    /// The first `n` polynomials for exponents α, β ≥ 0.
    pub fn new(n: usize, alpha: u32, beta: u32) -> Self {
        let (a, b) = (f64::from(alpha), f64::from(beta));
        // h_0 = ∫ weight = 2^(α+β+1) B(α+1, β+1)
        let mut h = 2.0_f64.powf(a + b + 1.0) / (a + b + 1.0);
        for k in 1..=alpha {
            h *= f64::from(k) / f64::from(k + beta);
        }
        // Monic recurrence coefficients of the symmetric Jacobi matrix.
        let diagonal = |k: f64| {
            let s = 2.0 * k + a + b;
            if (b * b - a * a).abs() < f64::EPSILON {
                0.0
            } else if k < 0.5 {
                (b - a) / (a + b + 2.0)
            } else {
                (b * b - a * a) / (s * (s + 2.0))
            }
        };
        let off = |k: f64| {
            let s = 2.0 * k + a + b;
            let square = if k < 1.5 {
                4.0 * (1.0 + a) * (1.0 + b) / ((2.0 + a + b).powi(2) * (3.0 + a + b))
            } else {
                4.0 * k * (k + a) * (k + b) * (k + a + b) / (s * s * (s + 1.0) * (s - 1.0))
            };
            square.sqrt()
        };
        let recurrence = (1..n)
            .map(|k| {
                let k = k as f64;
                let norm = off(k);
                let back = if k < 1.5 { 0.0 } else { -off(k - 1.0) / norm };
                [1.0 / norm, -diagonal(k - 1.0) / norm, back]
            })
            .collect();
        Self { first: 1.0 / h.sqrt(), recurrence }
    }

    /// Values and derivatives at `y` into slices of the length given at construction.
    #[inline]
    pub fn evaluate(&self, y: f64, value: &mut [f64], derivative: &mut [f64]) {
        let Some(v0) = value.first_mut() else { return };
        *v0 = self.first;
        derivative[0] = 0.0;
        let (mut v1, mut v2, mut d1, mut d2) = (self.first, 0.0, 0.0, 0.0);
        for (k, [a, b, c]) in self.recurrence.iter().enumerate() {
            let v = (a * y + b) * v1 + c * v2;
            let d = a * v1 + (a * y + b) * d1 + c * d2;
            value[k + 1] = v;
            derivative[k + 1] = d;
            (v2, v1, d2, d1) = (v1, v, d1, d);
        }
    }

    /// Values alone, times `factor`, at several places; `visit(k, values)` gets those of polynomial k < n.
    #[inline]
    pub fn values<const N: usize>(
        &self,
        n: usize,
        y: [f64; N],
        factor: [f64; N],
        mut visit: impl FnMut(usize, [f64; N]),
    ) {
        let (mut v1, mut v2) = (factor.map(|factor| self.first * factor), [0.0; N]);
        for (k, &[a, b, c]) in std::iter::once(&[0.0; 3]).chain(&self.recurrence).enumerate().take(n) {
            if k > 0 {
                let mut next = [0.0; N];
                for j in 0..N {
                    next[j] = (a * y[j] + b) * v1[j] + c * v2[j];
                }
                (v2, v1) = (v1, next);
            }
            visit(k, v1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Jacobi;

    #[test]
    fn orthonormal_with_right_derivative() {
        let n = 9;
        for (alpha, beta) in [(0, 0), (4, 4), (6, 0), (4, 2), (0, 3)] {
            let jacobi = Jacobi::new(n, alpha, beta);
            let (mut v, mut d, mut w, mut e) = (vec![0.0; n], vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            let mut gram = vec![0.0; n * n];
            let steps = 40_000;
            for s in 0..steps {
                let y = -1.0 + 2.0 * (f64::from(s) + 0.5) / f64::from(steps);
                jacobi.evaluate(y, &mut v, &mut d);
                let weight =
                    (1.0 - y).powi(alpha as i32) * (1.0 + y).powi(beta as i32) * 2.0 / f64::from(steps);
                for i in 0..n {
                    for j in 0..n {
                        gram[i * n + j] += weight * v[i] * v[j];
                    }
                }
            }
            for i in 0..n {
                for j in 0..n {
                    let expected = f64::from(u8::from(i == j));
                    assert!(
                        (gram[i * n + j] - expected).abs() < 1e-5,
                        "{alpha} {beta} {i} {j} {}",
                        gram[i * n + j]
                    );
                }
            }
            jacobi.evaluate(0.3, &mut v, &mut d);
            jacobi.values(n, [0.3, 0.7], [2.0, 1.0], |k, [of_v, _]| {
                assert!((of_v - 2.0 * v[k]).abs() < 1e-13 * (1.0 + v[k].abs()));
            });
            jacobi.evaluate(0.3 + 1e-6, &mut w, &mut e);
            for k in 0..n {
                assert!((d[k] - (w[k] - v[k]) / 1e-6).abs() < 1e-3 * (1.0 + d[k].abs()));
            }
        }
    }
}
