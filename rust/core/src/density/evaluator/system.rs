//! A structure with its neighbor list as a source of neighborhoods.

use crate::error::Result;
use crate::neighbors::{Displacements, NeighborList};
use crate::structure::Structure;

use super::environment::{Edges, Neighborhoods};

/// Edges of a neighbor list at the current positions.
pub(super) struct System<'a> {
    displacements: Displacements<'a>,
    species: &'a [u16],
}

impl<'a> System<'a> {
    pub(super) fn new(structure: &'a Structure, list: &'a NeighborList, species: &'a [u16]) -> Result<Self> {
        Ok(Self { displacements: Displacements::new(list, structure)?, species })
    }
}

impl Neighborhoods for System<'_> {
    fn species(&self) -> &[u16] {
        self.species
    }

    #[inline]
    fn gather(&self, center: usize, cutoff: f64, edges: &mut Edges) {
        let list = self.displacements.for_center(center);
        edges.select(list.map(|(j, displacement)| (j as u32, displacement)), cutoff);
    }
}
