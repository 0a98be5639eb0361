//! The ACE compiler: settings → basis functions → symmetrisation → [`crate::density::Program`].
//!
//! Atomic cluster expansion: Drautz, Phys. Rev. B 99, 014104 (2019), DOI 10.1103/PhysRevB.99.014104;
//! Dusson et al., J. Comput. Phys. 454, 110946 (2022), DOI 10.1016/j.jcp.2022.110946.

mod basis;
mod compile;
mod coupling;
pub mod pace;
mod settings;
mod similarity;

pub use basis::{Factor, enumerate};
pub use compile::{Ace, compile};
pub use coupling::{Invariants, invariants};
pub use settings::{AceSettings, PairSettings, Selection, SpeciesBasis};
pub use similarity::{TiedFunctions, resolve_coefficients, resolved_factors, tied_functions};
