//! The full neighbor list in compressed rows.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::structure::Structure;

use super::images::Images;
use super::rows;
use super::search::{Block, Search};

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
        if !(cutoff.is_finite() && cutoff > 0.0) {
            return Err(Error::Setting {
                name: "cutoff",
                reason: format!("expected a positive length, got {cutoff}"),
            });
        }
        let images = Images::new(structure, cutoff)?;
        let search = Search::new(structure, &images, cutoff);
        search.check_size()?;
        let n = structure.len();
        let blocks = (0..n.div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| search.block(block * BLOCK..((block + 1) * BLOCK).min(n)))
            .collect::<Result<Vec<Block>>>()?;
        Ok(Self::joined(cutoff, &blocks))
    }

    /// The list of no atoms.
    pub(super) fn empty(cutoff: f64) -> Self {
        Self::joined(cutoff, &[])
    }

    fn joined(cutoff: f64, blocks: &[Block]) -> Self {
        let mut shifts: Vec<[i32; 3]> = blocks.iter().flat_map(|block| &block.shifts).copied().collect();
        shifts.sort_unstable();
        shifts.dedup();
        let mut offsets = vec![0];
        let mut n_edges = 0;
        for count in blocks.iter().flat_map(|block| &block.counts) {
            n_edges += count;
            offsets.push(n_edges);
        }
        let mut neighbors = vec![0; n_edges];
        let mut shift_ids = vec![0; n_edges];
        let lengths = || blocks.iter().map(|block| block.neighbors.len());
        let parts = rows::split(&mut neighbors, lengths()).into_par_iter();
        parts.zip(rows::split(&mut shift_ids, lengths())).zip(blocks).for_each(|((js, ids), block)| {
            js.copy_from_slice(&block.neighbors);
            // Every shift of a block is among all shifts: the partition point is its place.
            let places: Vec<u32> =
                block.shifts.iter().map(|s| shifts.partition_point(|t| t < s) as u32).collect();
            for (id, &local) in ids.iter_mut().zip(&block.shift_ids) {
                *id = places[local as usize];
            }
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
