//! Kernels as functions of the overlap of two directions.

use crate::error::{Error, Result};

/// Largest ζ.
pub const MAX_ZETA: u32 = 16;
/// Shortest and longest θ: unit vectors are at most 2 apart, and exponentials of the evaluator stay finite.
pub const LENGTHS: [f64; 2] = [0.1, 100.0];

/// A kernel of two unit vectors with the overlap t = p̂ · p̂'; it is 1 at t = 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum KernelFunction {
    /// `t^ζ`
    Dot {
        /// ζ, 1 to [`MAX_ZETA`].
        zeta: u32,
    },
    /// `exp(−|p̂ − p̂'|² / (2 θ²)) = exp((t − 1) / θ²)`
    SquaredExponential {
        /// θ, within [`LENGTHS`].
        length: f64,
    },
}

impl KernelFunction {
    /// The power ζ, or the squared exponential of length θ: whichever is given.
    ///
    /// # Errors
    /// [`Error::Setting`] for both or neither, and for numbers out of range.
    pub fn new(zeta: Option<u32>, length: Option<f64>) -> Result<Self> {
        match (zeta, length) {
            (Some(zeta), None) if (1..=MAX_ZETA).contains(&zeta) => Ok(Self::Dot { zeta }),
            (Some(zeta), None) => {
                let reason = format!("expected 1 to {MAX_ZETA}, got {zeta}");
                Err(Error::Setting { name: "zeta", reason })
            }
            (None, Some(length)) if (LENGTHS[0]..=LENGTHS[1]).contains(&length) => {
                Ok(Self::SquaredExponential { length })
            }
            (None, Some(length)) => {
                let reason = format!("expected {} to {}, got {length}", LENGTHS[0], LENGTHS[1]);
                Err(Error::Setting { name: "length", reason })
            }
            _ => {
                let reason = "expected either zeta or length".into();
                Err(Error::Setting { name: "kernel", reason })
            }
        }
    }

    /// k
    pub fn value(self, t: f64) -> f64 {
        match self {
            Self::Dot { zeta } => t.powi(zeta as i32),
            Self::SquaredExponential { length } => ((t - 1.0) / (length * length)).exp(),
        }
    }

    /// dk/dt
    pub fn slope(self, t: f64) -> f64 {
        match self {
            Self::Dot { zeta } => f64::from(zeta) * t.powi(zeta as i32 - 1),
            Self::SquaredExponential { length } => self.value(t) / (length * length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::KernelFunction;

    #[test]
    fn slopes_are_derivatives() {
        for function in [KernelFunction::new(Some(3), None), KernelFunction::new(None, Some(0.4))] {
            let function = function.expect("within range");
            assert!((function.value(1.0) - 1.0).abs() < 1e-15);
            for t in [-0.3, 0.2, 0.9] {
                let numeric = (function.value(t + 1e-6) - function.value(t - 1e-6)) / 2e-6;
                assert!((numeric - function.slope(t)).abs() < 1e-8, "{function:?} at {t}");
            }
        }
    }

    #[test]
    fn refuses_what_is_no_kernel() {
        for (zeta, length) in
            [(None, None), (Some(2), Some(0.5)), (Some(0), None), (Some(17), None), (None, Some(f64::NAN))]
        {
            assert!(KernelFunction::new(zeta, length).is_err());
        }
    }
}
