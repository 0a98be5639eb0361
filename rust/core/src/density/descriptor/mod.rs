//! Descriptors of the density engine: values, their Jacobian as a linear operator, and design rows.
//!
//! The contract is that of [`Features`](crate::features::Features); columns of other species than that of the centre
//! are zero. `embedded_design` gives design rows for the Jacobian of Σ_i F(ρ_i) in the coefficients of the densities.
//!
//! Everything is analytic and uses the radial functions as they are (no tables). Cost per centre with J
//! neighbors: one-particle gradients ∝ (A entries)·J, design ∝ Σ_k |support of k|·3J.

mod center;
mod contract;
mod design;
mod embedded;
mod features;
mod layout;
mod operators;
mod outer;
mod rows;

use std::sync::Arc;

use self::layout::Layout;
use super::program::Program;

pub(crate) use contract::contract;
pub use embedded::FreeCoefficients;
pub(crate) use rows::{EXTRA, by_axis, scatter, sum_edges};

/// A program with the layouts that its descriptors need.
#[derive(Debug)]
pub struct Descriptor {
    program: Arc<Program>,
    layouts: Vec<Layout>,
}

impl Descriptor {
    /// Prepares the descriptors of a program.
    pub fn new(program: Arc<Program>) -> Self {
        let layouts = program.centers().iter().map(Layout::new).collect();
        Self { program, layouts }
    }

    /// The program.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }
}
