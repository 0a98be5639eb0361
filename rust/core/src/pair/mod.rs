//! Pair baselines.

mod design;
mod radii;
pub mod zbl;

pub use radii::covalent_radius;
pub use zbl::{Switch, Zbl};
