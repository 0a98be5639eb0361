//! The polynomial step of ML-PACE, used by inner cutoffs and by the switch from ACE to the core repulsion.

/// Inner cutoff: the factor `1 − step_down(r, end, width)` on radial functions, 0 below `end − width`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InnerSwitch {
    /// Distance (Å) from which on the functions are as they were.
    pub end: f64,
    /// Width (Å) of the switch, at most `end`.
    pub width: f64,
}

impl InnerSwitch {
    /// The switch at `r`: 0 at short distances, 1 from `end` on.
    pub fn factor(&self, r: f64) -> f64 {
        1.0 - step_down(r, self.end, self.width).0
    }

    /// Multiplies functions and their derivatives at `r` with the switch.
    pub fn apply(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        let (step, slope) = step_down(r, self.end, self.width);
        if step == 0.0 {
            return;
        }
        for (v, d) in value.iter_mut().zip(derivative) {
            *d = *d * (1.0 - step) - *v * slope;
            *v *= 1.0 - step;
        }
    }
}

/// 1 below `end − width`, 0 from `end` on, twice continuously differentiable between; and its derivative.
pub fn step_down(x: f64, end: f64, width: f64) -> (f64, f64) {
    if x <= end - width {
        return (1.0, 0.0);
    }
    if x >= end {
        return (0.0, 0.0);
    }
    let t = -1.0 - 2.0 * (x - end) / width; // from 1 to −1
    let value = 0.5 + 3.75 * (t / 4.0 - t.powi(3) / 6.0 + t.powi(5) / 20.0);
    let slope = -7.5 / width * (0.25 - t * t / 2.0 + t.powi(4) / 4.0);
    (value, slope)
}

#[cfg(test)]
mod tests {
    use super::step_down;

    #[test]
    fn falls_smoothly() {
        assert_eq!(step_down(1.4, 2.0, 0.5), (1.0, 0.0));
        assert_eq!(step_down(2.0, 2.0, 0.5), (0.0, 0.0));
        for k in 1..100 {
            let x = 1.5 + 0.005 * f64::from(k);
            let numeric = (step_down(x + 1e-6, 2.0, 0.5).0 - step_down(x - 1e-6, 2.0, 0.5).0) / 2e-6;
            assert!((numeric - step_down(x, 2.0, 0.5).1).abs() < 1e-7, "{x}");
        }
        assert!((step_down(1.75, 2.0, 0.5).0 - 0.5).abs() < 1e-15);
    }
}
