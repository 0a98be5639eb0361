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

    fn values(&self, r: &[f64], stride: usize, n_functions: usize, out: &mut [f64]) {
        self.radial.values(r, stride, n_functions, out);
        for (j, &r) in r.iter().enumerate() {
            let factor = self.switch.factor(r);
            if factor < 1.0 {
                out[j..].iter_mut().step_by(stride).take(n_functions).for_each(|value| *value *= factor);
            }
        }
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
