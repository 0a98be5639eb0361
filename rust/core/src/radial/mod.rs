//! Radial functions: distance transforms, orthogonal polynomials, envelopes and tables.

mod agnesi;
mod basis;
mod chebyshev;
mod embedded;
mod fade;
mod gto;
mod jacobi;
mod overlap;
mod polynomial;
mod soap;
pub mod switch;
mod switched;
pub mod table;

pub use agnesi::Agnesi;
pub use basis::{RadialBasis, RadialSettings};
pub use chebyshev::ChebyshevRadial;
pub use embedded::EmbeddedRadial;
pub use fade::Fade;
pub use gto::Gto;
pub use jacobi::Jacobi;
pub use overlap::{Overlap, OverlapBasis};
pub use polynomial::PolynomialOverlap;
pub use soap::{Decay, Gaussians, NeighborWeight, SmoothEnd, SoapRadial};
pub use switch::InnerSwitch;
pub use switched::SwitchedRadial;
