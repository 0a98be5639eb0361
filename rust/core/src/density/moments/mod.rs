//! Cartesian moments as the one-particle basis of the density engine.
//!
//! ```text
//! M_{μ,abc}(i) = Σ_j f_μ(r_ij; z_i, z_j) x̂^a ŷ^b ẑ^c,     B_k = polynomials of the M,     E_i = e0 + Σ_k c_k B_k
//! ```
//!
//! with the unit vector (x̂, ŷ, ẑ) of r_ij. The polynomials are products of earlier nodes summed into later ones
//! ([`Products`]); the radial functions are polynomials in r for every ordered pair of species
//! ([`PairRadial`]). Coefficients c belong to all species alike. [`Descriptor`] takes the scalars B as features, [`evaluator`] is the
//! contracted form.

mod descriptor;
pub mod evaluator;
mod products;
mod program;
mod radial;

pub use descriptor::Descriptor;
pub use products::{Moment, Product, Products};
pub use program::Program;
pub use radial::{PairRadial, Polynomials, RadialSettings};
