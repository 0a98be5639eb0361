//! Descriptors of the cluster engine: values, their Jacobian as a linear operator, and design rows.
//!
//! The contract is that of [`Features`](crate::features::Features); a pair feature is shared by both atoms, half each.

mod design;
mod environment;
mod operators;

use std::sync::Arc;

use super::program::Program;

/// A program whose basis functions are features.
#[derive(Debug, Clone)]
pub struct Descriptor {
    program: Arc<Program>,
}

impl Descriptor {
    /// The descriptor of a program.
    pub fn new(program: Arc<Program>) -> Self {
        Self { program }
    }

    /// The program.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }
}
