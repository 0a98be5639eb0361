//! Derivatives of the energy of one atom with respect to its neighbors' positions: neighbors in lanes.
//!
//! With the adjoints `u` of the one-particle sums, radial functions and harmonics are computed again and
//! contracted at once: `T_lm = Σ_k u_{lm,k} R_k` (real and imaginary parts), then for each m
//! `C_m = Σ_l Re T_lm Q_lm`, `S_m = Σ_l Im T_lm Q_lm` and likewise with `dQ_lm/dz` and `dR/dr`. The gradient
//! of `Y_lm` is never formed.

use crate::radial::table::N_COEFFICIENTS;
use crate::simd::{Scalar, Simd, Task};

use super::accumulate::{grow, table_rows};
use super::environment::Geometry;
use super::harmonics::{
    DYNAMIC, Legendre, count, enter_for_lmax, for_orders, index, next_power, visit_order,
};
use super::kernel::Class;
use super::layout::{Block, row_tiles};

/// Value and derivative of a radial function with respect to the position in the bin; or `T` and the same with
/// `dR/dr`.
type Pair<S> = [S; 2];

/// Scratch of [`Gradient::run`].
#[derive(Debug)]
pub struct Gradient<S: Simd> {
    /// Radial functions.
    radial: Vec<Pair<S>>,
    /// `T` of all rows.
    contracted: Vec<Pair<S>>,
    /// `Q_lm(z)`.
    legendre: Vec<S>,
    /// Adjoints of the sums of one class, in the order of its blocks.
    adjoints: Vec<S::Scalar>,
}

impl<S: Simd> Gradient<S> {
    pub(super) fn new() -> Self {
        Self { radial: Vec::new(), contracted: Vec::new(), legendre: Vec::new(), adjoints: Vec::new() }
    }

    /// Prepares for neighbors of one class of an atom: `adjoint` gives those of its sums.
    #[inline(always)]
    pub(super) fn prepare(&mut self, class: &Class<S>, adjoint: impl Fn(usize) -> f64) {
        grow(&mut self.radial, class.width * S::LANES, [S::zero(); 2]);
        if let Some(legendre) = &class.legendre {
            grow(&mut self.legendre, legendre.len(), S::zero());
            grow(&mut self.contracted, (legendre.lmax() + 1).pow(2), [S::zero(); 2]);
        }
        self.adjoints.clear();
        self.adjoints.resize(class.layout.n_adjoints, S::Scalar::default());
        for &(to, from) in &class.layout.adjoints {
            self.adjoints[to as usize] += S::Scalar::rounded(adjoint(from as usize));
        }
    }

    /// `dE/dr_ij` (eV/Å) for one vector of neighbors of the class, given the adjoints of the sums of pair
    /// functions.
    #[inline(always)]
    pub(super) fn run(
        &mut self,
        class: &Class<S>,
        geometry: &Geometry<S>,
        unit: &[S; 3],
        pair_bar: &[f64],
    ) -> [S; 3] {
        self.radial(class, geometry);
        let mut radial = S::zero();
        for (&[_, slope], &bar) in self.radial[class.pair..].iter().zip(pair_bar) {
            radial = slope.mul_add(S::splat(bar), radial);
        }
        let mut g = [S::zero(); 3];
        if let Some(legendre) = &class.legendre {
            for (l, block) in class.layout.blocks.iter().enumerate() {
                self.contract(l, block);
            }
            let (contracted, scratch) = (&self.contracted, &mut self.legendre);
            let (slope, angular) =
                enter_for_lmax!(S, legendre.lmax(), Angular { legendre, unit, contracted, scratch });
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
        let fractions = geometry.fraction.scalars();
        let outputs = self.radial.chunks_exact_mut(S::LANES);
        for (group, out) in outputs.take(class.width).enumerate() {
            let (mut values, mut slopes) = (S::zero_block(), S::zero_block());
            for lane in 0..S::LANES {
                let c = &rows[lane][group];
                let u = S::broadcast(fractions[lane]);
                let mut value = c[N_COEFFICIENTS - 1].mul_add(u, c[N_COEFFICIENTS - 2]);
                let mut slope = c[N_COEFFICIENTS - 1].mul_add(u, value);
                for order in (1..N_COEFFICIENTS - 2).rev() {
                    value = value.mul_add(u, c[order]);
                    slope = slope.mul_add(u, value);
                }
                values[lane] = value.mul_add(u, c[0]);
                slopes[lane] = slope;
            }
            let (values, slopes) = (S::transpose(values), S::transpose(slopes));
            for (lane, out) in out.iter_mut().enumerate() {
                *out = [values[lane], slopes[lane]];
            }
        }
    }

    /// `T` of the rows of one l.
    #[inline(always)]
    fn contract(&mut self, l: usize, block: &Block) {
        macro_rules! sizes {
            ($($n:literal)*) => {
                match block.n {
                    $($n => self.contract_sized::<$n>(l, block),)*
                    _ => self.contract_sized::<DYNAMIC>(l, block),
                }
            };
        }
        sizes! { 1 2 3 4 5 6 7 8 }
    }

    /// As [`Self::contract`] for `N` channels.
    #[inline(always)]
    fn contract_sized<const N: usize>(&mut self, l: usize, block: &Block) {
        let (n_rows, n) = (2 * l + 1, if N == DYNAMIC { block.n } else { N });
        let radial = &self.radial[block.function..][..n];
        let adjoints = &self.adjoints[block.offset..][..n * n_rows];
        let out = &mut self.contracted[l * l..][..n_rows];
        for rows in row_tiles(l) {
            let (u, out) = (&adjoints[n * rows.start..], &mut out[rows.start..]);
            match rows.len() {
                1 => contract_rows::<S, 1, N>(u, radial, out),
                3 => contract_rows::<S, 3, N>(u, radial, out),
                4 => contract_rows::<S, 4, N>(u, radial, out),
                _ => contract_rows::<S, 5, N>(u, radial, out),
            }
        }
    }
}

/// `Σ_k u_{k,row} R_k` and the same with `dR_k` for some rows.
#[inline(always)]
fn contract_rows<S: Simd, const ROWS: usize, const N: usize>(
    u: &[S::Scalar],
    radial: &[Pair<S>],
    out: &mut [Pair<S>],
) {
    let n = if N == DYNAMIC { radial.len() } else { N };
    let (u, radial) = (&u[..n * ROWS], &radial[..n]);
    let mut sums = [[S::zero(); 2]; ROWS];
    for k in 0..n {
        let [value, slope] = radial[k];
        for i in 0..ROWS {
            let u = S::broadcast(u[k * ROWS + i]);
            sums[i][0] = u.mul_add(value, sums[i][0]);
            sums[i][1] = u.mul_add(slope, sums[i][1]);
        }
    }
    out[..ROWS].copy_from_slice(&sums);
}

/// Radial derivative (per bin) and gradient of the angular part with respect to the unit vector. `L` is the largest
/// l or [`DYNAMIC`].
struct Angular<'a, S, const L: usize> {
    legendre: &'a Legendre<S>,
    unit: &'a [S; 3],
    contracted: &'a [Pair<S>],
    /// For all `Q_lm`.
    scratch: &'a mut [S],
}

impl<S: Simd, const L: usize> Task<S> for Angular<'_, S, L> {
    type Output = (S, [S; 3]);

    #[inline(always)]
    fn run(self) -> Self::Output {
        let lmax = if L == DYNAMIC { self.legendre.lmax() } else { L };
        let [x, y, z] = *self.unit;
        let c = &self.legendre.coefficients()[..count(lmax)];
        let q = &mut self.scratch[..count(lmax)];
        for_orders!(L, lmax, m, visit_order(c, lmax, m, z, |_, place, value| q[place] = value));
        let t = &self.contracted[..(lmax + 1) * (lmax + 1)];
        let mut slope = S::zero();
        let [mut gx, mut gy, mut gz] = [S::zero(); 3];
        let (mut power, mut before) = ([S::splat(1.0), S::zero()], [S::zero(); 2]);
        for_orders!(L, lmax, m, {
            let [cos, sin, d_cos, d_sin, slope_cos, slope_sin] = contract_order(lmax, m, q, t);
            if m > 0 {
                let factor = S::splat(m as f64);
                gx = factor.mul_add(cos.mul_add(before[0], sin.mul(before[1])), gx);
                gy = factor.mul_add(cos.neg_mul_add(before[1], sin.mul(before[0])), gy);
            }
            slope = slope_cos.mul_add(power[0], slope_sin.mul_add(power[1], slope));
            gz = d_cos.mul_add(power[0], d_sin.mul_add(power[1], gz));
            before = power;
            power = next_power(power, x, y);
        });
        (slope, [gx, gy, gz])
    }
}

/// `Σ_l T_lm Q_lm`, `Σ_l T_lm dQ_lm/dz` and the first one with `dR/dr`: real and imaginary part of each.
#[inline(always)]
fn contract_order<S: Simd>(lmax: usize, m: usize, q: &[S], t: &[Pair<S>]) -> [S; 6] {
    let mut sums = [S::zero(); 6];
    let end = lmax + 1;
    for l in m..end {
        let value = q[index(lmax, l, m)];
        let row = if m == 0 { l * l } else { l * l + 2 * m - 1 };
        let derivative = (l > m).then(|| S::splat((l - m) as f64).mul(q[index(lmax, l, (m + 1).min(l))]));
        let parts = if m == 0 { 1 } else { 2 };
        for part in 0..parts {
            let [of_value, of_slope] = t[row + part];
            sums[part] = of_value.mul_add(value, sums[part]);
            if let Some(derivative) = derivative {
                sums[2 + part] = of_value.mul_add(derivative, sums[2 + part]);
            }
            sums[4 + part] = of_slope.mul_add(value, sums[4 + part]);
        }
    }
    sums
}
