//! Neighbor lists: full, sorted by centre, then neighbor, then shift (DESIGN §1).
//!
//! An edge i→j(S) has the vector `r_ij = r_j + S·cell − r_i` (Å), S counted from the positions as given.
//! [`NeighborList::build`] and [`Edges`] reduce the lattice, wrap the atoms, sort them and their images into
//! bins (O(N)), select by their wrapped positions in single precision and decide near the cutoff by `r_ij`
//! itself.

mod displacements;
mod edges;
mod grid;
pub(crate) mod host;
mod images;
mod list;
mod order;
mod reduction;
mod rows;
mod search;
mod shifts;
pub mod tiles;
mod verlet;

pub use displacements::Displacements;
pub use edges::{EdgeArrays, Edges};
pub use list::NeighborList;
pub(crate) use order::SpatialOrder;
pub use verlet::VerletList;
