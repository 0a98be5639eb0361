//! Triplet energies of one centre, with the four functions along r_jk in lanes.
//!
//! ```text
//! U_k[l][n] = Σ_m B_m(r_ik) c_lmn,    U_j[m][n] = Σ_l B_l(r_ij) c_lmn                          once per neighbor
//! E = Σ_ln B_l(r_ij) B_n(r_jk) U_k[l][n],   dE/dr_ij and dE/dr_jk likewise,   dE/dr_ik = Σ_mn B_m' B_n U_j[m][n]
//! ```
//!
//! Neighbors of one species need one U each, since the coefficients are symmetric then. Only the rows and columns that
//! occur around the centre are contracted.

use std::ops::Range;

use crate::density::evaluator::{Frame, squared};
use crate::neighbors::tiles::Rows;
use crate::simd::Simd;

use super::kernel::{CenterKernel, TripletKernel};
use super::table::Functions;

/// Numbers by which columns are longer than they have neighbors, for whole vectors at the end.
const PADDING: usize = 8;

/// The four functions of a neighbor along its distance from the centre.
#[derive(Debug, Clone, Copy, Default)]
struct Basis {
    /// First of the functions.
    first: usize,
    /// Where its row begins in the U of others, and its own U among all; counted from column 0.
    row: usize,
    own: usize,
    value: [f64; 4],
    slope: [f64; 4],
}

/// The neighbors of a centre that matter in triplets, by species, with the gradients of the energy.
#[derive(Debug, Default)]
pub struct Triplets {
    /// Components of r_ij, Å.
    vectors: [Vec<f64>; 3],
    distances: Vec<f64>,
    images: Vec<u32>,
    /// Gradient with respect to r_ij, eV/Å, from the distances r_jk.
    gradients: [Vec<f64>; 3],
    /// Derivative with respect to |r_ij|, eV/Å.
    radial: Vec<f64>,
    /// Energy, eV.
    energy: f64,
    /// First neighbor of each species, and the number of neighbors at the end.
    offsets: Vec<usize>,
    bases: Vec<Basis>,
    /// r_jk by j, whole vectors of k.
    across: Vec<f64>,
    /// U of all neighbors.
    contracted: Vec<f64>,
}

/// The part of the coefficients that matters around a centre.
struct Window {
    /// First functions of the neighbors j and k: their smallest number, and the number of rows from there on.
    first: [usize; 2],
    rows: [usize; 2],
    /// First column and number of columns, whole vectors.
    column: usize,
    width: usize,
}

impl Triplets {
    /// Takes the place of another centre: finds the images that are close enough.
    #[inline(always)]
    pub fn gather<S: Simd>(&mut self, frame: &Frame, center: usize, rows: &Rows, kernel: &CenterKernel) {
        let n = kernel.towards.len();
        let origin = frame.origin::<S>(center);
        let most: usize = (0..n).map(|other| rows.row(center * n + other).len()).sum::<usize>() + PADDING;
        self.images.resize(most, 0);
        for column in self.vectors.iter_mut().chain([&mut self.distances]) {
            column.resize(most, 0.0);
        }
        let [x, y, z] = &mut self.vectors;
        let (images, distances) = (&mut self.images, &mut self.distances);
        self.offsets.clear();
        self.offsets.push(0);
        let mut end = 0;
        for (other, towards) in kernel.towards.iter().enumerate() {
            for four in rows.row(center * n + other).chunks_exact(4) {
                let vector = frame.vectors(origin, four);
                let square = squared(vector);
                if !square.any_less(S::splat(towards.squared_short)) {
                    continue;
                }
                let squares = square.lanes();
                let (dx, dy, dz) = (vector[0].lanes(), vector[1].lanes(), vector[2].lanes());
                // Written in any case and overwritten by the next one if too far: no branch to predict.
                for lane in 0..4 {
                    (x[end], y[end], z[end]) = (dx[lane], dy[lane], dz[lane]);
                    (distances[end], images[end]) = (squares[lane], four[lane]);
                    end += usize::from(squares[lane] < towards.squared_short);
                }
            }
            self.offsets.push(end);
        }
        images.truncate(end);
        let padded = end + PADDING;
        for column in [x, y, z, &mut *distances] {
            column.truncate(end);
            column.resize(padded, 0.0);
        }
        for k in (0..end).step_by(4) {
            S::load(&distances[k..]).sqrt().store(&mut distances[k..]);
        }
        for column in self.gradients.iter_mut().chain([&mut self.radial]) {
            column.clear();
            column.resize(padded, 0.0);
        }
        self.bases.resize(padded, Basis::default());
        self.energy = 0.0;
    }

    /// Adds the triplets of one kernel.
    #[inline(always)]
    pub fn add<S: Simd>(&mut self, kernel: &TripletKernel) {
        let [first, second] = kernel.species;
        let (js, ks) =
            (self.offsets[first]..self.offsets[first + 1], self.offsets[second]..self.offsets[second + 1]);
        let alike = first == second;
        if js.is_empty() || ks.is_empty() || (alike && js.len() == 1) {
            return;
        }
        self.prepare::<S>(&kernel.functions[0], js.clone());
        if !alike {
            self.prepare::<S>(&kernel.functions[1], ks.clone());
        }
        let window = self.measure::<S>(kernel, js.clone(), ks.clone(), alike);
        let size = window.rows[0].max(window.rows[1]) * window.width;
        self.contracted.resize(size * self.images.len() + PADDING, 0.0);
        for (side, range) in [js.clone(), ks.clone()].into_iter().enumerate() {
            for n in range {
                let basis = &mut self.bases[n];
                basis.row = (basis.first - window.first[side]) * window.width;
                // Columns are counted from the first one that occurs.
                basis.own = (n * size).wrapping_sub(window.column);
            }
        }
        let [stride_l, stride_m] = kernel.strides;
        self.contract::<S>(kernel, ks.clone(), [stride_m, stride_l], &window, 0, size);
        if !alike {
            self.contract::<S>(kernel, js.clone(), [stride_l, stride_m], &window, 1, size);
        }
        let (mut start, mut energy) = (0, S::zero());
        for j in js {
            let from = if alike { j + 1 } else { ks.start };
            energy = energy.add(self.row::<S>(kernel, j, from..ks.end, start, window.width));
            start += (ks.end - from).next_multiple_of(4);
        }
        self.energy += energy.sum();
    }

    /// Functions of some neighbors along their distance from the centre.
    #[inline(always)]
    fn prepare<S: Simd>(&mut self, functions: &Functions, range: Range<usize>) {
        for from in range.clone().step_by(4) {
            let (bins, t) = functions.find(S::load(&self.distances[from..]));
            let offsets = t.lanes();
            for lane in 0..(range.end - from).min(4) {
                let (value, slope) = functions.evaluate::<S>(bins[lane], offsets[lane]);
                let basis = &mut self.bases[from + lane];
                value.store(&mut basis.value);
                slope.store(&mut basis.slope);
                // Outside the range all four are 0 and any place will do.
                basis.first = functions.first(bins[lane]);
            }
        }
    }

    /// Distances r_jk, and which functions occur.
    #[inline(always)]
    fn measure<S: Simd>(
        &mut self,
        kernel: &TripletKernel,
        js: Range<usize>,
        ks: Range<usize>,
        alike: bool,
    ) -> Window {
        let most = js.len() * ks.len().next_multiple_of(4);
        if self.across.len() < most {
            self.across.resize(most, 0.0);
        }
        let (mut least, mut negative) = (S::splat(f64::MAX), S::zero());
        let mut start = 0;
        let [x, y, z] = &self.vectors;
        for j in js.clone() {
            let from = [S::splat(x[j]), S::splat(y[j]), S::splat(z[j])];
            for k in (if alike { j + 1 } else { ks.start }..ks.end).step_by(4) {
                let across = [
                    S::load(&x[k..]).sub(from[0]),
                    S::load(&y[k..]).sub(from[1]),
                    S::load(&z[k..]).sub(from[2]),
                ];
                // Unused lanes and atoms on each other: no direction, but no division by 0 either.
                let r = squared(across).add(S::splat(f64::MIN_POSITIVE)).sqrt();
                r.store(&mut self.across[start..]);
                least = least.min(r);
                negative = negative.min(S::zero().sub(r));
                start += 4;
            }
        }
        let extremes = |range: Range<usize>| {
            let firsts = self.bases[range].iter().map(|basis| basis.first);
            firsts.fold((usize::MAX, 0), |(low, high), first| (low.min(first), high.max(first)))
        };
        let (low_j, high_j) = extremes(js);
        let (low_k, high_k) = if alike { (low_j, high_j) } else { extremes(ks) };
        let least = least.lanes()[..4].iter().copied().fold(f64::MAX, f64::min);
        let largest = -negative.lanes()[..4].iter().copied().fold(0.0, f64::min);
        let mut ends = [0.0; 8];
        (ends[0], ends[1]) = (least, largest);
        let (bins, _) = kernel.functions[2].find(S::load(&ends));
        let (column, last) = (bins[0] as usize, bins[1] as usize);
        Window {
            first: [low_j, low_k],
            rows: [high_j + 4 - low_j, high_k + 4 - low_k],
            column,
            width: (last + 4 - column).next_multiple_of(4),
        }
    }

    /// U of some neighbors: contracts over the functions along their own distance (first stride), with those of
    /// the other neighbor (second stride; side 0: j, 1: k) as rows.
    #[inline(always)]
    fn contract<S: Simd>(
        &mut self,
        kernel: &TripletKernel,
        range: Range<usize>,
        [stride, row_stride]: [usize; 2],
        window: &Window,
        side: usize,
        size: usize,
    ) {
        let Window { width, column, .. } = *window;
        for k in range {
            let basis = &self.bases[k];
            let weights = splat::<S>(basis.value);
            let start = basis.first * stride + window.first[side] * row_stride + column;
            let rows = &mut self.contracted[k * size..][..window.rows[side] * width];
            for (l, row) in rows.chunks_exact_mut(width).enumerate() {
                let from = &kernel.coefficients[start + l * row_stride..];
                let four = [
                    from[..width].chunks_exact(4),
                    from[stride..][..width].chunks_exact(4),
                    from[2 * stride..][..width].chunks_exact(4),
                    from[3 * stride..][..width].chunks_exact(4),
                ];
                let [c0, c1, c2, c3] = four;
                for ((((to, c0), c1), c2), c3) in row.chunks_exact_mut(4).zip(c0).zip(c1).zip(c2).zip(c3) {
                    weighted([S::load(c0), S::load(c1), S::load(c2), S::load(c3)], weights).store(to);
                }
            }
        }
    }

    /// All triplets of a neighbor j with the neighbors in `range`: returns the energy per lane.
    #[inline(always)]
    fn row<S: Simd>(
        &mut self,
        kernel: &TripletKernel,
        j: usize,
        range: Range<usize>,
        start: usize,
        width: usize,
    ) -> S {
        let basis = &self.bases[j];
        let mut visit = Visit {
            functions: &kernel.functions[2],
            contracted: &self.contracted,
            row: basis.row,
            own: basis.own,
            width,
            values: splat::<S>(basis.value),
            slopes: splat::<S>(basis.slope),
            energy: S::zero(),
            radial: S::zero(),
        };
        let [x, y, z] = &self.vectors;
        let from = [S::splat(x[j]), S::splat(y[j]), S::splat(z[j])];
        let mut gradient_j = [S::zero(); 3];
        for (k, r) in range.clone().step_by(4).zip(self.across[start..].chunks_exact(4)) {
            let r = S::load(r);
            let (bins, t) = kernel.functions[2].find(r);
            let (t, n) = (t.lanes(), range.end - k);
            let (mut along_k, mut across_jk) = (S::zero_block(), S::zero_block());
            let bases = &self.bases[k..][..4];
            // Constant lanes keep all vectors in registers.
            (along_k[0], across_jk[0]) = visit.neighbor(&bases[0], bins[0], t[0]);
            if n > 1 {
                (along_k[1], across_jk[1]) = visit.neighbor(&bases[1], bins[1], t[1]);
            }
            if n > 2 {
                (along_k[2], across_jk[2]) = visit.neighbor(&bases[2], bins[2], t[2]);
            }
            if n > 3 {
                (along_k[3], across_jk[3]) = visit.neighbor(&bases[3], bins[3], t[3]);
            }
            let [x, y, z] = &self.vectors;
            let across =
                [S::load(&x[k..]).sub(from[0]), S::load(&y[k..]).sub(from[1]), S::load(&z[k..]).sub(from[2])];
            S::load(&self.radial[k..]).add(S::reduce(along_k)).store(&mut self.radial[k..]);
            let weight = S::reduce(across_jk).div(r);
            for x in 0..3 {
                let pull = weight.mul(across[x]);
                gradient_j[x] = gradient_j[x].sub(pull);
                S::load(&self.gradients[x][k..]).add(pull).store(&mut self.gradients[x][k..]);
            }
        }
        let mut block = S::zero_block();
        (block[0], block[1], block[2], block[3]) =
            (visit.radial, gradient_j[0], gradient_j[1], gradient_j[2]);
        let totals = S::reduce(block).lanes();
        self.radial[j] += totals[0];
        for (gradient, total) in self.gradients.iter_mut().zip(&totals[1..]) {
            gradient[j] += total;
        }
        visit.energy
    }

    /// Adds forces and energy to the images; call it after the last [`Self::add`].
    #[inline(always)]
    pub fn finish<S: Simd>(&mut self, frame: &mut Frame, center: usize) {
        let mut own = [S::zero(); 3];
        let n = self.images.len();
        // Unused lanes go where nothing is read.
        self.images.resize(n.next_multiple_of(4), frame.images.len() as u32 - 1);
        for (k, images) in (0..).step_by(4).zip(self.images.chunks_exact(4)) {
            let along = S::load(&self.radial[k..])
                .div(S::load(&self.distances[k..]).add(S::splat(f64::MIN_POSITIVE)));
            let mut gradient = [S::zero(); 3];
            for x in 0..3 {
                let across = S::load(&self.gradients[x][k..]);
                gradient[x] = along.mul_add(S::load(&self.vectors[x][k..]), across);
                own[x] = own[x].add(gradient[x]);
            }
            frame.subtract(images, [gradient[0], gradient[1], gradient[2], S::zero()]);
        }
        frame.add_lanes(center, [own[0], own[1], own[2], S::zero()]);
        frame.images[center].sum[3] += self.energy;
        self.images.truncate(n);
    }
}

/// A neighbor j on its way through its neighbors k.
struct Visit<'a, S> {
    functions: &'a Functions,
    /// U of all.
    contracted: &'a [f64],
    /// As in the basis of j.
    row: usize,
    own: usize,
    width: usize,
    /// Functions of j.
    values: [S; 4],
    slopes: [S; 4],
    /// Energy and dE/dr_ij.
    energy: S,
    radial: S,
}

impl<S: Simd> Visit<'_, S> {
    /// Adds energy and radial derivative of j; the lanes returned add up to dE/dr_ik and dE/dr_jk.
    #[inline(always)]
    fn neighbor(&mut self, basis: &Basis, bin: u32, t: f64) -> (S, S) {
        let (value, slope) = self.functions.evaluate::<S>(bin, t);
        let theirs = basis.own.wrapping_add(self.row + bin as usize);
        let u = S::load_strided(self.contracted, theirs, self.width);
        let u = [u[0], u[1], u[2], u[3]];
        let along = weighted(u, self.values);
        self.energy = value.mul_add(along, self.energy);
        self.radial = value.mul_add(weighted(u, self.slopes), self.radial);
        let ours = self.own.wrapping_add(basis.row + bin as usize);
        let u = S::load_strided(self.contracted, ours, self.width);
        let along_k = weighted([u[0], u[1], u[2], u[3]], splat(basis.slope));
        (along_k.mul(value), along.mul(slope))
    }
}

/// Four numbers in all lanes each.
#[inline(always)]
fn splat<S: Simd>(x: [f64; 4]) -> [S; 4] {
    [S::splat(x[0]), S::splat(x[1]), S::splat(x[2]), S::splat(x[3])]
}

/// Sum of four vectors with weights.
#[inline(always)]
fn weighted<S: Simd>(c: [S; 4], weights: [S; 4]) -> S {
    let first = c[1].mul_add(weights[1], c[0].mul(weights[0]));
    c[3].mul_add(weights[3], c[2].mul_add(weights[2], first))
}
