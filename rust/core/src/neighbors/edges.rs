//! The edges of a neighbor list as plain arrays, for hosts that want them so.

use rayon::prelude::*;

use crate::error::Result;
use crate::structure::Structure;

use super::displacements::Displacements;
use super::list::NeighborList;
use super::rows;

/// Centres that one thread works on at a time.
const BLOCK: usize = 1024;

/// One entry per edge, in the order of the list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Edges {
    /// Centre i.
    pub centers: Vec<i64>,
    /// Neighbor j.
    pub neighbors: Vec<i64>,
    /// Shift S.
    pub shifts: Vec<[i32; 3]>,
    /// `r_j + S·cell − r_i` in Å.
    pub displacements: Vec<[f64; 3]>,
}

impl Edges {
    /// All edges of `list` with their vectors at the positions of `structure`, in the rayon pool of the
    /// caller.
    ///
    /// # Errors
    /// Those of [`Displacements::new`].
    pub fn new(list: &NeighborList, structure: &Structure) -> Result<Self> {
        let vectors = Displacements::new(list, structure)?;
        let (n, m) = (list.n_centers(), list.n_edges());
        let mut edges = Self {
            centers: vec![0; m],
            neighbors: vec![0; m],
            shifts: vec![[0; 3]; m],
            displacements: vec![[0.0; 3]; m],
        };
        let block = |b: usize| b * BLOCK..((b + 1) * BLOCK).min(n);
        let lengths =
            || (0..n.div_ceil(BLOCK)).map(|b| list.offsets()[block(b).end] - list.offsets()[block(b).start]);
        rows::split(&mut edges.centers, lengths())
            .into_par_iter()
            .zip(rows::split(&mut edges.neighbors, lengths()))
            .zip(rows::split(&mut edges.shifts, lengths()))
            .zip(rows::split(&mut edges.displacements, lengths()))
            .enumerate()
            .for_each(|(b, (((centers, neighbors), shifts), displacements))| {
                let ids = &list.shift_ids()[list.offsets()[block(b).start]..];
                let all = block(b).flat_map(|i| vectors.for_center(i).map(move |edge| (i, edge)));
                for (e, ((i, (j, d)), &shift)) in all.zip(ids).enumerate() {
                    centers[e] = i as i64;
                    neighbors[e] = j as i64;
                    shifts[e] = list.shifts()[shift as usize];
                    displacements[e] = d;
                }
            });
        Ok(edges)
    }
}
