//! The search for the edges of a block of centres.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Error, Result};
use crate::structure::{Structure, dot};

use super::displacements::edge_vector;
use super::images::Images;

/// Most edges of a list; it then takes 2 GB, and 14 GB as plain arrays.
const MAX_EDGES: usize = 1 << 28;

/// Centres that [`Search::check_size`] looks at.
const SAMPLE: usize = 8;

/// What all blocks share.
pub(super) struct Search<'a> {
    structure: &'a Structure,
    images: &'a Images,
    /// Edges have a squared length below this: exactly those with a length below the cutoff.
    squared_limit: f64,
    /// Squared distance between wrapped positions up to which they are certainly edges.
    squared_sure: f64,
    /// Squared distance between wrapped positions beyond which there is certainly none.
    squared_max: f64,
    found: AtomicUsize,
}

/// The edges of consecutive centres.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Number of edges of each centre.
    pub counts: Vec<usize>,
    /// Neighbor index of every edge, ascending within a centre, then by shift.
    pub neighbors: Vec<u32>,
    /// Index into `shifts` of every edge.
    pub shift_ids: Vec<u32>,
    /// The distinct shifts in order of appearance.
    pub shifts: Vec<[i32; 3]>,
}

impl<'a> Search<'a> {
    /// A search for the edges shorter than `cutoff` (Å).
    pub fn new(structure: &'a Structure, images: &'a Images, cutoff: f64) -> Self {
        let squared = |length: f64| length.max(0.0) * length.max(0.0);
        Self {
            structure,
            images,
            squared_limit: squared_limit(cutoff),
            squared_sure: squared(cutoff - images.rounding),
            squared_max: squared(cutoff + images.rounding),
            found: AtomicUsize::new(0),
        }
    }

    /// Refuses a hopeless search early, from a few centres; [`Self::block`] counts exactly.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if the list would have several times as many edges as it can hold.
    pub fn check_size(&self) -> Result<()> {
        let n = self.structure.len();
        let step = n / SAMPLE;
        if step < 16 {
            return Ok(());
        }
        let mut keys = Vec::new();
        let mut sum = 0;
        for i in (0..SAMPLE).map(|k| k * step) {
            self.keys_of(i, &mut keys);
            sum += keys.len();
        }
        let estimate = (sum as f64 / SAMPLE as f64 * n as f64) as usize;
        if estimate > 3 * MAX_EDGES { Err(too_many(estimate)) } else { Ok(()) }
    }

    /// The edges of the centres in `range`.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if all blocks together found more than 2^28 edges.
    pub fn block(&self, range: Range<usize>) -> Result<Block> {
        let mut block = Block::default();
        let mut ids = ShiftIds::new(self.images.shifts.len());
        let mut keys = Vec::new();
        for i in range {
            self.keys_of(i, &mut keys);
            let before = self.found.fetch_add(keys.len(), Ordering::Relaxed);
            if before + keys.len() > MAX_EDGES {
                return Err(too_many(MAX_EDGES + 1));
            }
            block.counts.push(keys.len());
            for &key in &keys {
                let j = (key >> 32) as u32;
                block.neighbors.push(j);
                block.shift_ids.push(ids.id(self.images, i, key, &mut block.shifts));
            }
        }
        Ok(block)
    }

    /// Sorted image keys of the neighbors of centre `i`.
    fn keys_of(&self, i: usize, keys: &mut Vec<u64>) {
        keys.clear();
        let largest = self.images.grid.within(&self.images.centers[i], self.squared_max, keys);
        if largest >= self.squared_sure {
            keys.retain(|&key| self.is_edge(i, key));
        }
        keys.sort_unstable();
        if let Ok(this) = keys.binary_search(&((i as u64) << 32 | u64::from(self.images.home))) {
            keys.remove(this);
        }
    }

    /// Whether the edge vector from the positions as given is shorter than the cutoff.
    fn is_edge(&self, i: usize, key: u64) -> bool {
        let positions = self.structure.positions();
        let shift_vector = self.structure.cell().shift_vector(shift(self.images, i, key));
        let d = edge_vector(&positions[i], &positions[(key >> 32) as usize], &shift_vector);
        dot(&d, &d) < self.squared_limit
    }
}

fn too_many(size: usize) -> Error {
    Error::TooLarge { what: "the number of edges of the neighbor list", size, limit: MAX_EDGES }
}

/// The shift of the edge from `i` to the image `key`, between the positions as given.
fn shift(images: &Images, i: usize, key: u64) -> [i32; 3] {
    let image = &images.shifts[key as u32 as usize];
    let (from, to) = (&images.wraps[i], &images.wraps[(key >> 32) as usize]);
    std::array::from_fn(|k| to[k] - from[k] + image[k])
}

/// Numbers the distinct shifts of a block in the order of their appearance.
struct ShiftIds {
    /// For two atoms that are wrapped alike the image decides; `u32::MAX` where none was seen yet.
    of_image: Vec<u32>,
    of_shift: HashMap<[i32; 3], u32>,
}

impl ShiftIds {
    fn new(n_images: usize) -> Self {
        Self { of_image: vec![u32::MAX; n_images], of_shift: HashMap::new() }
    }

    fn id(&mut self, images: &Images, i: usize, key: u64, shifts: &mut Vec<[i32; 3]>) -> u32 {
        let alike = images.wraps[i] == images.wraps[(key >> 32) as usize];
        let image = key as u32 as usize;
        if alike && self.of_image[image] != u32::MAX {
            return self.of_image[image];
        }
        let shift = shift(images, i, key);
        let id = *self.of_shift.entry(shift).or_insert_with(|| {
            shifts.push(shift);
            shifts.len() as u32 - 1
        });
        if alike {
            self.of_image[image] = id;
        }
        id
    }
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
