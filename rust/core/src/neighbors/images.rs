//! The atoms of a structure wrapped into a reduced cell, and all their periodic images near it.

use crate::error::{Error, Result};
use crate::structure::{Structure, norm};

use super::grid::Grid;
use super::reduction::ReducedCell;

/// Most images that are held; about 2 GB while they are sorted.
const MAX_IMAGES: usize = 1 << 25;

/// Largest coordinate and lattice vector in Å, a tenth of a metre; keeps rounding well below the cutoff.
const MAX_LENGTH: f64 = 1e9;

/// Largest component of a shift, so that sums and differences of shifts stay in range.
const MAX_SHIFT: i64 = 1 << 29;

/// Wrapped atoms and the images that may lie within a cutoff of them.
///
/// Image p is atom `j = sources[p].atom` at `r_j + (wraps[j] + shifts[sources[p].shift])·cell`. Images are
/// sorted by atom, then by shift: those of the neighbors of one centre are in the order of the list.
#[derive(Debug)]
pub(super) struct Images {
    /// Shift that wraps each atom: `centers[i] ≈ r_i + wraps[i]·cell`.
    pub wraps: Vec<[i32; 3]>,
    /// Shifts of the images, sorted lexicographically.
    pub shifts: Vec<[i32; 3]>,
    /// Index of the zero shift.
    pub home: u32,
    /// Bound in Å on the error of distances between wrapped positions.
    pub rounding: f64,
    /// Positions of all images within the cutoff of the box around the wrapped atoms, Å.
    pub points: Vec<[f64; 3]>,
    /// What each of them is an image of.
    pub sources: Vec<Source>,
    /// The images in bins of about the cutoff.
    pub grid: Grid,
}

/// The atom of an image, and its shift by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    pub atom: u32,
    pub shift: u32,
}

impl Images {
    /// Wraps the atoms and finds their images for `cutoff` (Å).
    ///
    /// # Errors
    /// [`Error::TooLarge`] for too many images, or positions or lattice vectors beyond 1e9 Å.
    pub fn new(structure: &Structure, cutoff: f64) -> Result<Self> {
        let cell = structure.cell();
        let periodic = (0..3).filter(|&k| cell.pbc()[k]).map(|k| norm(&cell.rows()[k]));
        let farthest = structure.positions().iter().flatten().fold(0.0, |max: f64, x| max.max(x.abs()));
        check("a position or lattice vector in Å", periodic.fold(farthest, f64::max), MAX_LENGTH)?;

        let reduced = ReducedCell::new(cell);
        let wrapped = Wrapped::new(structure, &reduced);
        // Distances between atoms never exceed the largest sum of positions, so neither need the reach.
        let scale = wrapped.scale + cutoff.min(4.0 * MAX_LENGTH);
        let rounding = 64.0 * f64::EPSILON * scale;
        let reach = cutoff + 2.0 * rounding;
        let ranges = ImageRanges::new(&wrapped, &reduced, cell.pbc(), reach)?;

        let limit = MAX_SHIFT as f64;
        let largest_shift = |shifts: [f64; 3]| {
            let of = |l: usize| (0..3).map(|k| shifts[k] * (reduced.transform[k][l] as f64).abs()).sum();
            (0..3).map(of).fold(0.0, f64::max)
        };
        check("a shift between periodic images", largest_shift(wrapped.largest), limit)?;
        check("a shift between periodic images", largest_shift(ranges.largest()), limit)?;

        let (shifts, ranks) = ranges.sorted_shifts(&reduced);
        let (points, sources) = ranges.images(&wrapped, &reduced, &ranks, reach);
        Ok(Self {
            wraps: wrapped.shifts.iter().map(|&s| reduced.to_cell(s).map(|v| v as i32)).collect(),
            home: ranks[ranges.index([0; 3])],
            shifts,
            rounding,
            grid: Grid::new(&points, reach),
            points,
            sources,
        })
    }

    /// The shift of the edge from atom `i` to an image, between the positions as given.
    #[inline]
    pub fn shift(&self, i: usize, image: Source) -> [i32; 3] {
        let shift = &self.shifts[image.shift as usize];
        let (from, to) = (&self.wraps[i], &self.wraps[image.atom as usize]);
        std::array::from_fn(|k| to[k] - from[k] + shift[k])
    }
}

fn check(what: &'static str, value: f64, limit: f64) -> Result<()> {
    if value <= limit {
        return Ok(());
    }
    Err(Error::TooLarge { what, size: value as usize, limit: limit as usize })
}

/// Atoms moved into the reduced cell.
struct Wrapped {
    positions: Vec<[f64; 3]>,
    /// Shift of each atom in the reduced basis.
    shifts: Vec<[i64; 3]>,
    /// Fractional coordinates in the reduced basis after wrapping.
    fractional: Vec<[f64; 3]>,
    /// Largest absolute shift along each reduced vector.
    largest: [f64; 3],
    /// Largest length in Å that entered the arithmetic.
    scale: f64,
}

impl Wrapped {
    fn new(structure: &Structure, reduced: &ReducedCell) -> Self {
        let (cell, n) = (structure.cell(), structure.len());
        let mut wrapped = Self {
            positions: Vec::with_capacity(n),
            shifts: Vec::with_capacity(n),
            fractional: Vec::with_capacity(n),
            largest: [0.0; 3],
            scale: 0.0,
        };
        for x in structure.positions() {
            let mut fractional =
                reduced.normals.map(|normal| normal[0] * x[0] + normal[1] * x[1] + normal[2] * x[2]);
            let mut shift = [0.0; 3];
            for k in (0..3).filter(|&k| cell.pbc()[k]) {
                shift[k] = -fractional[k].floor();
                fractional[k] += shift[k];
                wrapped.largest[k] = wrapped.largest[k].max(shift[k].abs());
            }
            wrapped.positions.push(displaced(x, shift, &reduced.rows));
            wrapped.shifts.push(shift.map(|s| s as i64));
            wrapped.fractional.push(fractional);
            wrapped.scale = x.iter().fold(wrapped.scale, |max, v| max.max(v.abs()));
        }
        // A reduced vector is a sum of long ones where the cell is skewed: their lengths count.
        for k in (0..3).filter(|&k| cell.pbc()[k]) {
            let parts = (0..3).map(|l| (reduced.transform[k][l] as f64).abs() * norm(&cell.rows()[l]));
            wrapped.scale += (wrapped.largest[k] + 1.0) * parts.sum::<f64>();
        }
        wrapped
    }
}

/// `x + shift · rows`
fn displaced(x: &[f64; 3], shift: [f64; 3], rows: &[[f64; 3]; 3]) -> [f64; 3] {
    std::array::from_fn(|q| x[q] + shift[0] * rows[0][q] + shift[1] * rows[1][q] + shift[2] * rows[2][q])
}

/// For every atom the images (shifts of the reduced basis) in the slab around all atoms along each vector.
struct ImageRanges {
    /// First and last shift of each atom.
    per_atom: Vec<([i64; 3], [i64; 3])>,
    first: [i64; 3],
    last: [i64; 3],
}

impl ImageRanges {
    fn new(wrapped: &Wrapped, reduced: &ReducedCell, pbc: [bool; 3], reach: f64) -> Result<Self> {
        let mut low = [f64::INFINITY; 3];
        let mut high = [f64::NEG_INFINITY; 3];
        for f in &wrapped.fractional {
            low = std::array::from_fn(|k| low[k].min(f[k]));
            high = std::array::from_fn(|k| high[k].max(f[k]));
        }
        // Distance between lattice planes is 1/|normal|.
        let margin = reduced.normals.map(|normal| reach * norm(&normal) + 1e-9);
        let mut ranges =
            Self { per_atom: Vec::with_capacity(wrapped.fractional.len()), first: [0; 3], last: [0; 3] };
        let mut total = 0.0;
        for f in &wrapped.fractional {
            let mut bounds = ([0.0; 3], [0.0; 3]);
            for k in (0..3).filter(|&k| pbc[k]) {
                bounds.0[k] = (low[k] - margin[k] - f[k]).ceil();
                bounds.1[k] = (high[k] + margin[k] - f[k]).floor();
            }
            total += (0..3).map(|k| bounds.1[k] - bounds.0[k] + 1.0).product::<f64>();
            check("the number of periodic images within the cutoff", total, MAX_IMAGES as f64)?;
            let (first, last) = (bounds.0.map(|v| v as i64), bounds.1.map(|v| v as i64));
            ranges.first = std::array::from_fn(|k| ranges.first[k].min(first[k]));
            ranges.last = std::array::from_fn(|k| ranges.last[k].max(last[k]));
            ranges.per_atom.push((first, last));
        }
        Ok(ranges)
    }

    fn largest(&self) -> [f64; 3] {
        std::array::from_fn(|k| self.first[k].abs().max(self.last[k].abs()) as f64)
    }

    fn index(&self, shift: [i64; 3]) -> usize {
        let offset = |k: usize| (shift[k] - self.first[k]) as usize;
        let count = |k: usize| (self.last[k] - self.first[k] + 1) as usize;
        (offset(0) * count(1) + offset(1)) * count(2) + offset(2)
    }

    /// All shifts as sorted shifts of the cell, and the place of each (by [`Self::index`]) among them.
    fn sorted_shifts(&self, reduced: &ReducedCell) -> (Vec<[i32; 3]>, Vec<u32>) {
        let mut shifts: Vec<([i32; 3], usize)> = each(self.first, self.last)
            .map(|shift| (reduced.to_cell(shift).map(|v| v as i32), self.index(shift)))
            .collect();
        shifts.sort_unstable();
        let mut ranks = vec![0; shifts.len()];
        for (rank, &(_, index)) in shifts.iter().enumerate() {
            ranks[index] = rank as u32;
        }
        (shifts.into_iter().map(|(shift, _)| shift).collect(), ranks)
    }

    /// Positions and sources of the images within `reach` of the box around the wrapped atoms.
    fn images(
        &self,
        wrapped: &Wrapped,
        reduced: &ReducedCell,
        ranks: &[u32],
        reach: f64,
    ) -> (Vec<[f64; 3]>, Vec<Source>) {
        let mut low = [f64::INFINITY; 3];
        let mut high = [f64::NEG_INFINITY; 3];
        for x in &wrapped.positions {
            low = std::array::from_fn(|k| low[k].min(x[k] - reach));
            high = std::array::from_fn(|k| high[k].max(x[k] + reach));
        }
        let n = wrapped.positions.len();
        let (mut points, mut sources) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let mut of_atom = Vec::new();
        for (atom, (x, &(first, last))) in (0..).zip(wrapped.positions.iter().zip(&self.per_atom)) {
            of_atom.clear();
            for shift in each(first, last) {
                let image = displaced(x, shift.map(|s| s as f64), &reduced.rows);
                if (0..3).all(|k| image[k] >= low[k] && image[k] <= high[k]) {
                    of_atom.push((Source { atom, shift: ranks[self.index(shift)] }, image));
                }
            }
            of_atom.sort_unstable_by_key(|&(source, _)| source);
            sources.extend(of_atom.iter().map(|&(source, _)| source));
            points.extend(of_atom.iter().map(|&(_, image)| image));
        }
        (points, sources)
    }
}

/// All integer vectors from `first` to `last`, both included.
fn each(first: [i64; 3], last: [i64; 3]) -> impl Iterator<Item = [i64; 3]> {
    (first[0]..=last[0]).flat_map(move |a| {
        (first[1]..=last[1]).flat_map(move |b| (first[2]..=last[2]).map(move |c| [a, b, c]))
    })
}
