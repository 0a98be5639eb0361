//! Pair baselines.

pub mod radii;
pub mod zbl;

pub use zbl::{Switch, Zbl};
