//! Where distances lie among knots, and cubics there.

use crate::cluster::spline::Axis;
use crate::simd::{MAX_LANES, Simd};

/// Intervals of an axis as bins: 0 below its range, 1 ..= n inside, n + 1 beyond.
#[derive(Debug)]
pub struct Bins {
    low: f64,
    n: usize,
    /// The bin beyond the range.
    beyond: f64,
    /// Spacing and its inverse where it is uniform.
    uniform: Option<(f64, f64)>,
    /// The ends of all intervals.
    knots: Vec<f64>,
}

impl Bins {
    pub fn new(axis: &Axis) -> Self {
        Self {
            low: axis.low(),
            n: axis.n_intervals(),
            beyond: (axis.n_intervals() + 1) as f64,
            uniform: axis.inverse_spacing().map(|inverse| (1.0 / inverse, inverse)),
            knots: axis.knots()[3..=axis.len()].to_vec(),
        }
    }

    /// Bins of distances, and distances from the start of the bin (any number outside the range).
    #[inline(always)]
    pub fn find<S: Simd>(&self, r: S) -> ([u32; MAX_LANES], S) {
        if self.uniform.is_some() { self.find_above(r.sub(S::splat(self.low))) } else { self.search(r) }
    }

    /// As [`Self::find`], from distances beyond the start of the range.
    #[inline(always)]
    fn find_above<S: Simd>(&self, above: S) -> ([u32; MAX_LANES], S) {
        let Some((spacing, inverse)) = self.uniform else {
            return self.search(above.add(S::splat(self.low)));
        };
        let scaled = above.mul_add(S::splat(inverse), S::splat(1.0)).max(S::zero());
        let (bins, fraction) = scaled.min(S::splat(self.beyond)).split();
        (bins, fraction.mul(S::splat(spacing)))
    }

    #[inline(always)]
    fn search<S: Simd>(&self, r: S) -> ([u32; MAX_LANES], S) {
        let (mut lanes, mut bins) = (r.lanes(), [0; MAX_LANES]);
        for (r, bin) in lanes.iter_mut().zip(&mut bins).take(S::LANES) {
            let above = self.knots.partition_point(|t| *t <= *r);
            *bin = above as u32;
            *r -= self.knots[above.saturating_sub(1)];
        }
        (bins, S::load(&lanes))
    }
}

/// A spline of one distance: per bin the coefficients of a cubic.
#[derive(Debug)]
pub struct Cubics {
    bins: Bins,
    rows: Vec<[f64; 4]>,
}

impl Cubics {
    /// The spline with these coefficients.
    pub fn new(axis: &Axis, coefficients: &[f64]) -> Self {
        let n = axis.n_intervals();
        let mut rows = vec![[0.0; 4]; n + 2];
        for (s, row) in rows[1..=n].iter_mut().enumerate() {
            for (power, functions) in row.iter_mut().zip(axis.polynomials(s)) {
                *power = functions.iter().zip(&coefficients[s..]).map(|(p, c)| p * c).sum();
            }
        }
        // Rounding of `low + 0` may put a distance below the range here.
        rows[0] = rows[1];
        Self { bins: Bins::new(axis), rows }
    }

    /// Values and slopes; linear below the range, 0 beyond.
    #[inline(always)]
    pub fn evaluate<S: Simd>(&self, r: S) -> (S, S) {
        let above = r.sub(S::splat(self.bins.low));
        let inside = above.max(S::zero());
        let (bins, t) = self.bins.find_above(inside);
        let mut block = S::zero_block();
        for (lane, &bin) in bins.iter().enumerate().take(S::LANES) {
            block[lane] = S::load(&self.rows[bin as usize]);
        }
        let c = S::transpose(block);
        let a2 = c[3].mul_add(t, c[2]);
        let a1 = a2.mul_add(t, c[1]);
        let (value, slope) = (a1.mul_add(t, c[0]), c[3].mul_add(t, a2).mul_add(t, a1));
        (slope.mul_add(above.sub(inside), value), slope)
    }
}

/// The four functions of every bin as cubics: `[bin][power][function]`, 0 outside the range.
#[derive(Debug)]
pub struct Functions {
    bins: Bins,
    rows: Vec<[[f64; 4]; 4]>,
}

impl Functions {
    pub fn new(axis: &Axis) -> Self {
        let n = axis.n_intervals();
        let mut rows = vec![[[0.0; 4]; 4]];
        rows.extend((0..n).map(|s| axis.polynomials(s)));
        rows.push([[0.0; 4]; 4]);
        Self { bins: Bins::new(axis), rows }
    }

    /// Bins of distances, and distances from the start of the bin.
    #[inline(always)]
    pub fn find<S: Simd>(&self, r: S) -> ([u32; MAX_LANES], S) {
        self.bins.find(r)
    }

    /// First function of a bin, or of the nearest one inside the range.
    #[inline(always)]
    pub fn first(&self, bin: u32) -> usize {
        (bin as usize).clamp(1, self.bins.n) - 1
    }

    /// Values and slopes of the four functions of a bin, at a distance from its start.
    #[inline(always)]
    pub fn evaluate<S: Simd>(&self, bin: u32, t: f64) -> (S, S) {
        let [c0, c1, c2, c3] = &self.rows[bin as usize];
        let t = S::splat(t);
        let c3 = S::load(c3);
        let a2 = c3.mul_add(t, S::load(c2));
        let a1 = a2.mul_add(t, S::load(c1));
        (a1.mul_add(t, S::load(c0)), c3.mul_add(t, a2).mul_add(t, a1))
    }
}
