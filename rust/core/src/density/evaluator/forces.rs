//! Derivatives of the energy of one atom with respect to its neighbors' positions: neighbors in lanes.
//!
//! With the adjoints `u` of the one-particle sums, radial functions and Legendre functions are computed
//! again and contracted at once: `T_lm = Σ_k u_{lm,k} R_k` (real and imaginary parts), then for each m
//! `C_m = Σ_l Re T_lm P̄_lm`, `S_m = Σ_l Im T_lm P̄_lm` and likewise with `dP̄_lm/dz` and `dR/dr`. The gradient
//! of `Y_lm` is never formed.

use crate::simd::Simd;

use super::accumulate::{grow, table_rows};
use super::environment::Geometry;
use super::harmonics::Legendre;
use super::kernel::Class;
use super::layout::Block;

/// `T_lm` and the same with `dR/dr`: real and imaginary parts of the first, then of the second. For m = 0
/// only the real parts are used.
type Contracted<S> = [S; 4];

/// Scratch of [`Gradient::run`].
#[derive(Debug)]
pub struct Gradient<S> {
    /// Radial functions.
    values: Vec<S>,
    /// Their derivatives per bin.
    slopes: Vec<S>,
    legendre: Vec<S>,
    /// Per (l, m ≥ 0), in the order of [`Legendre`].
    contracted: Vec<Contracted<S>>,
    /// Adjoints of the sums of one class, `[l][channel][row]`.
    adjoints: Vec<f64>,
}

impl<S: Simd> Gradient<S> {
    pub(super) fn new() -> Self {
        Self {
            values: Vec::new(),
            slopes: Vec::new(),
            legendre: Vec::new(),
            contracted: Vec::new(),
            adjoints: Vec::new(),
        }
    }

    /// Prepares for neighbors of one class of an atom: `adjoint` gives those of its sums.
    #[inline(always)]
    pub(super) fn prepare(&mut self, class: &Class<S>, adjoint: impl Fn(usize) -> f64) {
        grow(&mut self.values, class.width * S::LANES, S::zero());
        grow(&mut self.slopes, class.width * S::LANES, S::zero());
        if let Some(legendre) = &class.legendre {
            grow(&mut self.legendre, legendre.len(), S::zero());
            grow(&mut self.contracted, legendre.len(), [S::zero(); 4]);
        }
        self.adjoints.clear();
        self.adjoints.resize(class.layout.n_adjoints, 0.0);
        for &(to, from) in &class.layout.adjoints {
            self.adjoints[to as usize] += adjoint(from as usize);
        }
    }

    /// `dE/dr_ij` (eV/Å) for one vector of neighbors of the class, given the adjoints of the sums of pair
    /// functions.
    #[inline(always)]
    pub(super) fn run(&mut self, class: &Class<S>, geometry: &Geometry<S>, pair_bar: &[f64]) -> [S; 3] {
        self.radial(class, geometry);
        let mut radial = S::zero();
        for (&slope, &bar) in self.slopes[class.pair..].iter().zip(pair_bar) {
            radial = slope.mul_add(S::splat(bar), radial);
        }
        let mut g = [S::zero(); 3];
        let unit = &geometry.unit;
        if let Some(legendre) = &class.legendre {
            for (l, block) in class.layout.blocks.iter().enumerate() {
                self.contract(legendre, l, block);
            }
            legendre.fill(unit[2], &mut self.legendre);
            let (slope, angular) = self.angular(legendre, unit);
            radial = radial.add(slope);
            g = angular;
        }
        let radial = radial.mul(geometry.scale);
        let along = g[0].mul_add(unit[0], g[1].mul_add(unit[1], g[2].mul(unit[2])));
        let along = along.neg_mul_add(geometry.inverse, radial);
        [
            along.mul_add(unit[0], g[0].mul(geometry.inverse)),
            along.mul_add(unit[1], g[1].mul(geometry.inverse)),
            along.mul_add(unit[2], g[2].mul(geometry.inverse)),
        ]
    }

    /// Radial functions and their derivatives per bin.
    #[inline(always)]
    fn radial(&mut self, class: &Class<S>, geometry: &Geometry<S>) {
        let rows = table_rows(class, geometry);
        let fractions = geometry.fraction.lanes();
        let outputs = self.values.chunks_exact_mut(S::LANES).zip(self.slopes.chunks_exact_mut(S::LANES));
        for (group, (values_out, slopes_out)) in outputs.take(class.width).enumerate() {
            let (mut values, mut slopes) = (S::zero_block(), S::zero_block());
            for lane in 0..S::LANES {
                let [c0, c1, c2, c3] = rows[lane][group];
                let u = S::splat(fractions[lane]);
                let h2 = c3.mul_add(u, c2);
                let h1 = h2.mul_add(u, c1);
                values[lane] = h1.mul_add(u, c0);
                slopes[lane] = c3.mul_add(u, h2).mul_add(u, h1);
            }
            let (values, slopes) = (S::transpose(values), S::transpose(slopes));
            for lane in 0..S::LANES {
                values_out[lane] = values[lane];
                slopes_out[lane] = slopes[lane];
            }
        }
    }

    /// `T_lm` of one l. Register tiles: m = 0 with one or two m, so that an even number is left, then two m
    /// at a time.
    #[inline(always)]
    fn contract(&mut self, legendre: &Legendre, l: usize, block: &Block) {
        let adjoints = &self.adjoints[block.offset..][..(2 * l + 1) * block.n];
        let values = &self.values[block.function..][..block.n];
        let slopes = &self.slopes[block.function..][..block.n];
        let stride = 2 * l + 1;
        let first = if l == 0 { 0 } else { 2 - l % 2 };
        let out = &mut self.contracted;
        match first {
            0 => {
                let [t] = contract_rows::<S, 1>(adjoints, stride, 0, values, slopes);
                out[legendre.index(l, 0)] = [t[0], S::zero(), t[1], S::zero()];
            }
            1 => {
                let [t, a, b] = contract_rows::<S, 3>(adjoints, stride, 0, values, slopes);
                out[legendre.index(l, 0)] = [t[0], S::zero(), t[1], S::zero()];
                out[legendre.index(l, 1)] = [a[0], b[0], a[1], b[1]];
            }
            _ => {
                let [t, a, b, c, d] = contract_rows::<S, 5>(adjoints, stride, 0, values, slopes);
                out[legendre.index(l, 0)] = [t[0], S::zero(), t[1], S::zero()];
                out[legendre.index(l, 1)] = [a[0], b[0], a[1], b[1]];
                out[legendre.index(l, 2)] = [c[0], d[0], c[1], d[1]];
            }
        }
        for m in (first + 1..l).step_by(2) {
            let [a, b, c, d] = contract_rows::<S, 4>(adjoints, stride, 2 * m - 1, values, slopes);
            out[legendre.index(l, m)] = [a[0], b[0], a[1], b[1]];
            out[legendre.index(l, m + 1)] = [c[0], d[0], c[1], d[1]];
        }
    }

    /// Radial derivative (per bin) and gradient of the angular part with respect to the unit vector.
    #[inline(always)]
    fn angular(&self, legendre: &Legendre, [x, y, _]: &[S; 3]) -> (S, [S; 3]) {
        let lmax = legendre.lmax();
        let mut slope = S::zero();
        let [mut gx, mut gy, mut gz] = [S::zero(); 3];
        let (mut cos, mut sin) = (S::splat(1.0), S::zero());
        let (mut before_cos, mut before_sin) = (S::zero(), S::zero());
        for m in 0..=lmax {
            let end = legendre.index(lmax, m) + 1;
            let range = legendre.index(m, m)..end;
            let p = &self.legendre[range.clone()];
            let t = &self.contracted[range.clone()];
            let kappa = &legendre.kappa()[range];
            // P̄_{l,m+1} of l > m follow at once.
            let above = &self.legendre[end..end + lmax - m];
            let [mut c, mut s, mut slope_c, mut slope_s] = [S::zero(); 4];
            for (t, &p) in t.iter().zip(p) {
                c = t[0].mul_add(p, c);
                s = t[1].mul_add(p, s);
                slope_c = t[2].mul_add(p, slope_c);
                slope_s = t[3].mul_add(p, slope_s);
            }
            let (mut dc, mut ds) = (S::zero(), S::zero());
            for ((t, &kappa), &p) in t[1..].iter().zip(&kappa[1..]).zip(above) {
                let dp = S::splat(kappa).mul(p);
                dc = t[0].mul_add(dp, dc);
                ds = t[1].mul_add(dp, ds);
            }
            let factor = S::splat(m as f64);
            gx = factor.mul_add(c.mul_add(before_cos, s.mul(before_sin)), gx);
            gy = factor.mul_add(c.neg_mul_add(before_sin, s.mul(before_cos)), gy);
            slope = slope_c.mul_add(cos, slope_s.mul_add(sin, slope));
            gz = dc.mul_add(cos, ds.mul_add(sin, gz));
            (before_cos, before_sin) = (cos, sin);
            cos = before_cos.mul(*x).sub(before_sin.mul(*y));
            sin = before_cos.mul_add(*y, before_sin.mul(*x));
        }
        (slope, [gx, gy, gz])
    }
}

/// `Σ_k u_{row,k} R_k` and the same with `dR_k` for some rows from `first` on.
#[inline(always)]
fn contract_rows<S: Simd, const ROWS: usize>(
    adjoints: &[f64],
    stride: usize,
    first: usize,
    values: &[S],
    slopes: &[S],
) -> [[S; 2]; ROWS] {
    let mut sums = [[S::zero(); 2]; ROWS];
    for ((u, &value), &slope) in adjoints.chunks_exact(stride).zip(values).zip(slopes) {
        let u = &u[first..][..ROWS];
        for i in 0..ROWS {
            let u = S::splat(u[i]);
            sums[i][0] = u.mul_add(value, sums[i][0]);
            sums[i][1] = u.mul_add(slope, sums[i][1]);
        }
    }
    sums
}
