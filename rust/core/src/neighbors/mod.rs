//! Neighbor lists: full, sorted by centre, then neighbor, then shift (DESIGN §1).

mod list;

pub use list::NeighborList;
