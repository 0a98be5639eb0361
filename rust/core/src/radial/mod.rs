//! Radial functions: distance transforms, orthogonal polynomials, envelopes and tables.

mod agnesi;
mod basis;
mod embedded;
mod jacobi;
pub mod switch;
mod switched;
pub mod table;

pub use agnesi::Agnesi;
pub use basis::{RadialBasis, RadialSettings};
pub use embedded::EmbeddedRadial;
pub use jacobi::Jacobi;
pub use switch::InnerSwitch;
pub use switched::SwitchedRadial;
