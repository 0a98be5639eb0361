//! The edges of a structure as plain arrays, for hosts that want them so.

use rayon::prelude::*;

use crate::error::Result;
use crate::structure::Structure;

use super::displacements::edge_vector;
use super::images::Images;
use super::list::check_cutoff;
use super::rows;
use super::search::{Found, Search};

/// Centres that one thread works on at a time.
const BLOCK: usize = 512;

/// All edges of a structure, sorted by centre, then neighbor, then shift; [`Self::write`] spells them out.
#[derive(Debug)]
pub struct Edges<'a> {
    structure: &'a Structure,
    images: Images,
    found: Found,
    offsets: Vec<usize>,
}

/// Arrays with one entry per edge.
#[derive(Debug)]
pub struct EdgeArrays<'a> {
    /// Centre i.
    pub centers: &'a mut [i64],
    /// Neighbor j.
    pub neighbors: &'a mut [i64],
    /// Shift S.
    pub shifts: &'a mut [[i32; 3]],
    /// `r_j + S·cell − r_i` in Å.
    pub displacements: &'a mut [[f64; 3]],
}

impl<'a> Edges<'a> {
    /// Finds all edges shorter than `cutoff` (Å), as [`super::NeighborList::build`] does.
    ///
    /// # Errors
    /// Those of [`super::NeighborList::build`].
    pub fn new(structure: &'a Structure, cutoff: f64) -> Result<Self> {
        check_cutoff(cutoff)?;
        let images = Images::new(structure, cutoff)?;
        let found = Search::new(structure, &images, cutoff)?.run()?;
        let offsets = found.offsets();
        Ok(Self { structure, images, found, offsets })
    }

    /// Number of edges.
    pub fn len(&self) -> usize {
        self.offsets[self.structure.len()]
    }

    /// Whether there is no edge.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes all edges in the rayon pool of the caller.
    ///
    /// # Panics
    /// If an array has not [`Self::len`] entries.
    pub fn write(&self, arrays: EdgeArrays<'_>) {
        let EdgeArrays { centers, neighbors, shifts, displacements } = arrays;
        let n = self.structure.len();
        let block = |b: usize| b * BLOCK..((b + 1) * BLOCK).min(n);
        let lengths =
            || (0..n.div_ceil(BLOCK)).map(|b| self.offsets[block(b).end] - self.offsets[block(b).start]);
        let shift_vectors: Vec<[f64; 3]> =
            self.images.shifts.iter().map(|&s| self.structure.cell().shift_vector(s)).collect();
        rows::split(centers, lengths())
            .into_par_iter()
            .zip(rows::split(neighbors, lengths()))
            .zip(rows::split(shifts, lengths()))
            .zip(rows::split(displacements, lengths()))
            .enumerate()
            .for_each(|(b, (((centers, neighbors), shifts), displacements))| {
                let start = self.offsets[block(b).start];
                for i in block(b) {
                    let edges = self.offsets[i] - start..self.offsets[i + 1] - start;
                    let row = EdgeArrays {
                        centers: &mut centers[edges.clone()],
                        neighbors: &mut neighbors[edges.clone()],
                        shifts: &mut shifts[edges.clone()],
                        displacements: &mut displacements[edges],
                    };
                    self.write_row(i, row, &shift_vectors);
                }
            });
    }

    /// Writes the edges of centre `i`; `shift_vectors` are those of the shifts of the images.
    fn write_row(&self, i: usize, row: EdgeArrays<'_>, shift_vectors: &[[f64; 3]]) {
        let (images, positions) = (&self.images, self.structure.positions());
        let wrap = images.wraps[i];
        row.centers.fill(i as i64);
        let out = row.neighbors.iter_mut().zip(row.shifts).zip(row.displacements);
        for (&p, ((neighbor, shift), displacement)) in self.found.of(i).iter().zip(out) {
            let source = images.sources[p as usize];
            let j = source.atom as usize;
            *neighbor = i64::from(source.atom);
            let vector = if images.wraps[j] == wrap {
                *shift = images.shifts[source.shift as usize];
                shift_vectors[source.shift as usize]
            } else {
                *shift = images.shift(i, source);
                self.structure.cell().shift_vector(*shift)
            };
            *displacement = edge_vector(&positions[i], &positions[j], &vector);
        }
    }
}
