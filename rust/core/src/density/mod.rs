//! The density engine: one-particle basis summed over neighbors, products, linear readout.

pub mod descriptor;
pub mod program;

pub use descriptor::Descriptor;
pub use program::{Center, OneParticle, Program, Radial, Ragged};
