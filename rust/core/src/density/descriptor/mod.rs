//! Descriptors of the density engine: values, their Jacobian as a linear operator, and design rows.
//!
//! The contract is that of [`Features`](crate::features::Features); columns of other species than that of the centre
//! are zero. `embedded_design` gives design rows for the Jacobian of Σ_i F(ρ_i) in the coefficients of the densities.
//!
//! Everything is analytic and uses the radial functions as they are (no tables); values alone come from the evaluator's
//! kernels ([`super::evaluator`]). Cost per centre with J
//! neighbors: one-particle gradients ∝ (A entries)·J, design ∝ Σ_k |support of k|·3J.

mod center;
mod contract;
mod design;
mod edges;
mod embedded;
mod features;
mod lanes;
mod layout;
mod operators;
mod outer;
mod rows;

use std::sync::{Arc, OnceLock};

use self::layout::Layout;
use super::evaluator::{Values, compile_values};
use super::program::Program;
use crate::error::Result;
use crate::simd::Path;

pub(crate) use contract::contract;
pub use embedded::FreeCoefficients;
pub(super) use features::GradientScratch;
pub(crate) use rows::{EXTRA, by_axis, scatter, sum_edges};

/// A program with the layouts that its descriptors need.
#[derive(Debug)]
pub struct Descriptor {
    program: Arc<Program>,
    layouts: Vec<Layout>,
    path: Path,
    /// What gives values, made when they are first asked for.
    values: OnceLock<Box<dyn Values>>,
}

impl Descriptor {
    /// Prepares the descriptors of a program, for the fastest path.
    pub fn new(program: Arc<Program>) -> Self {
        Self::on_path(program, Path::fastest())
    }

    /// As [`Self::new`], for a path that must be supported.
    pub fn on_path(program: Arc<Program>, path: Path) -> Self {
        let layouts = program.centers().iter().map(Layout::new).collect();
        Self { program, layouts, path, values: OnceLock::new() }
    }

    /// The program.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// What gives values.
    fn values_engine(&self) -> Result<&dyn Values> {
        if let Some(values) = self.values.get() {
            return Ok(&**values);
        }
        let values = compile_values(&self.program, self.path)?;
        Ok(&**self.values.get_or_init(|| values))
    }
}
