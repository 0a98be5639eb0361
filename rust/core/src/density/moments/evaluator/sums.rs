//! The sums over the neighbors of one atom: neighbors in lanes, register tiles of functions × monomials.

use crate::density::evaluator::{CHUNK, add_tile, grow};
use crate::simd::Simd;

use super::kernel::CenterKernel;
use super::layout::Layout;
use super::neighborhood::Neighborhood;
use super::radial::TOGETHER;

/// Scratch of the sums.
#[derive(Debug)]
pub struct Accumulator<S> {
    /// Radial functions, `[function][vector]`.
    radial: Vec<[S; CHUNK]>,
    /// Monomials, `[monomial][vector]`.
    rows: Vec<[S; CHUNK]>,
}

impl<S: Simd> Accumulator<S> {
    pub fn new() -> Self {
        Self { radial: Vec::new(), rows: Vec::new() }
    }

    /// All sums of one neighborhood, lane by lane; keeps the radial functions in the neighborhood.
    #[inline(always)]
    pub fn run(
        &mut self,
        kernel: &CenterKernel,
        layout: &Layout,
        neighborhood: &mut Neighborhood<S>,
        sums: &mut Vec<S>,
    ) {
        sums.clear();
        sums.resize(layout.size, S::zero());
        let n_functions = layout.functions.len();
        if n_functions == 0 {
            return;
        }
        grow(&mut self.radial, n_functions, [S::zero(); CHUNK]);
        grow(&mut self.rows, layout.monomials.len(), [S::zero(); CHUNK]);
        let Neighborhood { vectors, offsets, functions, .. } = neighborhood;
        functions.clear();
        functions.resize(vectors.len() * 2 * n_functions, S::zero());
        for (z, towards) in kernel.towards.iter().enumerate() {
            let own = offsets[z]..offsets[z + 1];
            if own.is_empty() {
                continue;
            }
            // Chunks of equal length, so that none is short.
            let n = own.len().div_ceil(own.len().div_ceil(CHUNK));
            let functions = &mut functions[own.start * 2 * n_functions..own.end * 2 * n_functions];
            let chunks = vectors[own].chunks(n).zip(functions.chunks_mut(n * 2 * n_functions));
            for (chunk, functions) in chunks {
                let mut unit = [[S::zero(); CHUNK]; 3];
                let together = chunk.chunks(TOGETHER).zip(functions.chunks_mut(2 * n_functions * TOGETHER));
                for (geometry, out) in together {
                    if let [first, second] = geometry {
                        towards.radial.evaluate([first.r, second.r], out);
                    } else {
                        towards.radial.evaluate([geometry[0].r], out);
                    }
                }
                let each = chunk.iter().zip(functions.chunks_exact(2 * n_functions));
                for (column, (geometry, values)) in each.enumerate().take(CHUNK) {
                    for (row, value) in self.radial.iter_mut().zip(&values[..n_functions]) {
                        row[column] = *value;
                    }
                    for axis in 0..3 {
                        unit[axis][column] = geometry.unit[axis];
                    }
                }
                monomials(layout, &unit, chunk.len(), &mut self.rows);
                for tile in &layout.tiles {
                    add_tile(tile, &self.rows, &self.radial, chunk.len(), sums);
                }
            }
        }
    }
}

/// All monomials of `n` vectors of unit vectors.
#[inline(always)]
fn monomials<S: Simd>(layout: &Layout, unit: &[[S; CHUNK]; 3], n: usize, rows: &mut [[S; CHUNK]]) {
    rows[0] = [S::splat(1.0); CHUNK];
    for (k, monomial) in layout.monomials.iter().enumerate().skip(1) {
        let (done, rest) = rows.split_at_mut(k);
        let (parent, along) = (&done[monomial.parent], &unit[monomial.axis]);
        for column in 0..n.min(CHUNK) {
            rest[0][column] = parent[column].mul(along[column]);
        }
    }
}
