//! A structure with its neighbor list as a source of neighborhoods.

use crate::error::Result;
use crate::neighbors::{Displacements, NeighborList};
use crate::structure::Structure;

use super::environment::{Edge, Neighborhoods};

/// Edges of a neighbor list at the current positions.
pub(super) struct System<'a> {
    displacements: Displacements<'a>,
    species: Vec<u16>,
}

impl<'a> System<'a> {
    pub(super) fn new(structure: &'a Structure, list: &'a NeighborList, species: Vec<u16>) -> Result<Self> {
        Ok(Self { displacements: Displacements::new(list, structure)?, species })
    }
}

impl Neighborhoods for System<'_> {
    fn species(&self) -> &[u16] {
        &self.species
    }

    fn gather(&self, center: usize, edges: &mut Vec<Edge>) {
        let list = self.displacements.for_center(center);
        edges.extend(list.map(|(j, displacement)| Edge { displacement, neighbor: j as u32 }));
    }
}
