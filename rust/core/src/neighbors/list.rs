//! The full neighbor list in compressed rows.

use crate::error::{Error, Result};
use crate::structure::{Structure, norm};

/// Full neighbor list: every edge i→j(S) with `|r_j + S·cell − r_i| < cutoff`, in compressed rows,
/// sorted by i, then j, then S.
#[derive(Debug, Clone, PartialEq)]
pub struct NeighborList {
    cutoff: f64,
    offsets: Vec<usize>,
    neighbors: Vec<u32>,
    shift_ids: Vec<u32>,
    shifts: Vec<[i32; 3]>,
}

impl NeighborList {
    /// Builds the list of all edges shorter than `cutoff` (Å).
    ///
    /// # Errors
    /// [`Error::Setting`] for a cutoff that is not positive and finite.
    pub fn build(structure: &Structure, cutoff: f64) -> Result<Self> {
        // Replaced by the cell list; brute force over images for now.
        if !(cutoff.is_finite() && cutoff > 0.0) {
            return Err(Error::Setting {
                name: "cutoff",
                reason: format!("expected a positive length, got {cutoff}"),
            });
        }
        let (cell, pos) = (structure.cell(), structure.positions());
        let n = pos.len();
        let mut spread = 0.0_f64;
        for p in pos {
            for q in pos {
                spread = spread.max(norm(&std::array::from_fn(|k| p[k] - q[k])));
            }
        }
        let rows = cell.rows();
        let mut reach = [0_i32; 3];
        let volume = crate::structure::dot(&rows[0], &crate::structure::cross(&rows[1], &rows[2])).abs();
        for k in 0..3 {
            if cell.pbc()[k] {
                let area = norm(&crate::structure::cross(&rows[(k + 1) % 3], &rows[(k + 2) % 3]));
                reach[k] = ((cutoff + spread) * area / volume).ceil() as i32;
            }
        }
        let mut shifts = Vec::new();
        for a in -reach[0]..=reach[0] {
            for b in -reach[1]..=reach[1] {
                for c in -reach[2]..=reach[2] {
                    shifts.push([a, b, c]);
                }
            }
        }
        let mut list =
            Self { cutoff, offsets: vec![0], neighbors: Vec::new(), shift_ids: Vec::new(), shifts };
        for i in 0..n {
            for j in 0..n {
                for (s, shift) in list.shifts.iter().enumerate() {
                    if i == j && *shift == [0, 0, 0] {
                        continue;
                    }
                    let t = cell.shift_vector(*shift);
                    let d = super::displacements::edge_vector(&pos[i], &pos[j], &t);
                    if norm(&d) < cutoff {
                        list.neighbors.push(j as u32);
                        list.shift_ids.push(s as u32);
                    }
                }
            }
            list.offsets.push(list.neighbors.len());
        }
        Ok(list)
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
