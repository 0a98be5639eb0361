//! Spherical harmonics of unit vectors in lanes, without their norms: `Y_lm = N_lm Q_lm(z) (x + iy)^m`, m ≥ 0.
//!
//! `Q_lm` is the monic polynomial of degree l − m that is proportional to the associated Legendre function
//! without `(1 − z²)^{m/2}`:
//!
//! ```text
//! Q_mm = 1,   Q_{m+1,m} = z,   Q_lm = z Q_{l−1,m} − c_lm Q_{l−2,m},   c_lm = ((l−1)² − m²) / (4(l−1)² − 1)
//! dQ_lm/dz = (l−m) Q_{l,m+1}
//! N_mm = Π_{k=1}^m −√(1 + 1/2k),   N_lm = N_{l−1,m} √((4l²−1)/(l²−m²))
//! ```
//!
//! `N_lm` (normalisation of [`crate::density::program`]: `Y_00 = 1`, Condon–Shortley phase) is applied to the
//! sums over neighbors. Entries are stored with m as the slow index. Loops over l and m are written for one
//! order at a time, so that with a constant largest l the compiler unrolls them.

use crate::simd::{Simd, Task};

use super::accumulate::CHUNK;

/// Stands for a largest l that is only known at run time.
pub const DYNAMIC: usize = usize::MAX;

/// Calls a [`Task`] with the constant that fits a largest l.
macro_rules! enter_for_lmax {
    ($simd:ty, $lmax:expr, $task:ident { $($field:tt)* }) => {
        match $lmax {
            0 => <$simd>::enter($task::<$simd, 0> { $($field)* }),
            1 => <$simd>::enter($task::<$simd, 1> { $($field)* }),
            2 => <$simd>::enter($task::<$simd, 2> { $($field)* }),
            3 => <$simd>::enter($task::<$simd, 3> { $($field)* }),
            4 => <$simd>::enter($task::<$simd, 4> { $($field)* }),
            5 => <$simd>::enter($task::<$simd, 5> { $($field)* }),
            6 => <$simd>::enter($task::<$simd, 6> { $($field)* }),
            7 => <$simd>::enter($task::<$simd, 7> { $($field)* }),
            8 => <$simd>::enter($task::<$simd, 8> { $($field)* }),
            _ => <$simd>::enter($task::<$simd, DYNAMIC> { $($field)* }),
        }
    };
}
pub(super) use enter_for_lmax;

/// Evaluates an expression for all orders `m` from 0 to `lmax`, with literal `m` where `lmax` is a constant.
macro_rules! for_orders {
    ($constant:expr, $lmax:expr, $m:ident, $body:expr) => {
        if $constant == DYNAMIC {
            for $m in 0..=$lmax {
                $body;
            }
        } else {
            let $m = 0;
            $body;
            for_orders!(@ $lmax, $m, $body, 1 2 3 4 5 6 7 8);
        }
    };
    (@ $lmax:expr, $m:ident, $body:expr, $($literal:literal)*) => {
        #[allow(unused_assignments, reason = "what the last order hands on")]
        {
            $(if $literal <= $lmax {
                let $m = $literal;
                $body;
            })*
        }
    };
}
pub(super) use for_orders;

/// `N_lm`.
pub fn norm(l: usize, m: usize) -> f64 {
    let diagonal: f64 = (1..=m).map(|k| -(1.0 + 0.5 / k as f64).sqrt()).product();
    let m = m as f64;
    let factor = |l: f64| ((4.0 * l * l - 1.0) / (l * l - m * m)).sqrt();
    diagonal * (m as usize + 1..=l).map(|l| factor(l as f64)).product::<f64>()
}

/// Number of entries (l, m ≥ 0).
pub const fn count(lmax: usize) -> usize {
    (lmax + 1) * (lmax + 2) / 2
}

/// Place of (l, m).
#[inline(always)]
pub const fn index(lmax: usize, l: usize, m: usize) -> usize {
    m * (2 * lmax + 1 - m) / 2 + l
}

/// Coefficients of the recursions up to some l.
#[derive(Debug, Clone)]
pub struct Legendre<S> {
    lmax: usize,
    /// `c_lm` by place.
    c: Vec<S>,
}

impl<S: Simd> Legendre<S> {
    /// Coefficients up to `lmax`.
    pub fn new(lmax: usize) -> Self {
        let mut c = vec![S::zero(); count(lmax)];
        for m in 0..=lmax {
            for l in m + 2..=lmax {
                let (before, m2) = ((l as f64 - 1.0).powi(2), (m * m) as f64);
                c[index(lmax, l, m)] = S::splat((before - m2) / (4.0 * before - 1.0));
            }
        }
        Self { lmax, c }
    }

    /// Largest l.
    pub fn lmax(&self) -> usize {
        self.lmax
    }

    /// Number of entries (l, m ≥ 0).
    pub fn len(&self) -> usize {
        self.c.len()
    }

    /// `c_lm` by place.
    #[inline(always)]
    pub(super) fn coefficients(&self) -> &[S] {
        &self.c
    }
}

/// Visits `(l, place, Q_lm(z))` of one order m, l ascending; `c` are [`Legendre::coefficients`].
#[inline(always)]
pub(super) fn visit_order<S: Simd>(
    c: &[S],
    lmax: usize,
    m: usize,
    z: S,
    mut visit: impl FnMut(usize, usize, S),
) {
    let (mut before, mut last) = (S::zero(), S::splat(1.0));
    let end = lmax + 1;
    for l in m..end {
        let place = index(lmax, l, m);
        let next = match l - m {
            0 => last,
            1 => z,
            _ => c[place].neg_mul_add(before, z.mul(last)),
        };
        visit(l, place, next);
        (before, last) = (last, next);
    }
}

/// `(x + iy)^{m+1}` from `(x + iy)^m`.
#[inline(always)]
pub(super) fn next_power<S: Simd>([cos, sin]: [S; 2], x: S, y: S) -> [S; 2] {
    [sin.neg_mul_add(y, cos.mul(x)), cos.mul_add(y, sin.mul(x))]
}

/// Rows of all harmonics of some vectors: row `l²` is m = 0, rows `l² + 2m − 1` and `l² + 2m` are the real and
/// imaginary parts of m > 0. Row `k` of vector `v` goes to `out[k][v]`. `L` is the largest l or [`DYNAMIC`].
pub struct Rows<'a, S, const L: usize> {
    /// Recursion.
    pub legendre: &'a Legendre<S>,
    /// Unit vectors in lanes, no more than [`CHUNK`].
    pub units: &'a [[S; 3]],
    /// Results.
    pub out: &'a mut [[S; CHUNK]],
}

impl<S: Simd, const L: usize> Task<S> for Rows<'_, S, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let lmax = if L == DYNAMIC { self.legendre.lmax } else { L };
        let c = &self.legendre.c[..count(lmax)];
        let rows = &mut self.out[..(lmax + 1) * (lmax + 1)];
        for (v, &[x, y, z]) in self.units.iter().enumerate().take(CHUNK) {
            let mut power = [S::splat(1.0), S::zero()];
            for_orders!(L, lmax, m, {
                visit_order(c, lmax, m, z, |l, _, q| {
                    if m == 0 {
                        rows[l * l][v] = q;
                    } else {
                        rows[l * l + 2 * m - 1][v] = if l == m { power[0] } else { q.mul(power[0]) };
                        rows[l * l + 2 * m][v] = if l == m { power[1] } else { q.mul(power[1]) };
                    }
                });
                power = next_power(power, x, y);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Generic;

    fn rows(unit: [f64; 3], lmax: usize) -> Vec<f64> {
        let units = &[unit.map(Generic::splat)];
        let legendre = &Legendre::<Generic>::new(lmax);
        let mut rows = vec![[Generic::zero(); CHUNK]; (lmax + 1).pow(2)];
        enter_for_lmax!(Generic, lmax, Rows { legendre, units, out: &mut rows });
        rows.iter().map(|row| row[0].lanes()[0]).collect()
    }

    /// Σ_m |Y_lm|² = 2l + 1, Y_11 and Y_20 in closed form; constant and dynamic loops agree.
    #[test]
    fn norms_and_closed_forms() {
        let [x, y, z] = [0.36, -0.48, 0.8];
        let all = rows([x, y, z], 12);
        for l in 0..=12_usize {
            let m0 = (norm(l, 0) * all[l * l]).powi(2);
            let rest: f64 = (1..=l)
                .map(|m| norm(l, m).powi(2) * (all[l * l + 2 * m - 1].powi(2) + all[l * l + 2 * m].powi(2)))
                .sum();
            assert!((m0 + 2.0 * rest - (2 * l + 1) as f64).abs() < 1e-11);
            assert!(rows([x, y, z], l).iter().zip(&all).all(|(a, b)| (a - b).abs() < 1e-14));
        }
        assert!((norm(1, 1) * all[2] + 1.5_f64.sqrt() * x).abs() < 1e-14);
        assert!((norm(1, 1) * all[3] + 1.5_f64.sqrt() * y).abs() < 1e-14);
        assert!((norm(2, 0) * all[4] - 5.0_f64.sqrt() * (1.5 * z * z - 0.5)).abs() < 1e-14);
    }

    #[test]
    fn derivatives_are_polynomials_of_the_next_order() {
        let (lmax, z, h) = (9, 0.31, 1e-6);
        let legendre = Legendre::<Generic>::new(lmax);
        let at = |z: f64| {
            let mut all = vec![0.0; count(lmax)];
            for m in 0..=lmax {
                let visit = |_, place: usize, q: Generic| all[place] = q.lanes()[0];
                visit_order(legendre.coefficients(), lmax, m, Generic::splat(z), visit);
            }
            all
        };
        let (low, middle, high) = (at(z - h), at(z), at(z + h));
        for m in 0..lmax {
            for l in m + 1..=lmax {
                let k = index(lmax, l, m);
                let exact = (l - m) as f64 * middle[index(lmax, l, m + 1)];
                assert!(((high[k] - low[k]) / (2.0 * h) - exact).abs() < 1e-8, "{l} {m}");
            }
        }
    }
}
