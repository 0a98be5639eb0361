//! Radial functions: distance transforms, orthogonal polynomials and envelopes.

mod agnesi;
mod basis;
mod jacobi;

pub use agnesi::Agnesi;
pub use basis::{RadialBasis, RadialSettings};
pub use jacobi::Jacobi;
