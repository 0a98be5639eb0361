//! Neighbor lists: full, sorted by centre, then neighbor, then shift (DESIGN §1).
//!
//! An edge i→j(S) has the vector `r_ij = r_j + S·cell − r_i` (Å), S counted from the positions as given.
//! [`NeighborList::build`] reduces the lattice, wraps the atoms, sorts them and their images into bins
//! (O(N)), finds candidates by their wrapped positions and decides near the cutoff by `r_ij` itself.

mod displacements;
mod edges;
mod grid;
mod images;
mod list;
mod reduction;
mod rows;
mod search;
mod verlet;

pub use displacements::Displacements;
pub use edges::Edges;
pub use list::NeighborList;
pub use verlet::VerletList;
