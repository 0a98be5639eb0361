//! The density engine: one-particle basis summed over neighbors, products, linear readout.

pub mod program;

pub use program::{Center, OneParticle, Program, Radial, Ragged};
