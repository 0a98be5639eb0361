//! Neighbor lists, descriptors and evaluators of the ferrip interatomic potentials.
//!
//! Units everywhere: Å, eV, eV/Å. See `ARCHITECTURE.md` for the module graph.

pub mod ace;
pub mod acsf;
mod centers;
pub mod chebyshev;
pub mod cluster;
pub mod density;
pub mod elements;
pub mod error;
pub mod features;
pub mod joint;
pub mod mtp;
pub mod neighbors;
mod ordered;
pub mod pair;
pub mod radial;
pub mod simd;
pub mod soap;
pub mod spherical;
pub mod structure;
pub mod threads;

pub use error::{Error, Result};
pub use features::{DesignBlock, Features, Gradient};
pub use joint::JointDescriptor;
pub use structure::{Cell, Structure};
