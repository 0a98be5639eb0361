//! Atoms and neighbors in the memory of the host.

use std::slice;

use ferrip_core::density::evaluator::{Edges, Neighborhoods};

use crate::arguments::Arguments;
use crate::status::Failure;

/// Species of atoms that the potential does not see.
pub const ABSENT: u16 = u16::MAX;

/// Atoms of the host, with their neighbors.
pub struct Host<'a> {
    positions: &'a [[f64; 3]],
    species: &'a [u16],
    rows: Rows<'a>,
    /// Whether there are atoms without a species.
    some_absent: bool,
    /// What selects the bits of a neighbor's index.
    mask: i32,
}

/// Neighbors of the centres.
#[derive(Clone, Copy)]
pub enum Rows<'a> {
    /// Neighbors of atom i are at `offsets[i] .. offsets[i + 1]`.
    Compressed {
        /// Ascending, the last one is the number of neighbors.
        offsets: &'a [i64],
        /// One row after the other.
        neighbors: &'a [i32],
    },
    /// One pointer per atom.
    Pointers {
        /// Number of neighbors of each atom.
        counts: *const i32,
        /// First neighbor of each atom.
        first: *const *const i32,
    },
}

// SAFETY: the host's memory is only read while a call lasts, in which the host does not write it.
unsafe impl Sync for Host<'_> {}

impl<'a> Host<'a> {
    /// # Safety
    /// Pointers of the rows are valid for all centres, and all neighbors (after the mask) are indices of atoms.
    pub unsafe fn new(
        positions: &'a [[f64; 3]],
        species: &'a [u16],
        rows: Rows<'a>,
        index_mask: i32,
    ) -> Self {
        let mask = match rows {
            Rows::Pointers { .. } if index_mask != 0 => index_mask,
            _ => i32::MAX,
        };
        Self { positions, species, rows, some_absent: species.contains(&ABSENT), mask }
    }

    fn row(&self, center: usize) -> &[i32] {
        match self.rows {
            Rows::Compressed { offsets, neighbors } => {
                &neighbors[offsets[center] as usize..offsets[center + 1] as usize]
            }
            Rows::Pointers { counts, first } => {
                // SAFETY: valid for all centres by the contract of `new`.
                let (count, first) = unsafe { (*counts.add(center), *first.add(center)) };
                if count <= 0 || first.is_null() {
                    return &[];
                }
                // SAFETY: as above.
                unsafe { slice::from_raw_parts(first, count as usize) }
            }
        }
    }
}

impl Neighborhoods for Host<'_> {
    fn species(&self) -> &[u16] {
        self.species
    }

    fn gather(&self, center: usize, cutoff: f64, edges: &mut Edges) {
        let [x, y, z] = self.positions[center];
        let candidate = |&entry: &i32| {
            let j = (entry & self.mask) as usize;
            if self.some_absent && self.species[j] == ABSENT {
                return (j as u32, [2.0 * cutoff, 0.0, 0.0]);
            }
            let [xj, yj, zj] = self.positions[j];
            (j as u32, [xj - x, yj - y, zj - z])
        };
        edges.select(self.row(center).iter().map(candidate), cutoff);
    }
}

/// The rows that the arguments describe.
///
/// # Safety
/// The pointers of the list are null or valid as the header says.
pub unsafe fn rows(arguments: &Arguments) -> Result<Rows<'_>, Failure> {
    if !arguments.firstneigh.is_null() {
        if arguments.numneigh.is_null() || arguments.ilist.is_null() {
            return Err(Failure::Invalid("firstneigh without numneigh or ilist".into()));
        }
        return Ok(Rows::Pointers { counts: arguments.numneigh, first: arguments.firstneigh });
    }
    if arguments.offsets.is_null() {
        return Err(Failure::Invalid("no list: give offsets and neighbors, or firstneigh".into()));
    }
    // SAFETY: nlocal + 1 entries by contract; nlocal was checked to be no less than 0.
    let offsets = unsafe { slice::from_raw_parts(arguments.offsets, arguments.nlocal as usize + 1) };
    let total = offsets[offsets.len() - 1];
    if offsets[0] != 0 || offsets.windows(2).any(|pair| pair[1] < pair[0]) {
        return Err(Failure::Invalid("offsets: expected ascending numbers that start with 0".into()));
    }
    if total > 0 && arguments.neighbors.is_null() {
        return Err(Failure::Invalid("neighbors is NULL".into()));
    }
    let neighbors: &[i32] = if total == 0 {
        &[]
    } else {
        // SAFETY: as many as the last offset by contract.
        unsafe { slice::from_raw_parts(arguments.neighbors, total as usize) }
    };
    Ok(Rows::Compressed { offsets, neighbors })
}
