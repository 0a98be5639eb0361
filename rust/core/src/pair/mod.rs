//! Pair baselines: closed forms and tables of one distance, beside the functions of a program or on their own.

mod baseline;
mod curve;
mod design;
mod ending;
mod form;
mod nodes;
mod radii;
pub mod zbl;

pub use baseline::{Baseline, Term};
pub(crate) use curve::Curve;
pub use ending::Ending;
pub use form::Form;
pub use radii::covalent_radius;
