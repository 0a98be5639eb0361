//! A structure with its neighbor list as a source of neighborhoods.

use crate::error::{Error, Result};
use crate::neighbors::NeighborList;
use crate::structure::Structure;

use super::environment::{Edge, Neighborhoods};

/// Edges of a neighbor list at the current positions.
pub(super) struct System<'a> {
    positions: &'a [[f64; 3]],
    list: &'a NeighborList,
    shift_vectors: Vec<[f64; 3]>,
    species: Vec<u16>,
}

impl<'a> System<'a> {
    pub(super) fn new(structure: &'a Structure, list: &'a NeighborList, species: Vec<u16>) -> Result<Self> {
        if list.n_centers() != structure.len() {
            return Err(Error::Length {
                what: "neighbor list",
                expected: structure.len(),
                got: list.n_centers(),
            });
        }
        let shift_vectors = list.shifts().iter().map(|&s| structure.cell().shift_vector(s)).collect();
        Ok(Self { positions: structure.positions(), list, shift_vectors, species })
    }
}

impl Neighborhoods for System<'_> {
    fn species(&self) -> &[u16] {
        &self.species
    }

    fn gather(&self, center: usize, edges: &mut Vec<Edge>) {
        let range = self.list.offsets()[center]..self.list.offsets()[center + 1];
        let origin = self.positions[center];
        let shifts = &self.list.shift_ids()[range.clone()];
        edges.extend(self.list.neighbors()[range].iter().zip(shifts).map(|(&neighbor, &shift)| {
            let (r, t) = (self.positions[neighbor as usize], self.shift_vectors[shift as usize]);
            Edge { displacement: std::array::from_fn(|k| r[k] - origin[k] + t[k]), neighbor }
        }));
    }
}
