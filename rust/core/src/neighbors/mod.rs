//! Neighbor lists: full, sorted by centre, then neighbor, then shift (DESIGN §1).

mod displacements;
mod list;

pub use displacements::Displacements;
pub use list::NeighborList;
