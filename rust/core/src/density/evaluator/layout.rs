//! Where the one-particle sums of one centre species lie.
//!
//! Sums over the neighbors of one species, and those over all neighbors, are *segments*. Inside a segment the
//! used radial channels of every l form one contiguous range (their hull), cut into register tiles; the
//! sums are real numbers in the order of the tiles, `[tile][channel][row]`; row 0 of an l is m = 0, rows 2m−1 and
//! 2m are the real and imaginary parts of m > 0. Entries with −m follow from `A_{−m} = (−1)^m conj(A_m)`.
//!
//! Neighbor species that add to the same segments form a *class*: their neighbors share vectors of lanes.

use std::collections::HashMap;
use std::ops::Range;

use crate::density::program::{ANY_SPECIES, OneParticle};

use super::distinct::Inputs;
use super::harmonics::norm;

/// Most rows of a register tile of 1, 2, 3 or 4 channels.
const TILE_ROWS: [usize; 4] = [8, 5, 4, 3];

/// A part of the sums that is accumulated in registers: some rows of some channels.
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
    /// Index of the first sum; those of a function are consecutive.
    pub offset: usize,
}

/// Radial channels of one l in a class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// Index of the first channel among the tabulated functions.
    pub function: usize,
    /// Number of channels, 0 if this l is not used.
    pub n: usize,
    /// Place of the adjoints: those of the rows of each of [`row_tiles`], `[channel][row]`.
    pub offset: usize,
}

/// The sums that neighbors of one class add to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassLayout {
    /// Radial channels that are tabulated.
    pub channels: Range<usize>,
    /// Register tiles that cover the sums.
    pub tiles: Vec<Tile>,
    /// One block per l, from 0 to the largest l in use; empty without many-body terms.
    pub blocks: Vec<Block>,
    /// `(to, from)`: sum `from` adds its adjoint at place `to` of the blocks.
    pub adjoints: Vec<(u32, u32)>,
    /// Size of all blocks.
    pub n_adjoints: usize,
}

impl ClassLayout {
    /// Largest l, `None` without many-body terms.
    pub fn lmax(&self) -> Option<usize> {
        self.blocks.len().checked_sub(1)
    }
}

/// Sum with m = 0 and its node in the product graph.
#[derive(Debug, Clone, PartialEq)]
pub struct RealInput {
    /// Index of the sum.
    pub sum: usize,
    /// Node of the product graph.
    pub node: usize,
    /// Norm of the harmonic.
    pub norm: f64,
    /// What the centre itself adds.
    pub own: f64,
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
    /// Norm of the harmonic.
    pub norm: f64,
    /// Norm times `(−1)^m`.
    pub norm_minus: f64,
}

/// Layout of all sums of a centre and their place in the product graph.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    /// Classes of neighbor species.
    pub classes: Vec<ClassLayout>,
    /// Class of each neighbor species.
    pub class_of: Vec<usize>,
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
    pub fn new(n_species: usize, inputs: &Inputs) -> Self {
        let Inputs { entries: inputs, conjugate, own, .. } = inputs;
        let mut layout = Self::default();
        let segments: Vec<Segment> = (0..n_species as u16)
            .chain([ANY_SPECIES])
            .map(|species| Segment::new(species, inputs, &mut layout.size))
            .collect();
        let shared = &segments[n_species];
        let mut without_own = None;
        for own in &segments[..n_species] {
            let class = match without_own {
                Some(class) if own.sums.is_empty() => class,
                _ => {
                    layout.classes.push(ClassLayout::new(&[own, shared]));
                    layout.classes.len() - 1
                }
            };
            if own.sums.is_empty() {
                without_own = Some(class);
            }
            layout.class_of.push(class);
        }
        for (node, v) in inputs.iter().enumerate() {
            let segment = &segments[usize::from(v.species).min(n_species)];
            let sum = |row: usize| segment.sums[&(usize::from(v.l), usize::from(v.channel), row)];
            if v.m == 0 {
                let norm = norm(v.l.into(), 0);
                layout.real.push(RealInput { sum: sum(0), node, norm, own: own[node] });
            } else if v.m > 0 {
                let m = usize::from(v.m.unsigned_abs());
                layout.complex.push(ComplexInput {
                    re: sum(2 * m - 1),
                    im: sum(2 * m),
                    plus: node,
                    minus: conjugate[node] as usize,
                    norm: norm(v.l.into(), m),
                    norm_minus: norm(v.l.into(), m) * if m % 2 == 0 { 1.0 } else { -1.0 },
                });
            }
        }
        layout
    }
}

/// The sums over neighbors of one species, or of all.
struct Segment {
    /// Used channels of every l.
    channels: Vec<Range<usize>>,
    /// Tiles; their functions are channels.
    tiles: Vec<Tile>,
    /// Index of the sum of (l, channel, row).
    sums: HashMap<(usize, usize, usize), usize>,
}

impl Segment {
    fn new(species: u16, inputs: &[OneParticle], size: &mut usize) -> Self {
        let own: Vec<&OneParticle> = inputs.iter().filter(|v| v.species == species).collect();
        let n_l = own.iter().map(|v| usize::from(v.l) + 1).max().unwrap_or(0);
        let mut segment = Self { channels: Vec::new(), tiles: Vec::new(), sums: HashMap::new() };
        for l in 0..n_l {
            let used = own.iter().filter(|v| usize::from(v.l) == l).map(|v| usize::from(v.channel));
            let range = hull(used);
            for (channels, rows) in tile_cuts(range.clone(), 0..2 * l + 1) {
                segment.tiles.push(Tile {
                    row: l * l + rows.start,
                    rows: rows.len(),
                    function: channels.start,
                    functions: channels.len(),
                    offset: *size,
                });
                for channel in channels {
                    for row in rows.clone() {
                        segment.sums.insert((l, channel, row), *size);
                        *size += 1;
                    }
                }
            }
            segment.channels.push(range);
        }
        segment
    }
}

impl ClassLayout {
    fn new(segments: &[&Segment]) -> Self {
        let channels = hull(segments.iter().flat_map(|s| s.channels.iter().cloned().flatten()));
        let mut layout = Self { channels: channels.clone(), ..Self::default() };
        for segment in segments {
            let of_class = |tile: &Tile| Tile { function: tile.function - channels.start, ..tile.clone() };
            layout.tiles.extend(segment.tiles.iter().map(of_class));
        }
        let n_l = segments.iter().map(|s| s.channels.len()).max().unwrap_or(0);
        for l in 0..n_l {
            let own = hull(segments.iter().filter_map(|s| s.channels.get(l).cloned()).flatten());
            let offset = layout.n_adjoints;
            for segment in segments {
                for (&(of_l, channel, row), &sum) in segment.sums.iter().filter(|(key, _)| key.0 == l) {
                    let rows = row_tiles(of_l).find(|rows| rows.contains(&row)).unwrap_or_default();
                    let to = offset + own.len() * rows.start;
                    let to = to + (channel - own.start) * rows.len() + row - rows.start;
                    layout.adjoints.push((to as u32, sum as u32));
                }
            }
            let function = own.start.saturating_sub(channels.start);
            layout.n_adjoints += (2 * l + 1) * own.len();
            layout.blocks.push(Block { function, n: own.len(), offset });
        }
        layout.adjoints.sort_unstable();
        layout
    }
}

/// Cuts of the rows of one l for the forces: m = 0 with none, one or two m, so that an even number of them is
/// left, then two m at a time.
pub fn row_tiles(l: usize) -> impl Iterator<Item = Range<usize>> {
    let first = if l == 0 { 0 } else { 2 - l % 2 };
    std::iter::once(0..2 * first + 1).chain((first + 1..l).step_by(2).map(|m| 2 * m - 1..2 * m + 3))
}

/// Smallest range that holds all values, `0..0` without any.
fn hull(values: impl Iterator<Item = usize> + Clone) -> Range<usize> {
    values.clone().min().unwrap_or(0)..values.max().map_or(0, |last| last + 1)
}

/// Cuts of a rectangle of functions and rows into register tiles.
pub fn tile_cuts(
    functions: Range<usize>,
    rows: Range<usize>,
) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    cuts(&functions, TILE_ROWS.len()).flat_map(move |functions| {
        let most = TILE_ROWS[functions.len() - 1];
        cuts(&rows, most).map(move |rows| (functions.clone(), rows))
    })
}

/// Even cuts of a range into pieces of at most `most`.
fn cuts(range: &Range<usize>, most: usize) -> impl Iterator<Item = Range<usize>> + use<> {
    let (start, n) = (range.start, range.len());
    let pieces = n.div_ceil(most);
    (0..pieces).map(move |k| start + k * n / pieces..start + (k + 1) * n / pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout_of(entries: &[(u16, u8, Range<u16>)]) -> (Layout, usize) {
        let mut inputs = Vec::new();
        for (species, l, channels) in entries.iter().cloned() {
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
        let n = inputs.len();
        let inputs = Inputs { entries: inputs, conjugate, own: vec![0.0; n], monomials: Vec::new() };
        (Layout::new(3, &inputs), n)
    }

    /// How often the tiles of a class reach each sum.
    fn covered(layout: &Layout, class: usize) -> Vec<usize> {
        let mut seen = vec![0; layout.size];
        for tile in &layout.classes[class].tiles {
            assert!(tile.rows <= TILE_ROWS[tile.functions - 1]);
            assert!(tile.function + tile.functions <= layout.classes[class].channels.len());
            (0..tile.rows * tile.functions).for_each(|k| seen[tile.offset + k] += 1);
        }
        seen
    }

    #[test]
    fn tiles_cover_every_sum_once() {
        let (layout, n) = layout_of(&[(0, 0, 0..7), (0, 2, 1..3), (0, 5, 0..9), (2, 1, 3..4)]);
        assert_eq!(layout.size, n);
        assert_eq!(layout.class_of, [0, 1, 2]);
        let total: Vec<usize> =
            (0..n).map(|k| (0..3).map(|class| covered(&layout, class)[k]).sum()).collect();
        assert_eq!(total, vec![1; n]);
        assert_eq!(layout.real.len() + 2 * layout.complex.len(), n);
        assert_eq!(layout.classes[1], ClassLayout::default());
        assert_eq!(layout.classes[2].channels, 3..4);
        for class in &layout.classes {
            assert!(class.adjoints.windows(2).all(|w| w[0].0 < w[1].0));
        }
    }

    #[test]
    fn species_without_sums_of_their_own_share_a_class() {
        let (layout, n) = layout_of(&[(ANY_SPECIES, 1, 2..5), (1, 1, 0..1), (1, 3, 4..6)]);
        assert_eq!(layout.class_of, [0, 1, 0]);
        assert_eq!(covered(&layout, 0).iter().sum::<usize>(), 9);
        assert_eq!(covered(&layout, 1), vec![1; n]);
        assert_eq!(layout.classes[0].channels, 2..5);
        let both = &layout.classes[1];
        assert_eq!((both.channels.clone(), both.blocks[1].n, both.blocks[3].function), (0..6, 5, 4));
        assert_eq!((both.adjoints.len(), both.n_adjoints), (n, 15 + 14));
    }
}
