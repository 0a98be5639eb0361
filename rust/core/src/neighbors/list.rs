//! The full neighbor list in compressed rows.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::structure::Structure;

use super::images::Images;
use super::rows;
use super::search::{Found, Search};
use super::shifts::ShiftIds;

/// Centres that one thread works on at a time.
const BLOCK: usize = 256;

/// Full neighbor list: every edge i→j(S) with `|r_j + S·cell − r_i| < cutoff`, in compressed rows,
/// sorted by i, then j, then S. Different atoms at the same place are neighbors; an atom is a neighbor
/// of its own images but never of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct NeighborList {
    cutoff: f64,
    offsets: Vec<usize>,
    neighbors: Vec<u32>,
    shift_ids: Vec<u32>,
    shifts: Vec<[i32; 3]>,
}

impl NeighborList {
    /// Builds the list of all edges shorter than `cutoff` (Å) in O(N), in the rayon pool of the caller
    /// (see [`crate::threads::pool`]); the result is the same for any number of threads.
    ///
    /// # Errors
    /// [`Error::Setting`] for a cutoff that is not positive and finite, [`Error::TooLarge`] if the images
    /// or edges within it would not fit into memory, or a length is beyond 1e9 Å.
    pub fn build(structure: &Structure, cutoff: f64) -> Result<Self> {
        check_cutoff(cutoff)?;
        let images = Images::new(structure, cutoff)?;
        let found = Search::new(structure, &images, cutoff)?.run()?;
        Ok(Self::from_found(cutoff, &images, &found))
    }

    /// The list of no atoms.
    pub(super) fn empty(cutoff: f64) -> Self {
        Self { cutoff, offsets: vec![0], neighbors: Vec::new(), shift_ids: Vec::new(), shifts: Vec::new() }
    }

    fn from_found(cutoff: f64, images: &Images, found: &Found) -> Self {
        let offsets = found.offsets();
        let n = offsets.len() - 1;
        let mut neighbors = vec![0; offsets[n]];
        let mut shift_ids = vec![0; offsets[n]];
        let block = |b: usize| b * BLOCK..((b + 1) * BLOCK).min(n);
        let lengths = || (0..n.div_ceil(BLOCK)).map(|b| offsets[block(b).end] - offsets[block(b).start]);
        let local: Vec<Vec<[i32; 3]>> = rows::split(&mut neighbors, lengths())
            .into_par_iter()
            .zip(rows::split(&mut shift_ids, lengths()))
            .enumerate()
            .map(|(b, (neighbors, shift_ids))| {
                let mut ids = ShiftIds::new(images);
                let edges = block(b).flat_map(|i| found.of(i).iter().map(move |&p| (i, p)));
                for ((i, p), (neighbor, id)) in edges.zip(neighbors.iter_mut().zip(shift_ids)) {
                    let source = images.sources[p as usize];
                    *neighbor = source.atom;
                    *id = ids.id(i, source);
                }
                ids.into_shifts()
            })
            .collect();
        let mut shifts = local.concat();
        shifts.sort_unstable();
        shifts.dedup();
        rows::split(&mut shift_ids, lengths()).into_par_iter().zip(&local).for_each(|(ids, local)| {
            // Every shift of a block is among all shifts: the partition point is its place.
            let places: Vec<u32> = local.iter().map(|s| shifts.partition_point(|t| t < s) as u32).collect();
            ids.iter_mut().for_each(|id| *id = places[*id as usize]);
        });
        Self { cutoff, offsets, neighbors, shift_ids, shifts }
    }

    /// Cutoff in Å that the list was built with.
    pub fn cutoff(&self) -> f64 {
        self.cutoff
    }

    /// Number of centres.
    pub fn n_centers(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of edges.
    pub fn n_edges(&self) -> usize {
        self.neighbors.len()
    }

    /// Start of each centre's edges, and the number of edges at the end.
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// Neighbor index j of every edge.
    pub fn neighbors(&self) -> &[u32] {
        &self.neighbors
    }

    /// Index into [`Self::shifts`] of every edge.
    pub fn shift_ids(&self) -> &[u32] {
        &self.shift_ids
    }

    /// The distinct shifts, sorted lexicographically.
    pub fn shifts(&self) -> &[[i32; 3]] {
        &self.shifts
    }
}

/// Refuses a cutoff that is not a positive length.
pub(super) fn check_cutoff(cutoff: f64) -> Result<()> {
    if cutoff.is_finite() && cutoff > 0.0 {
        return Ok(());
    }
    Err(Error::Setting { name: "cutoff", reason: format!("expected a positive length, got {cutoff}") })
}
