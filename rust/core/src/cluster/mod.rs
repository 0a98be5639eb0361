//! The cluster engine: energies as explicit sums over pairs and triplets with splines as kernels, and splines of
//! densities, which are sums over pairs.
//!
//! [`Program`] says which splines; [`Descriptor`] gives their basis functions as features with values, vjp,
//! jvp and design rows; [`evaluator`] contracts them with coefficients for molecular dynamics. The first
//! family is UF3: S. R. Xie, M. Rupp, R. G. Hennig, doi:10.1038/s41524-023-01092-7.

mod descriptor;
pub mod embedding;
pub mod evaluator;
mod program;
pub mod spline;

pub use descriptor::Descriptor;
pub use embedding::{Density, Embedding};
pub use program::{Pair, Program, Triplet};
