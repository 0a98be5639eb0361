//! The density engine: one-particle basis summed over neighbors, products, linear readout.

pub mod dag;
pub mod descriptor;
pub mod evaluator;
pub mod kernel;
pub mod moments;
pub mod network;
mod pair_products;
pub mod program;
pub mod readout;

pub use descriptor::Descriptor;
pub use evaluator::{Evaluation, Evaluator};
pub use kernel::{KernelDescriptor, KernelFunction};
pub use network::Network;
pub use program::{ANY_SPECIES, Center, OneParticle, Program, Radial, Ragged};
pub use readout::{CenterReadout, CoreRepulsion, CoreSwitch, Embedding, Readout};
