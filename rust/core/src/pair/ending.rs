//! How a pair function comes to 0 at its cutoff.

use crate::error::{Error, Result};
use crate::radial::switch::step_down;

/// How a pair function comes to 0 at its cutoff.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ending {
    /// Times a step from 1 at `start` to 0 at the cutoff, twice continuously differentiable.
    Switch {
        /// Å; no change below.
        start: f64,
    },
    /// Less its value at the cutoff: the force jumps there.
    Shift,
    /// Less its tangent at the cutoff: energy and force end in 0.
    ShiftForce,
}

impl Ending {
    /// The ending of a name; `start` (Å) counts for a switch alone.
    ///
    /// # Errors
    /// [`Error::Setting`] for any other name.
    pub fn named(name: &str, start: f64) -> Result<Self> {
        match name {
            "switch" => Ok(Self::Switch { start }),
            "shift" => Ok(Self::Shift),
            "shift-force" => Ok(Self::ShiftForce),
            _ => {
                let reason = format!("expected 'switch', 'shift' or 'shift-force' as ending, got '{name}'");
                Err(Error::Setting { name: "pairs", reason })
            }
        }
    }

    /// Its name, and the start of a switch (0 for others).
    pub fn name(&self) -> (&'static str, f64) {
        match *self {
            Self::Switch { start } => ("switch", start),
            Self::Shift => ("shift", 0.0),
            Self::ShiftForce => ("shift-force", 0.0),
        }
    }

    /// Value and slope `(v, dv)` at `r`, with this ending; `last` are those at the cutoff.
    pub(super) fn apply(
        &self,
        r: f64,
        cutoff: f64,
        (v, dv): (f64, f64),
        (v_last, dv_last): (f64, f64),
    ) -> (f64, f64) {
        match *self {
            Self::Switch { start } => {
                let (step, slope) = step_down(r, cutoff, cutoff - start);
                (v * step, dv * step + v * slope)
            }
            Self::Shift => (v - v_last, dv),
            Self::ShiftForce => (v - v_last - (r - cutoff) * dv_last, dv - dv_last),
        }
    }
}
