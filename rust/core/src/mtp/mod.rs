//! The MTP compiler: moment tensor potentials for the density engine's Cartesian moments.
//!
//! ```text
//! M_{μ,ν}(i) = Σ_j f_μ(r_ij; z_i, z_j) r̂_ij ⊗ … ⊗ r̂_ij   (ν times),      lev M_{μ,ν} = 2 + 4μ + ν
//! ```
//!
//! The basis functions of level L are all ways to contract at most four moments to a scalar whose levels sum up
//! to at most L ([`Rule`]); [`plan`] finds the products of components that give them with few multiplications.
//! [`MtpFile`] is what the `.mtp` files of MLIP-2 and the `.almtp` files of MLIP-3 hold.
//!
//! Sources: A. V. Shapeev, doi:10.1137/15M1054183; I. S. Novikov, K. Gubaev, E. V. Podryabinkin,
//! A. V. Shapeev, doi:10.1088/2632-2153/abc9fe.

mod file;
mod graph;
mod matching;
mod plan;
mod rule;
mod text;
mod write;

pub use file::MtpFile;
pub use graph::{Graph, Vertex};
pub use matching::Matched;
pub use plan::plan;
pub use rule::Rule;
