//! Radial functions with an inner cutoff.

use super::InnerSwitch;
use crate::density::Radial;

/// Functions that an inner cutoff takes to 0 at short distances.
#[derive(Debug)]
pub struct SwitchedRadial {
    /// The functions themselves.
    pub radial: Box<dyn Radial>,
    /// The inner cutoff.
    pub switch: InnerSwitch,
}

impl Radial for SwitchedRadial {
    fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        self.radial.evaluate(r, value, derivative);
        self.switch.apply(r, value, derivative);
    }

    fn cutoff(&self) -> f64 {
        self.radial.cutoff()
    }

    fn kink(&self) -> f64 {
        self.radial.kink()
    }

    fn unswitched(&self) -> Option<(&dyn Radial, InnerSwitch)> {
        Some((&*self.radial, self.switch))
    }
}
