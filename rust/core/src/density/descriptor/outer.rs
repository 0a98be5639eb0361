//! Sums `Σ_i g_i w_iᵀ` of outer products over centres, as matrix products of blocks of centres.

use nalgebra::{DMatrixView, DMatrixViewMut};

/// Centres per matrix product.
const BLOCK: usize = 64;

/// Collects vectors g (`rows`) and w (`columns`) of centres and adds their outer products to columns.
pub(super) struct OuterSums {
    rows: usize,
    columns: usize,
    /// (rows, BLOCK), column-major.
    left: Vec<f64>,
    /// (BLOCK, columns), column-major.
    right: Vec<f64>,
    count: usize,
}

impl OuterSums {
    /// Sums of outer products of this shape.
    pub fn new(rows: usize, columns: usize) -> Self {
        Self { rows, columns, left: vec![0.0; rows * BLOCK], right: vec![0.0; BLOCK * columns], count: 0 }
    }

    /// Takes a centre: `fill` adds g to a vector of zeros, `weights` are w; full blocks are added to `out`
    /// (rows, columns), column-major.
    pub fn add(
        &mut self,
        fill: impl FnOnce(&mut [f64]),
        weights: impl Iterator<Item = f64>,
        out: &mut [f64],
    ) {
        fill(&mut self.left[self.count * self.rows..][..self.rows]);
        let place = self.right.iter_mut().skip(self.count).step_by(BLOCK);
        place.zip(weights).for_each(|(to, weight)| *to = weight);
        self.count += 1;
        if self.count == BLOCK {
            self.flush(out);
        }
    }

    /// Adds what is collected.
    pub fn flush(&mut self, out: &mut [f64]) {
        if self.count == 0 || self.columns == 0 {
            return;
        }
        let left = DMatrixView::from_slice(&self.left, self.rows, BLOCK);
        let right = DMatrixView::from_slice(&self.right, BLOCK, self.columns);
        DMatrixViewMut::from_slice(out, self.rows, self.columns).gemm(1.0, &left, &right, 1.0);
        self.left.fill(0.0);
        self.right.fill(0.0);
        self.count = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_over_blocks() {
        let (rows, columns, centers) = (5, 3, 2 * BLOCK + 7);
        let g = |i: usize, r: usize| ((i * 7 + r * 3) % 11) as f64;
        let w = |i: usize, c: usize| ((i * 5 + c) % 13) as f64 - 6.0;
        let (mut sums, mut out) = (OuterSums::new(rows, columns), vec![1.0; rows * columns]);
        for i in 0..centers {
            let fill = |left: &mut [f64]| left.iter_mut().enumerate().for_each(|(r, x)| *x += g(i, r));
            sums.add(fill, (0..columns).map(|c| w(i, c)), &mut out);
        }
        sums.flush(&mut out);
        for c in 0..columns {
            for r in 0..rows {
                let expected: f64 = 1.0 + (0..centers).map(|i| g(i, r) * w(i, c)).sum::<f64>();
                assert!((out[c * rows + r] - expected).abs() < 1e-9);
            }
        }
    }
}
