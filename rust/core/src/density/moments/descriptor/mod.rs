//! Scalars of moments as features: values, their Jacobian as a linear operator, design rows, and the rows of the
//! derivatives in the radial coefficients.
//!
//! The contract is that of [`Features`](crate::features::Features); all species share the features. Per centre, the
//! gradients of the sums over neighbors ([`center`]) are real rows, and every derivative is a sparse combination
//! of these rows.

mod basis;
mod below;
mod center;
mod design;
mod hessian;
mod jacobian;
mod operators;
mod radial_design;

use std::sync::Arc;

use super::program::Program;
use basis::Basis;

/// A program whose scalars are features.
#[derive(Debug, Clone)]
pub struct Descriptor {
    program: Arc<Program>,
    basis: Arc<Basis>,
}

impl Descriptor {
    /// The descriptor of a program.
    pub fn new(program: Arc<Program>) -> Self {
        let basis = Arc::new(Basis::new(&program));
        Self { program, basis }
    }

    /// The program.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }
}
