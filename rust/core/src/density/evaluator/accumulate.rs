//! The sums over the neighbors of one atom: neighbors in lanes, per-l products of small matrices in registers.

use crate::radial::table::N_COEFFICIENTS;
use crate::simd::{MAX_LANES, Simd};

use super::environment::{Geometry, Neighborhood};
use super::harmonics::{DYNAMIC, Rows, enter_for_lmax};
use super::kernel::{CenterKernel, Class};
use super::layout::Tile;

/// Most vectors of neighbors whose functions are kept at a time: they fit into the first-level cache.
pub const CHUNK: usize = 8;

/// Scratch of the sums.
#[derive(Debug)]
pub struct Accumulator<S> {
    /// Radial functions, `[function][vector]`.
    radial: Vec<[S; CHUNK]>,
    /// Spherical harmonics, `[row][vector]`.
    rows: Vec<[S; CHUNK]>,
}

impl<S: Simd> Accumulator<S> {
    pub(super) fn new() -> Self {
        Self { radial: Vec::new(), rows: Vec::new() }
    }

    /// All sums of one neighborhood, lane by lane: one-particle sums, then those of pair functions.
    #[inline(always)]
    pub(super) fn run(
        &mut self,
        kernel: &CenterKernel<S>,
        neighborhood: &Neighborhood<S>,
        sums: &mut Vec<S>,
    ) {
        sums.clear();
        sums.resize(kernel.n_sums(), S::zero());
        let (sums, pair) = sums.split_at_mut(kernel.layout.size);
        for (z, class) in kernel.classes.iter().enumerate() {
            let own = neighborhood.offsets[z]..neighborhood.offsets[z + 1];
            let (vectors, units) = (&neighborhood.vectors[own.clone()], &neighborhood.units[own]);
            if vectors.is_empty() {
                continue;
            }
            grow(&mut self.radial, class.width * S::LANES, [S::zero(); CHUNK]);
            if let Some(legendre) = &class.legendre {
                grow(&mut self.rows, (legendre.lmax() + 1).pow(2), [S::zero(); CHUNK]);
            }
            // Chunks of equal length, so that none is short.
            let n = vectors.len().div_ceil(vectors.len().div_ceil(CHUNK));
            for (chunk, units) in vectors.chunks(n).zip(units.chunks(n)) {
                for (column, geometry) in chunk.iter().enumerate().take(CHUNK) {
                    radial_values(class, geometry, &mut self.radial, column);
                    let functions = &self.radial[class.pair..][..pair.len()];
                    for (sum, function) in pair.iter_mut().zip(functions) {
                        *sum = sum.add(function[column]);
                    }
                }
                if let Some(legendre) = &class.legendre {
                    let out = &mut self.rows;
                    enter_for_lmax!(S, legendre.lmax(), Rows { legendre, units, out });
                }
                for tile in &class.layout.tiles {
                    add_tile(tile, &self.rows, &self.radial, chunk.len(), sums);
                }
            }
        }
    }
}

/// Enlarges a buffer to at least `n` entries.
pub fn grow<T: Clone>(buffer: &mut Vec<T>, n: usize, value: T) {
    if buffer.len() < n {
        buffer.resize(n, value);
    }
}

/// The rows of the table that belong to the lanes of a vector.
#[inline(always)]
pub(super) fn table_rows<'a, S: Simd>(
    class: &'a Class<S>,
    geometry: &Geometry<S>,
) -> [&'a [[S; N_COEFFICIENTS]]; MAX_LANES] {
    let mut rows: [&[[S; N_COEFFICIENTS]]; MAX_LANES] = [&[]; MAX_LANES];
    for lane in 0..S::LANES {
        rows[lane] = &class.table[geometry.bins[lane] as usize * class.width..][..class.width];
    }
    rows
}

/// Values of all tabulated functions: rows of the table per lane, transposed.
#[inline(always)]
fn radial_values<S: Simd>(
    class: &Class<S>,
    geometry: &Geometry<S>,
    radial: &mut [[S; CHUNK]],
    column: usize,
) {
    let rows = table_rows(class, geometry);
    let fractions = geometry.fraction.scalars();
    let outputs = radial.chunks_exact_mut(S::LANES).take(class.width);
    for (group, out) in outputs.enumerate() {
        let mut block = S::zero_block();
        for lane in 0..S::LANES {
            let c = &rows[lane][group];
            let u = S::broadcast(fractions[lane]);
            let mut value = c[N_COEFFICIENTS - 1];
            for order in (0..N_COEFFICIENTS - 1).rev() {
                value = value.mul_add(u, c[order]);
            }
            block[lane] = value;
        }
        let block = S::transpose(block);
        for (lane, out) in out.iter_mut().enumerate() {
            out[column] = block[lane];
        }
    }
}

/// Adds one tile of `Σ_j Y_row(j) R_k(j)`.
#[inline(always)]
pub fn add_tile<S: Simd>(tile: &Tile, rows: &[[S; CHUNK]], radial: &[[S; CHUNK]], n: usize, sums: &mut [S]) {
    macro_rules! sizes {
        ($($k:literal: $($r:literal)*;)*) => {
            match (tile.functions, tile.rows) {
                $($(($k, $r) => add_sized::<S, $r, $k>(tile, rows, radial, n, sums),)*)*
                _ => unreachable!("no such tile"),
            }
        };
    }
    sizes! { 1: 1 2 3 4 5 6 7 8; 2: 1 2 3 4 5; 3: 1 2 3 4; 4: 1 2 3; }
}

#[inline(always)]
fn add_sized<S: Simd, const ROWS: usize, const K: usize>(
    tile: &Tile,
    rows: &[[S; CHUNK]],
    radial: &[[S; CHUNK]],
    n: usize,
    sums: &mut [S],
) {
    let rows = &rows[tile.row..][..ROWS];
    let radial = &radial[tile.function..][..K];
    let sums = &mut sums[tile.offset..][..ROWS * K];
    let mut tile = [[S::zero(); ROWS]; K];
    for k in 0..K {
        for i in 0..ROWS {
            tile[k][i] = sums[k * ROWS + i];
        }
    }
    for v in 0..n.min(CHUNK) {
        for k in 0..K {
            for i in 0..ROWS {
                tile[k][i] = rows[i][v].mul_add(radial[k][v], tile[k][i]);
            }
        }
    }
    for k in 0..K {
        for i in 0..ROWS {
            sums[k * ROWS + i] = tile[k][i];
        }
    }
}
