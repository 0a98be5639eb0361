//! The one-particle sums of one atom: neighbors in lanes, per-l products of small matrices in registers.

use crate::simd::Simd;

use super::environment::{Geometry, Neighborhood};
use super::kernel::Towards;
use super::layout::Tile;

/// Vectors of neighbors between two reductions over the lanes.
const CHUNK: usize = 16;
/// Most sums of a tile.
const MOST_SUMS: usize = 12;

/// Scratch of the sums.
#[derive(Debug)]
pub struct Accumulator<S> {
    /// Radial functions, `[function][CHUNK]`.
    radial: Vec<S>,
    /// Spherical harmonics, `[row][CHUNK]`.
    rows: Vec<S>,
    /// Legendre functions of one vector.
    legendre: Vec<S>,
    /// The sums of one atom.
    pub sums: Vec<f64>,
    /// Its sums of pair functions, lane by lane.
    pair: Vec<S>,
}

impl<S: Simd> Accumulator<S> {
    pub(super) fn new() -> Self {
        Self {
            radial: Vec::new(),
            rows: Vec::new(),
            legendre: Vec::new(),
            sums: Vec::new(),
            pair: Vec::new(),
        }
    }

    /// Sums of one neighborhood into [`Self::sums`] (`size` numbers); returns those of the `n_terms` pair
    /// functions.
    #[inline(always)]
    pub(super) fn run(
        &mut self,
        neighborhood: &Neighborhood<S>,
        towards: &[Towards<S>],
        size: usize,
        n_terms: usize,
    ) -> impl Iterator<Item = f64> + '_ {
        self.sums.clear();
        self.sums.resize(size, 0.0);
        self.pair.clear();
        self.pair.resize(n_terms, S::zero());
        for (z, t) in towards.iter().enumerate() {
            let vectors = &neighborhood.vectors[neighborhood.offsets[z]..neighborhood.offsets[z + 1]];
            grow(&mut self.radial, t.width * S::LANES * CHUNK);
            if let Some(legendre) = &t.legendre {
                grow(&mut self.rows, (legendre.lmax() + 1).pow(2) * CHUNK);
                grow(&mut self.legendre, legendre.len());
            }
            for chunk in vectors.chunks(CHUNK) {
                for (column, geometry) in chunk.iter().enumerate() {
                    radial_values(t, geometry, &mut self.radial, column);
                    for (k, sum) in self.pair.iter_mut().enumerate() {
                        *sum = sum.add(self.radial[(t.pair + k) * CHUNK + column]);
                    }
                    if let Some(legendre) = &t.legendre {
                        legendre.fill(geometry.unit[2], &mut self.legendre);
                        legendre.rows(&geometry.unit, &self.legendre, &mut self.rows, CHUNK, column);
                    }
                }
                for tile in &t.layout.tiles {
                    add_tile(tile, &self.rows, &self.radial, chunk.len(), &mut self.sums);
                }
            }
        }
        self.pair.iter().map(|sum| sum.sum())
    }
}

/// Enlarges a buffer to at least `n` vectors.
pub(super) fn grow<S: Simd>(buffer: &mut Vec<S>, n: usize) {
    if buffer.len() < n {
        buffer.resize(n, S::zero());
    }
}

/// Values of all tabulated functions: rows of the table per lane, transposed.
#[inline(always)]
fn radial_values<S: Simd>(t: &Towards<S>, geometry: &Geometry<S>, radial: &mut [S], column: usize) {
    let w = t.width;
    let groups = radial.chunks_exact_mut(S::LANES * CHUNK).take(w);
    for (group, out) in groups.enumerate() {
        let mut block = S::zero_block();
        for lane in 0..S::LANES {
            let [c0, c1, c2, c3] = t.table[geometry.bins[lane] as usize * w + group];
            let u = S::splat(geometry.fraction[lane]);
            block[lane] = c3.mul_add(u, c2).mul_add(u, c1).mul_add(u, c0);
        }
        let block = S::transpose(block);
        for lane in 0..S::LANES {
            out[lane * CHUNK + column] = block[lane];
        }
    }
}

/// Adds one tile of `Σ_j Y_row(j) R_k(j)`.
#[inline(always)]
fn add_tile<S: Simd>(tile: &Tile, rows: &[S], radial: &[S], n: usize, sums: &mut [f64]) {
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
    rows: &[S],
    radial: &[S],
    n: usize,
    sums: &mut [f64],
) {
    let rows = &rows[tile.row * CHUNK..][..ROWS * CHUNK];
    let radial = &radial[tile.function * CHUNK..][..K * CHUNK];
    let mut acc = [[S::zero(); K]; ROWS];
    for v in 0..n.min(CHUNK) {
        for i in 0..ROWS {
            for k in 0..K {
                acc[i][k] = rows[i * CHUNK + v].mul_add(radial[k * CHUNK + v], acc[i][k]);
            }
        }
    }
    // Reduced over the lanes in fours, counted channel by channel.
    let mut totals = [0.0; MOST_SUMS];
    for first in (0..ROWS * K).step_by(4) {
        let mut four = [S::zero(); 4];
        for at in first..(first + 4).min(ROWS * K) {
            four[at - first] = acc[at % ROWS][at / ROWS];
        }
        totals[first..first + 4].copy_from_slice(&S::sums(four));
    }
    for k in 0..K {
        let out = &mut sums[tile.offset + k * tile.stride..][..ROWS];
        for i in 0..ROWS {
            out[i] += totals[k * ROWS + i];
        }
    }
}
