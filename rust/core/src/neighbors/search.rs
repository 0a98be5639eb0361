//! The search for neighbors: bin by bin, in single precision, with a recheck of what is close to the cutoff.
//!
//! All centres of a bin share their candidates: the images near the box around the centres, sorted once.
//! Sorted candidates give sorted rows.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::simd::Path;
use crate::simd::select::Points;
use crate::structure::{Structure, dot};

use super::displacements::edge_vector;
use super::images::Images;

/// Most edges of a list; it then takes 2 GB, and 14 GB as plain arrays.
const MAX_EDGES: usize = 1 << 28;

/// Centres that [`Search::check_size`] looks at.
const SAMPLE: usize = 8;

/// Bins that one thread works on at a time.
const BINS: usize = 8;

/// The neighbors of all centres, as images.
#[derive(Debug)]
pub(super) struct Found {
    parts: Vec<Vec<u32>>,
    rows: Vec<Row>,
}

/// Where the neighbors of a centre are.
#[derive(Debug, Clone, Copy)]
struct Row {
    part: u32,
    start: u32,
    length: u32,
}

impl Found {
    /// Images that are neighbors of centre `i`, in the order of the list.
    pub fn of(&self, i: usize) -> &[u32] {
        let row = self.rows[i];
        &self.parts[row.part as usize][row.start as usize..][..row.length as usize]
    }

    /// Start of each centre's edges, and the number of edges at the end.
    pub fn offsets(&self) -> Vec<usize> {
        let mut n_edges = 0;
        let ends = self.rows.iter().map(|row| {
            n_edges += row.length as usize;
            n_edges
        });
        std::iter::once(0).chain(ends).collect()
    }
}

/// A search in progress.
pub(super) struct Search<'a> {
    structure: &'a Structure,
    images: &'a Images,
    path: Path,
    /// Largest distance (Å) between wrapped positions at which there may be an edge.
    reach: f64,
    /// Distance (Å) between wrapped positions up to which they are certainly edges.
    sure: f64,
    /// Edges have a squared length below this: exactly those with a length below the cutoff.
    squared_limit: f64,
    n_found: AtomicUsize,
}

/// Centres with the number of neighbors of each, and all these neighbors.
type Part = (Vec<(u32, u32)>, Vec<u32>);

/// Scratch of one thread.
#[derive(Default)]
struct Scratch {
    centers: Vec<u32>,
    candidates: Vec<u32>,
    points: Points,
}

impl<'a> Search<'a> {
    /// A search for the edges shorter than `cutoff` (Å).
    ///
    /// # Errors
    /// [`Error::TooLarge`] if the list would have several times as many edges as it can hold.
    pub fn new(structure: &'a Structure, images: &'a Images, cutoff: f64) -> Result<Self> {
        let search = Self {
            structure,
            images,
            path: Path::resolve(None)?,
            reach: cutoff + images.rounding,
            sure: (cutoff - images.rounding).max(0.0),
            squared_limit: squared_limit(cutoff),
            n_found: AtomicUsize::new(0),
        };
        search.check_size()?;
        Ok(search)
    }

    /// Refuses a hopeless search early, from a few centres; [`Self::run`] counts exactly.
    fn check_size(&self) -> Result<()> {
        let n = self.images.points.len();
        let step = n / SAMPLE;
        if step < 16 {
            return Ok(());
        }
        let mut candidates = Vec::new();
        let mut sum = 0;
        for point in (0..SAMPLE).map(|k| self.images.points[k * step]) {
            self.gather(point, point, &mut candidates);
            sum += candidates.len();
        }
        let estimate = (sum as f64 / SAMPLE as f64 * self.structure.len() as f64) as usize;
        if estimate > 3 * MAX_EDGES { Err(too_many(estimate)) } else { Ok(()) }
    }

    /// Searches in the rayon pool of the caller.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for more than 2^28 edges.
    pub fn run(&self) -> Result<Found> {
        let bins: Vec<usize> = (0..self.images.grid.n_bins()).collect();
        let parts = bins
            .par_chunks(BINS)
            .map_init(Scratch::default, |scratch, bins| self.part(bins, scratch))
            .collect::<Result<Vec<_>>>()?;
        let mut rows = vec![Row { part: 0, start: 0, length: 0 }; self.structure.len()];
        let parts = (0..)
            .zip(parts)
            .map(|(part, (lengths, found))| {
                let mut start = 0;
                for (center, length) in lengths {
                    rows[center as usize] = Row { part, start, length };
                    start += length;
                }
                found
            })
            .collect();
        Ok(Found { parts, rows })
    }

    /// The neighbors of the centres in some bins.
    fn part(&self, bins: &[usize], scratch: &mut Scratch) -> Result<Part> {
        let (mut lengths, mut found) = (Vec::new(), Vec::new());
        for &bin in bins {
            let home = |p: &u32| self.images.sources[*p as usize].shift == self.images.home;
            scratch.centers.clear();
            scratch.centers.extend(self.images.grid.points_in(bin).iter().copied().filter(home));
            if scratch.centers.is_empty() {
                continue;
            }
            let limits = self.prepare(scratch);
            for &p in &scratch.centers {
                let before = found.len();
                let center = limits.local(&self.images.points[p as usize]);
                let largest = scratch.points.within(self.path, center, p, limits.squared_max, &mut found);
                let i = self.images.sources[p as usize].atom;
                if largest >= limits.squared_sure {
                    self.recheck(i as usize, &mut found, before);
                }
                let n = found.len() - before;
                let total = self.n_found.fetch_add(n, Ordering::Relaxed) + n;
                if total > MAX_EDGES {
                    return Err(too_many(total));
                }
                lengths.push((i, n as u32));
            }
        }
        Ok((lengths, found))
    }

    /// Fills in the candidates of the centres.
    fn prepare(&self, scratch: &mut Scratch) -> Limits {
        let mut low = [f64::INFINITY; 3];
        let mut high = [f64::NEG_INFINITY; 3];
        for &p in &scratch.centers {
            let x = &self.images.points[p as usize];
            low = std::array::from_fn(|k| low[k].min(x[k]));
            high = std::array::from_fn(|k| high[k].max(x[k]));
        }
        self.gather(low, high, &mut scratch.candidates);
        scratch.candidates.sort_unstable();
        let limits = Limits::new(low, high, self.reach, self.sure);
        scratch
            .points
            .fill(scratch.candidates.iter().map(|&p| (limits.local(&self.images.points[p as usize]), p)));
        limits
    }

    /// The images within reach of the box between two corners.
    fn gather(&self, low: [f64; 3], high: [f64; 3], candidates: &mut Vec<u32>) {
        candidates.clear();
        let reach = self.reach * (1.0 + 1e-12);
        let (from, to) = (low.map(|x| x - reach), high.map(|x| x + reach));
        let squared_reach = reach * reach;
        for run in self.images.grid.runs_between(from, to) {
            let mut n = candidates.len();
            candidates.resize(n + run.len(), 0);
            for &p in run {
                let x = &self.images.points[p as usize];
                let gap: [f64; 3] = std::array::from_fn(|k| (low[k] - x[k]).max(x[k] - high[k]).max(0.0));
                candidates[n] = p;
                n += usize::from(dot(&gap, &gap) <= squared_reach);
            }
            candidates.truncate(n);
        }
    }

    /// Keeps those neighbors of centre `i` from `start` on whose edge vector is shorter than the cutoff.
    fn recheck(&self, i: usize, found: &mut Vec<u32>, start: usize) {
        let positions = self.structure.positions();
        let mut end = start;
        for k in start..found.len() {
            let source = self.images.sources[found[k] as usize];
            let shift_vector = self.structure.cell().shift_vector(self.images.shift(i, source));
            let d = edge_vector(&positions[i], &positions[source.atom as usize], &shift_vector);
            found[end] = found[k];
            end += usize::from(dot(&d, &d) < self.squared_limit);
        }
        found.truncate(end);
    }
}

/// Coordinates and bounds of the search around one bin.
struct Limits {
    origin: [f64; 3],
    squared_max: f32,
    squared_sure: f32,
}

impl Limits {
    fn new(low: [f64; 3], high: [f64; 3], reach: f64, sure: f64) -> Self {
        let origin = std::array::from_fn(|k| 0.5 * (low[k] + high[k]));
        // A local coordinate is at most this; rounding it, and a difference of two, costs 2⁻²⁴ of it each.
        let largest = (0..3).map(|k| 0.5 * (high[k] - low[k])).fold(0.0, f64::max) + reach;
        let rounding = 4.0 * f64::from(f32::EPSILON) * largest.min(f64::MAX);
        let squared = |length: f64| (length.max(0.0) * length.max(0.0)) as f32;
        Self {
            origin,
            squared_max: squared(reach + rounding) * (1.0 + 4.0 * f32::EPSILON),
            squared_sure: squared(sure - rounding) * (1.0 - 4.0 * f32::EPSILON),
        }
    }

    /// Coordinates relative to the middle of the centres.
    fn local(&self, x: &[f64; 3]) -> [f32; 3] {
        std::array::from_fn(|k| (x[k] - self.origin[k]) as f32)
    }
}

fn too_many(size: usize) -> Error {
    Error::TooLarge { what: "the number of edges of the neighbor list", size, limit: MAX_EDGES }
}

/// The smallest x with `sqrt(x) ≥ cutoff`, so that `x < limit` is `sqrt(x) < cutoff` without the root.
fn squared_limit(cutoff: f64) -> f64 {
    let mut bits = (cutoff * cutoff).min(f64::MAX).to_bits();
    while bits > 0 && f64::from_bits(bits - 1).sqrt() >= cutoff {
        bits -= 1;
    }
    while f64::from_bits(bits).sqrt() < cutoff && bits < f64::INFINITY.to_bits() {
        bits += 1;
    }
    f64::from_bits(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_squared_limit_agrees_with_the_root() {
        for cutoff in [1e-200, 1e-160, 0.1, 3.7, 5.0, 6.123_456_789, 1e8, 1e154, 1e200, f64::MAX] {
            let limit = squared_limit(cutoff);
            assert!(limit.sqrt() >= cutoff, "{cutoff}");
            assert!(f64::from_bits(limit.to_bits() - 1).sqrt() < cutoff, "{cutoff}");
        }
    }
}
