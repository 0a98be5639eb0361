//! Descriptors of the density engine: values, their Jacobian as a linear operator, and design rows.
//!
//! With features `B_k(i)` of the centres i (columns of other species are zero):
//!
//! | method | gives | shape |
//! |---|---|---|
//! | `values` | B | (N, K) |
//! | `vjp` | Σ_ik B̄_ik dB_ik/dr, and the same with d/dε | (N, 3), (3, 3) |
//! | `jvp` | Σ dB/dr · ṙ + dB/dε · ε̇ | (N, K) |
//! | `design` | rows Σ_i B, −d/dr Σ_i B, d/dε Σ_i B (Voigt, symmetric part) | (1 + 3N + 6, K) |
//! | `embedded_design` | the same for the Jacobian of Σ_i F(ρ_i) in the coefficients of the densities | (1 + 3N + 6, columns + 1) |
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

use std::sync::Arc;

use self::layout::Layout;
use super::program::Program;

pub use design::{DesignBlock, design_rows};
pub use embedded::FreeCoefficients;
pub use operators::Gradient;

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
