//! Radial functions of one pair of species with neighbors in lanes.

use crate::density::moments::{PairRadial, RadialSettings};
use crate::simd::{MAX_LANES, Simd};

/// Most functions that are summed up together.
const WIDTH: usize = 4;

/// Chebyshev series of the functions of a layout.
#[derive(Debug, Clone)]
pub struct RadialKernel {
    pair: PairRadial,
    n_polynomials: usize,
    /// Coefficients of the values and of the slopes (`k c_k`, of Chebyshev polynomials of the second kind) in
    /// ξ: `[group][k][value or slope][function]`, groups of [`WIDTH`] functions and one of the rest.
    series: Vec<f64>,
    n_functions: usize,
}

impl RadialKernel {
    /// The functions (radial function, degree) of a layout.
    pub fn new(pair: &PairRadial, settings: &RadialSettings, functions: &[(usize, usize)]) -> Self {
        let n = settings.n_polynomials;
        let coefficients = pair.chebyshev(settings);
        let mut series = Vec::new();
        for group in functions.chunks(WIDTH) {
            for k in 0..n {
                let of = group.iter().map(|(mu, _)| coefficients[mu * n + k]);
                series.extend(of.clone());
                series.extend(of.map(|c| k as f64 * c));
            }
        }
        Self { pair: pair.clone(), n_polynomials: n, series, n_functions: functions.len() }
    }

    /// Values of all functions, then their derivatives (1/Å).
    #[inline(always)]
    pub fn evaluate<S: Simd>(&self, r: S, out: &mut [S]) {
        let pair = &self.pair;
        let mut r = r.min(S::splat(pair.max));
        let mut stretch = S::splat(1.0);
        if pair.softness > 0.0 {
            (r, stretch) = soften(pair, r);
        }
        let slope = 2.0 / (pair.max - pair.min);
        let xi = r.sub(S::splat(pair.min)).mul_add(S::splat(slope), S::splat(-1.0));
        let u = r.sub(S::splat(pair.max));
        let envelope = u.mul(u);
        let ends = Ends {
            xi,
            envelope,
            slope: u.add(u).mul(stretch),
            chain: envelope.mul(S::splat(slope)).mul(stretch),
        };
        let (values, slopes) = out.split_at_mut(self.n_functions);
        let groups = values.chunks_mut(WIDTH).zip(slopes.chunks_mut(WIDTH));
        let step = 2 * self.n_polynomials * WIDTH;
        for (k, (values, slopes)) in groups.enumerate() {
            let series = &self.series[k * step..];
            match values.len() {
                1 => ends.group::<1>(self.n_polynomials, series, values, slopes),
                2 => ends.group::<2>(self.n_polynomials, series, values, slopes),
                3 => ends.group::<3>(self.n_polynomials, series, values, slopes),
                _ => ends.group::<4>(self.n_polynomials, series, values, slopes),
            }
        }
    }
}

/// The softened distance and its derivative, few of which differ from r and 1.
#[inline(always)]
fn soften<S: Simd>(pair: &PairRadial, r: S) -> (S, S) {
    let mut distances = r.lanes();
    let mut stretch = [1.0; MAX_LANES];
    for (r, stretch) in distances.iter_mut().zip(&mut stretch).take(S::LANES) {
        if *r < pair.min {
            (*r, *stretch) = pair.softened(*r);
        }
    }
    (S::load(&distances), S::load(&stretch))
}

/// Where the series are taken, and how they become functions of r.
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
    /// `N` functions.
    #[inline(always)]
    fn group<const N: usize>(&self, n: usize, series: &[f64], values: &mut [S], slopes: &mut [S]) {
        let twice = self.xi.add(self.xi);
        let (mut t, mut t_next) = (S::splat(1.0), self.xi);
        let (mut u, mut u_next) = (S::zero(), S::splat(1.0));
        let mut value = [S::zero(); N];
        let mut slope = [S::zero(); N];
        for row in series.chunks_exact(2 * N).take(n) {
            for i in 0..N {
                value[i] = S::splat(row[i]).mul_add(t, value[i]);
                slope[i] = S::splat(row[N + i]).mul_add(u, slope[i]);
            }
            (t, t_next) = (t_next, twice.mul(t_next).sub(t));
            (u, u_next) = (u_next, twice.mul(u_next).sub(u));
        }
        for i in 0..N {
            values[i] = value[i].mul(self.envelope);
            slopes[i] = value[i].mul_add(self.slope, slope[i].mul(self.chain));
        }
    }
}
