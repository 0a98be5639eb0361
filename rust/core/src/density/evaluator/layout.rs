//! Where the one-particle sums of one centre species lie.
//!
//! For every neighbor species and l, the used radial channels form one contiguous range (their hull). The
//! sums are real numbers `[species][l][channel][row]`; row 0 is m = 0, rows 2m−1 and 2m are the real and
//! imaginary parts of m > 0. Entries with −m follow from `A_{−m} = (−1)^m conj(A_m)`.

use std::ops::Range;

use crate::density::program::OneParticle;

/// Most rows of a register tile of 1, 2, 3 or 4 channels.
const TILE_ROWS: [usize; 4] = [8, 5, 4, 3];

/// Channels of one l of one neighbor species.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Index of the first channel among the tabulated functions of the species.
    pub function: usize,
    /// Number of channels, 0 if this l is not used.
    pub n: usize,
    /// Index of the first channel, row 0 among the sums.
    pub offset: usize,
}

/// A part of a block that is accumulated in registers: some rows of some channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// First row, counted over all l (`l² + row`).
    pub row: usize,
    /// Number of rows.
    pub rows: usize,
    /// First tabulated function.
    pub function: usize,
    /// Number of functions, 1 to 4.
    pub functions: usize,
    /// Index of the first sum.
    pub offset: usize,
    /// Distance between the sums of successive channels.
    pub stride: usize,
}

/// The sums over neighbors of one species.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpeciesLayout {
    /// Radial channels that are tabulated.
    pub channels: Range<usize>,
    /// One block per l, from 0 to the largest l in use; empty without many-body terms.
    pub blocks: Vec<Block>,
    /// Register tiles that cover the blocks.
    pub tiles: Vec<Tile>,
}

/// Sum with m = 0 and its node in the product graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RealInput {
    /// Index of the sum.
    pub sum: usize,
    /// Node of the product graph.
    pub node: usize,
}

/// Sums with m > 0 and the nodes of m and −m.
#[derive(Debug, Clone, PartialEq)]
pub struct ComplexInput {
    /// Index of the real part.
    pub re: usize,
    /// Index of the imaginary part.
    pub im: usize,
    /// Node of m.
    pub plus: usize,
    /// Node of −m.
    pub minus: usize,
    /// `(−1)^m`
    pub sign: f64,
}

/// Layout of all sums of a centre and their place in the product graph.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    /// Per neighbor species.
    pub species: Vec<SpeciesLayout>,
    /// Number of sums.
    pub size: usize,
    /// Inputs with m = 0.
    pub real: Vec<RealInput>,
    /// Inputs with m ≠ 0.
    pub complex: Vec<ComplexInput>,
}

impl Layout {
    /// Layout of the given inputs of the product graph, which must be closed under m → −m
    /// (`conjugate[k]` is the input with −m).
    pub fn new(n_species: usize, inputs: &[OneParticle], conjugate: &[u32]) -> Self {
        let mut layout = Self::default();
        for z in 0..n_species {
            let own: Vec<&OneParticle> = inputs.iter().filter(|v| usize::from(v.species) == z).collect();
            let species = SpeciesLayout::new(&own, &mut layout.size);
            layout.species.push(species);
        }
        for (node, v) in inputs.iter().enumerate() {
            let species = &layout.species[usize::from(v.species)];
            let block = &species.blocks[usize::from(v.l)];
            let channel = usize::from(v.channel) - species.channels.start - block.function;
            let sum = |row: usize| block.offset + channel * (2 * usize::from(v.l) + 1) + row;
            if v.m == 0 {
                layout.real.push(RealInput { sum: sum(0), node });
            } else if v.m > 0 {
                let m = usize::from(v.m.unsigned_abs());
                layout.complex.push(ComplexInput {
                    re: sum(2 * m - 1),
                    im: sum(2 * m),
                    plus: node,
                    minus: conjugate[node] as usize,
                    sign: if m % 2 == 0 { 1.0 } else { -1.0 },
                });
            }
        }
        layout
    }
}

impl SpeciesLayout {
    fn new(inputs: &[&OneParticle], size: &mut usize) -> Self {
        let Some(lmax) = inputs.iter().map(|v| usize::from(v.l)).max() else { return Self::default() };
        let channels = hull(inputs.iter().map(|v| usize::from(v.channel)));
        let mut layout = Self { channels: channels.clone(), ..Self::default() };
        for l in 0..=lmax {
            let own = hull(inputs.iter().filter(|v| usize::from(v.l) == l).map(|v| usize::from(v.channel)));
            let function = own.start.saturating_sub(channels.start);
            let block = Block { function, n: own.len(), offset: *size };
            *size += (2 * l + 1) * block.n;
            layout.tiles.extend(tiles(l, &block));
            layout.blocks.push(block);
        }
        layout
    }

    /// Largest l, `None` without many-body terms.
    pub fn lmax(&self) -> Option<usize> {
        self.blocks.len().checked_sub(1)
    }
}

/// Smallest range that holds all values, `0..0` without any.
fn hull(values: impl Iterator<Item = usize> + Clone) -> Range<usize> {
    values.clone().min().unwrap_or(0)..values.max().map_or(0, |last| last + 1)
}

/// Even cuts of `0..n` into pieces of at most `most`.
fn cuts(n: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let pieces = n.div_ceil(most).max(1);
    (0..pieces).map(move |k| k * n / pieces..(k + 1) * n / pieces)
}

fn tiles(l: usize, block: &Block) -> Vec<Tile> {
    let mut tiles = Vec::new();
    for channels in cuts(block.n, TILE_ROWS.len()).filter(|piece| !piece.is_empty()) {
        for rows in cuts(2 * l + 1, TILE_ROWS[channels.len() - 1]) {
            tiles.push(Tile {
                row: l * l + rows.start,
                rows: rows.len(),
                function: block.function + channels.start,
                functions: channels.len(),
                offset: block.offset + channels.start * (2 * l + 1) + rows.start,
                stride: 2 * l + 1,
            });
        }
    }
    tiles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_every_sum_once() {
        let mut inputs = Vec::new();
        for (species, l, channels) in [(0_u16, 0_u8, 0..7_u16), (0, 2, 1..3), (0, 5, 0..9), (2, 1, 3..4)] {
            for channel in channels {
                for m in -(l as i8)..=l as i8 {
                    inputs.push(OneParticle { species, channel, l, m });
                }
            }
        }
        let conjugate: Vec<u32> = inputs
            .iter()
            .map(|v| inputs.iter().position(|w| *w == OneParticle { m: -v.m, ..*v }).unwrap_or(0) as u32)
            .collect();
        let layout = Layout::new(3, &inputs, &conjugate);
        assert_eq!(layout.size, inputs.len());
        let mut seen = vec![0; layout.size];
        for tile in layout.species.iter().flat_map(|species| &species.tiles) {
            assert!(tile.rows <= TILE_ROWS[tile.functions - 1]);
            for row in 0..tile.rows {
                for k in 0..tile.functions {
                    seen[tile.offset + k * tile.stride + row] += 1;
                }
            }
        }
        assert!(seen.iter().all(|&count| count == 1));
        assert_eq!(layout.real.len() + 2 * layout.complex.len(), inputs.len());
        assert_eq!(layout.species[1], SpeciesLayout::default());
        assert_eq!(layout.species[2].channels, 3..4);
    }
}
