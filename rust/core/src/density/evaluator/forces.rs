//! Derivatives of the energy of one atom with respect to its neighbors' positions: neighbors in lanes.
//!
//! With the adjoints `u` of the one-particle sums, radial functions and Legendre functions are computed
//! again and contracted at once: `T_row = Σ_k u_{row,k} R_k`, then for each m
//! `C_m = Σ_l T_re P̄_lm`, `S_m = Σ_l T_im P̄_lm` and likewise with `dP̄_lm/dz` and `dR/dr`. The gradient of
//! `Y_lm` is never formed.

use crate::simd::Simd;

use super::accumulate::grow;
use super::environment::Geometry;
use super::harmonics::Legendre;
use super::kernel::Towards;
use super::layout::Block;

/// Most rows of a register tile.
const TILE_ROWS: usize = 5;

/// Scratch of [`Gradient::run`].
#[derive(Debug)]
pub struct Gradient<S> {
    /// Radial functions.
    values: Vec<S>,
    /// Their derivatives per bin.
    slopes: Vec<S>,
    legendre: Vec<S>,
    /// `Σ_k u R_k` per row.
    rows: Vec<S>,
    /// `Σ_k u dR_k` per row.
    row_slopes: Vec<S>,
}

impl<S: Simd> Gradient<S> {
    pub(super) fn new() -> Self {
        Self {
            values: Vec::new(),
            slopes: Vec::new(),
            legendre: Vec::new(),
            rows: Vec::new(),
            row_slopes: Vec::new(),
        }
    }

    /// Enlarges the scratch for neighbors of one species.
    #[inline(always)]
    pub(super) fn reserve(&mut self, t: &Towards<S>) {
        grow(&mut self.values, t.width * S::LANES);
        grow(&mut self.slopes, t.width * S::LANES);
        if let Some(legendre) = &t.legendre {
            grow(&mut self.legendre, legendre.len());
            grow(&mut self.rows, (legendre.lmax() + 1).pow(2));
            grow(&mut self.row_slopes, (legendre.lmax() + 1).pow(2));
        }
    }

    /// `dE/dr_ij` (eV/Å) for one vector of neighbors, given the adjoints of the sums.
    #[inline(always)]
    pub(super) fn run(&mut self, t: &Towards<S>, geometry: &Geometry<S>, adjoints: &[f64]) -> [S; 3] {
        self.radial(t, geometry);
        let mut radial = self.slopes[t.phi];
        let mut g = [S::zero(); 3];
        let unit = &geometry.unit;
        if let Some(legendre) = &t.legendre {
            for (l, block) in t.layout.blocks.iter().enumerate() {
                self.contract(l, block, adjoints);
            }
            legendre.fill(unit[2], &mut self.legendre);
            let (slope, angular) = self.angular(legendre, unit);
            radial = radial.add(slope);
            g = angular;
        }
        let radial = radial.mul(S::splat(t.scale));
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
    fn radial(&mut self, t: &Towards<S>, geometry: &Geometry<S>) {
        let w = t.width;
        for group in 0..w {
            let (mut values, mut slopes) = (S::zero_block(), S::zero_block());
            for lane in 0..S::LANES {
                let row = &t.table[geometry.bins[lane] as usize * 4 * w..][..4 * w];
                let u = S::splat(geometry.fraction[lane]);
                let c3 = row[3 * w + group];
                let h2 = c3.mul_add(u, row[2 * w + group]);
                let h1 = h2.mul_add(u, row[w + group]);
                values[lane] = h1.mul_add(u, row[group]);
                slopes[lane] = c3.mul_add(u, h2).mul_add(u, h1);
            }
            let (values, slopes) = (S::transpose(values), S::transpose(slopes));
            for lane in 0..S::LANES {
                self.values[group * S::LANES + lane] = values[lane];
                self.slopes[group * S::LANES + lane] = slopes[lane];
            }
        }
    }

    /// Rows of one l.
    #[inline(always)]
    fn contract(&mut self, l: usize, block: &Block, adjoints: &[f64]) {
        let adjoints = &adjoints[block.offset..][..(2 * l + 1) * block.n];
        let values = &self.values[block.function..][..block.n];
        let slopes = &self.slopes[block.function..][..block.n];
        let mut row = 0;
        while row < 2 * l + 1 {
            let left = 2 * l + 1 - row;
            let pieces = left.div_ceil(TILE_ROWS);
            let take = left.div_ceil(pieces);
            let u = &adjoints[row * block.n..(row + take) * block.n];
            let rows = &mut self.rows[l * l + row..][..take];
            let row_slopes = &mut self.row_slopes[l * l + row..][..take];
            match take {
                1 => contract_sized::<S, 1>(u, values, slopes, rows, row_slopes),
                2 => contract_sized::<S, 2>(u, values, slopes, rows, row_slopes),
                3 => contract_sized::<S, 3>(u, values, slopes, rows, row_slopes),
                4 => contract_sized::<S, 4>(u, values, slopes, rows, row_slopes),
                _ => contract_sized::<S, TILE_ROWS>(u, values, slopes, rows, row_slopes),
            }
            row += take;
        }
    }

    /// Radial derivative (per bin) and gradient of the angular part with respect to the unit vector.
    #[inline(always)]
    fn angular(&self, legendre: &Legendre, [x, y, _]: &[S; 3]) -> (S, [S; 3]) {
        let lmax = legendre.lmax();
        let size = legendre.len();
        let (p, kappa) = (&self.legendre[..size], &legendre.kappa()[..size]);
        let (rows, slopes) = (&self.rows[..(lmax + 1).pow(2)], &self.row_slopes[..(lmax + 1).pow(2)]);
        let mut slope = S::zero();
        let mut gz = S::zero();
        for l in 0..=lmax {
            slope = slopes[l * l].mul_add(p[l], slope);
            if l > 0 {
                gz = rows[l * l].mul_add(S::splat(kappa[l]).mul(p[lmax + l]), gz);
            }
        }
        let (mut gx, mut gy) = (S::zero(), S::zero());
        let (mut cos, mut sin) = (S::splat(1.0), S::zero());
        let mut at = lmax + 1;
        for m in 1..=lmax {
            let mut sums = [[S::zero(); 2]; 3];
            for l in m..=lmax {
                let (k, row) = (at + l - m, l * l + 2 * m - 1);
                for part in 0..2 {
                    sums[0][part] = rows[row + part].mul_add(p[k], sums[0][part]);
                    sums[1][part] = slopes[row + part].mul_add(p[k], sums[1][part]);
                }
                if l > m {
                    let dp = S::splat(kappa[k]).mul(p[k + lmax - m]);
                    for part in 0..2 {
                        sums[2][part] = rows[row + part].mul_add(dp, sums[2][part]);
                    }
                }
            }
            at += lmax - m + 1;
            let factor = S::splat(m as f64);
            let [c, s] = sums[0];
            gx = factor.mul_add(c.mul_add(cos, s.mul(sin)), gx);
            gy = factor.mul_add(s.mul_add(cos, c.neg_mul_add(sin, S::zero())), gy);
            let next = cos.mul(*x).sub(sin.mul(*y));
            sin = cos.mul_add(*y, sin.mul(*x));
            cos = next;
            slope = sums[1][0].mul_add(cos, sums[1][1].mul_add(sin, slope));
            gz = sums[2][0].mul_add(cos, sums[2][1].mul_add(sin, gz));
        }
        (slope, [gx, gy, gz])
    }
}

#[inline(always)]
fn contract_sized<S: Simd, const ROWS: usize>(
    u: &[f64],
    values: &[S],
    slopes: &[S],
    rows: &mut [S],
    row_slopes: &mut [S],
) {
    let n = values.len();
    let (u, slopes) = (&u[..ROWS * n], &slopes[..n]);
    let mut sums = [[S::zero(); 2]; ROWS];
    for k in 0..n {
        for i in 0..ROWS {
            let u = S::splat(u[i * n + k]);
            sums[i][0] = u.mul_add(values[k], sums[i][0]);
            sums[i][1] = u.mul_add(slopes[k], sums[i][1]);
        }
    }
    for i in 0..ROWS {
        rows[i] = sums[i][0];
        row_slopes[i] = sums[i][1];
    }
}
