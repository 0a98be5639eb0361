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
use crate::simd::{Simd, Strided, StridedMut};

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
    /// Length of the columns of `places` and `sums`.
    stride: usize,
    /// Columns: components of r_ij and its length, Å.
    places: Vec<f64>,
    images: Vec<u32>,
    /// Columns: derivative of the energy with respect to |r_ij|, and gradient with respect to r_ij from the distances
    /// r_jk, eV/Å; from the triplets in which the neighbor is the second.
    sums: Vec<f64>,
    /// The same four of each neighbor, from the triplets in which it is the first.
    firsts: Vec<[f64; 4]>,
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
        self.stride = most;
        self.images.resize(most.max(self.images.len()), 0);
        self.places.resize((4 * most).max(self.places.len()), 0.0);
        let (images, places) = (&mut self.images, &mut self.places[..4 * most]);
        let (x, rest) = places.split_at_mut(most);
        let (y, rest) = rest.split_at_mut(most);
        let (z, squares) = rest.split_at_mut(most);
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
                let square = square.lanes();
                let (dx, dy, dz) = (vector[0].lanes(), vector[1].lanes(), vector[2].lanes());
                // Written in any case and overwritten by the next one if too far: no branch to predict.
                for lane in 0..4 {
                    (x[end], y[end], z[end]) = (dx[lane], dy[lane], dz[lane]);
                    (squares[end], images[end]) = (square[lane], four[lane]);
                    end += usize::from(square[lane] < towards.squared_short);
                }
            }
            self.offsets.push(end);
        }
        let padded = end + PADDING;
        for column in [&mut *x, y, z, &mut *squares] {
            column[end..padded].fill(0.0);
        }
        // Unused lanes go where nothing is read.
        images[end..padded].fill(frame.images.len() as u32 - 1);
        for k in (0..end).step_by(4) {
            S::load(&squares[k..]).sqrt().store(&mut squares[k..]);
        }
        self.sums.clear();
        self.sums.resize(4 * most, 0.0);
        self.firsts.clear();
        self.firsts.resize(padded, [0.0; 4]);
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
        let n = self.offsets[self.offsets.len() - 1];
        self.contracted.resize(size * n + PADDING, 0.0);
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
        let distances = &self.places[3 * self.stride..];
        for from in range.clone().step_by(4) {
            let (bins, t) = functions.find(S::load(&distances[from..]));
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
        let (mut least, mut largest) = (S::splat(f64::MAX), S::zero());
        let mut start = 0;
        let places = Strided::<S>::new(&self.places, self.stride);
        for j in js.clone() {
            let from = self.origin::<S>(j);
            for k in (if alike { j + 1 } else { ks.start }..ks.end).step_by(4) {
                let to = S::load_strided(&places, k);
                // Unused lanes and atoms on each other: no direction, but no division by 0 either.
                let square = squared([to[0].sub(from[0]), to[1].sub(from[1]), to[2].sub(from[2])]);
                let r = square.add(S::splat(f64::MIN_POSITIVE)).sqrt();
                r.store(&mut self.across[start..]);
                (least, largest) = (least.min(r), largest.max(r));
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
        let largest = largest.lanes()[..4].iter().copied().fold(0.0, f64::max);
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

    /// The vector to a neighbor in all lanes.
    #[inline(always)]
    fn origin<S: Simd>(&self, j: usize) -> [S; 3] {
        let (places, n) = (&self.places[j..], self.stride);
        [S::splat(places[0]), S::splat(places[n]), S::splat(places[2 * n])]
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
        let coefficients = Strided::<S>::new(&kernel.coefficients, stride);
        for k in range {
            let basis = &self.bases[k];
            let weights = splat::<S>(basis.value);
            let mut start = basis.first * stride + window.first[side] * row_stride + column;
            for row in self.contracted[k * size..][..window.rows[side] * width].chunks_exact_mut(width) {
                let mut from = start;
                for to in row.chunks_exact_mut(4) {
                    let c = S::load_strided(&coefficients, from);
                    weighted([c[0], c[1], c[2], c[3]], weights).store(to);
                    from += 4;
                }
                start += row_stride;
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
            contracted: Strided::new(&self.contracted, width),
            row: basis.row,
            own: basis.own,
            values: splat::<S>(basis.value),
            slopes: splat::<S>(basis.slope),
            energy: S::zero(),
            radial: S::zero(),
        };
        let from = self.origin::<S>(j);
        let places = Strided::<S>::new(&self.places, self.stride);
        let mut sums = StridedMut::<S>::new(&mut self.sums, self.stride);
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
            let (to, mut sum) = (S::load_strided(&places, k), S::load_strided(&sums.shared(), k));
            sum[0] = sum[0].add(S::reduce(along_k));
            let weight = S::reduce(across_jk).div(r);
            for x in 0..3 {
                let pull = weight.mul(to[x].sub(from[x]));
                gradient_j[x] = gradient_j[x].sub(pull);
                sum[1 + x] = sum[1 + x].add(pull);
            }
            S::store_strided(sum, &mut sums, k);
        }
        let mut block = S::zero_block();
        (block[0], block[1], block[2], block[3]) =
            (visit.radial, gradient_j[0], gradient_j[1], gradient_j[2]);
        let firsts = &mut self.firsts[j];
        S::load(firsts).add(S::reduce(block)).store(firsts);
        visit.energy
    }

    /// Adds forces and energy to the images; call it after the last [`Self::add`].
    #[inline(always)]
    pub fn finish<S: Simd>(&mut self, frame: &mut Frame, center: usize) {
        let mut own = [S::zero(); 3];
        let n = self.offsets[self.offsets.len() - 1];
        let places = Strided::<S>::new(&self.places, self.stride);
        let sums = Strided::<S>::new(&self.sums, self.stride);
        for k in (0..n).step_by(4) {
            let images = &self.images[k..k + 4];
            let (place, sum) = (S::load_strided(&places, k), S::load_strided(&sums, k));
            let mut block = S::zero_block();
            for lane in 0..4 {
                block[lane] = S::load(&self.firsts[k + lane]);
            }
            let firsts = S::transpose(block);
            let along = sum[0].add(firsts[0]).div(place[3].add(S::splat(f64::MIN_POSITIVE)));
            let mut gradient = [S::zero(); 3];
            for x in 0..3 {
                gradient[x] = along.mul_add(place[x], sum[1 + x].add(firsts[1 + x]));
                own[x] = own[x].add(gradient[x]);
            }
            frame.subtract(images, [gradient[0], gradient[1], gradient[2], S::zero()]);
        }
        frame.add_lanes(center, [own[0], own[1], own[2], S::zero()]);
        frame.images[center].sum[3] += self.energy;
    }
}

/// A neighbor j on its way through its neighbors k.
struct Visit<'a, S> {
    functions: &'a Functions,
    /// U of all, row by row.
    contracted: Strided<'a, S>,
    /// As in the basis of j.
    row: usize,
    own: usize,
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
        let u = S::load_strided(&self.contracted, theirs);
        let u = [u[0], u[1], u[2], u[3]];
        let along = weighted(u, self.values);
        self.energy = value.mul_add(along, self.energy);
        self.radial = value.mul_add(weighted(u, self.slopes), self.radial);
        let ours = self.own.wrapping_add(basis.row + bin as usize);
        let u = S::load_strided(&self.contracted, ours);
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
