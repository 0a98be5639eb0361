//! Radial functions of one pair of species with neighbors in lanes.

use crate::density::moments::{PairRadial, RadialSettings};
use crate::simd::{MAX_LANES, Simd};

/// Most functions that are summed up together.
const WIDTH: usize = 4;
/// Distances, in vectors, at which functions are evaluated together: two hide the latency of few functions.
pub const TOGETHER: usize = 2;

/// Chebyshev series of the functions of a layout.
#[derive(Debug, Clone)]
pub struct RadialKernel {
    pair: PairRadial,
    n_polynomials: usize,
    /// Coefficients of the values and of the derivatives in ξ: `[group][polynomial][value or derivative][function]`.
    series: Vec<f64>,
    /// Functions of each group.
    groups: Vec<usize>,
}

impl RadialKernel {
    /// The functions (radial function, degree) of a layout.
    pub fn new(pair: &PairRadial, settings: &RadialSettings, functions: &[(usize, usize)]) -> Self {
        let n = settings.n_polynomials;
        let values = pair.chebyshev(settings);
        let slopes: Vec<f64> = values.chunks_exact(n).flat_map(derivative).collect();
        let (mut series, mut groups) = (Vec::new(), Vec::new());
        let width = functions.len().div_ceil(functions.len().div_ceil(WIDTH).max(1)).max(1);
        for group in functions.chunks(width) {
            groups.push(group.len());
            for k in 0..n {
                series.extend(group.iter().map(|(mu, _)| values[mu * n + k]));
                series.extend(group.iter().map(|(mu, _)| slopes[mu * n + k]));
            }
        }
        Self { pair: pair.clone(), n_polynomials: n, series, groups }
    }

    /// Values of all functions, then their derivatives (1/Å), at each of some distances; `out` holds those of one
    /// distance behind those of the other.
    #[inline(always)]
    pub fn evaluate<S: Simd, const V: usize>(&self, distances: [S; V], out: &mut [S]) {
        let pair = &self.pair;
        let mut at = [Ends::zero(); V];
        for (ends, r) in at.iter_mut().zip(distances) {
            *ends = Ends::new(pair, r);
        }
        let n_functions = out.len() / (2 * V);
        let (mut series, mut first) = (&self.series[..], 0);
        for &width in &self.groups {
            let (own, rest) = series.split_at(2 * self.n_polynomials * width);
            series = rest;
            match width {
                1 => group::<S, 1, V>(&at, own, out, first, n_functions),
                2 => group::<S, 2, V>(&at, own, out, first, n_functions),
                3 => group::<S, 3, V>(&at, own, out, first, n_functions),
                _ => group::<S, 4, V>(&at, own, out, first, n_functions),
            }
            first += width;
        }
    }
}

/// Coefficients of the derivative of a Chebyshev series.
fn derivative(series: &[f64]) -> Vec<f64> {
    let n = series.len();
    let mut out = vec![0.0; n + 2];
    for k in (1..n).rev() {
        out[k - 1] = out[k + 1] + 2.0 * k as f64 * series[k];
    }
    out[0] *= 0.5;
    out.truncate(n);
    out
}

/// The softened distance and its derivative, few of which differ from r and 1.
#[inline(always)]
fn soften<S: Simd>(pair: &PairRadial, r: S) -> (S, S) {
    let mut distances = r.lanes();
    let mut stretch = [1.0; MAX_LANES];
    for (r, stretch) in distances.iter_mut().zip(&mut stretch).take(S::LANES) {
        (*r, *stretch) = pair.softened(*r);
    }
    (S::load(&distances), S::load(&stretch))
}

/// Where the series are taken, and how they become functions of r.
#[derive(Clone, Copy)]
struct Ends<S> {
    xi: S,
    /// (r − r_max)²
    envelope: S,
    /// Its derivative.
    slope: S,
    /// Envelope times dξ/dr.
    chain: S,
}

impl<S: Simd> Ends<S> {
    #[inline(always)]
    fn zero() -> Self {
        Self { xi: S::zero(), envelope: S::zero(), slope: S::zero(), chain: S::zero() }
    }

    #[inline(always)]
    fn new(pair: &PairRadial, r: S) -> Self {
        let mut r = r.min(S::splat(pair.max));
        let mut stretch = S::splat(1.0);
        if pair.softness > 0.0 && r.any_less(S::splat(pair.softened_below())) {
            (r, stretch) = soften(pair, r);
        }
        let slope = 2.0 / (pair.max - pair.min);
        let xi = r.sub(S::splat(pair.min)).mul_sub(S::splat(slope), S::splat(1.0));
        let u = r.sub(S::splat(pair.max));
        let envelope = u.mul(u);
        Self { xi, envelope, slope: u.add(u).mul(stretch), chain: envelope.mul(S::splat(slope)).mul(stretch) }
    }
}

/// `N` functions from `first` on, at `V` vectors of distances.
#[inline(always)]
fn group<S: Simd, const N: usize, const V: usize>(
    at: &[Ends<S>; V],
    series: &[f64],
    out: &mut [S],
    first: usize,
    n_functions: usize,
) {
    let (mut twice, mut t, mut t_next) = ([S::zero(); V], [S::splat(1.0); V], [S::zero(); V]);
    for v in 0..V {
        twice[v] = at[v].xi.add(at[v].xi);
        t_next[v] = at[v].xi;
    }
    let (mut value, mut slope) = ([[S::zero(); N]; V], [[S::zero(); N]; V]);
    for row in series.chunks_exact(2 * N) {
        for i in 0..N {
            let (c, d) = (S::splat(row[i]), S::splat(row[N + i]));
            for v in 0..V {
                value[v][i] = c.mul_add(t[v], value[v][i]);
                slope[v][i] = d.mul_add(t[v], slope[v][i]);
            }
        }
        for v in 0..V {
            (t[v], t_next[v]) = (t_next[v], twice[v].mul_sub(t_next[v], t[v]));
        }
    }
    for v in 0..V {
        let Ends { envelope, slope: fall, chain, .. } = at[v];
        let (values, slopes) = out[2 * v * n_functions..][..2 * n_functions].split_at_mut(n_functions);
        let (values, slopes) = (&mut values[first..][..N], &mut slopes[first..][..N]);
        for i in 0..N {
            values[i] = value[v][i].mul(envelope);
            slopes[i] = value[v][i].mul_add(fall, slope[v][i].mul(chain));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivative_of_a_series() {
        // T₀ + 2 T₁ + 3 T₂ + 4 T₃ has the derivative 2 + 12 x + 4 (12 x² − 3).
        assert_eq!(derivative(&[1.0, 2.0, 3.0, 4.0]), [14.0, 12.0, 24.0, 0.0]);
        assert_eq!(derivative(&[1.0]), [0.0]);
    }
}
