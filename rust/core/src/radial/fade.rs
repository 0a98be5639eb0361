//! Cutoff functions that fall from 1 at the centre to 0 at the cutoff.

use std::f64::consts::PI;

use super::switch::step_down;
use crate::error::{Error, Result};

/// A cutoff function over the whole range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fade {
    /// `½ (1 + cos(π r / r_c))`: its second derivative jumps at the cutoff.
    Cosine,
    /// The quintic polynomial with two derivatives of 0 at either end.
    Quintic,
}

impl Fade {
    /// The function of a name.
    ///
    /// # Errors
    /// [`Error::Setting`] for an unknown name.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "cosine" => Ok(Self::Cosine),
            "quintic" => Ok(Self::Quintic),
            _ => {
                let reason = format!("expected 'cosine' or 'quintic', got '{name}'");
                Err(Error::Setting { name: "fade", reason })
            }
        }
    }

    /// Value and derivative (1/Å) at `r` for a cutoff, both in Å.
    #[inline]
    pub fn evaluate(self, r: f64, cutoff: f64) -> (f64, f64) {
        if r >= cutoff {
            return (0.0, 0.0);
        }
        match self {
            Self::Cosine => {
                let (sine, cosine) = (PI * r / cutoff).sin_cos();
                (0.5 * (1.0 + cosine), -0.5 * PI / cutoff * sine)
            }
            Self::Quintic => step_down(r, cutoff, cutoff),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fade;

    #[test]
    fn falls_from_one_to_zero_with_its_slope() {
        for fade in [Fade::Cosine, Fade::Quintic] {
            assert!((fade.evaluate(0.0, 4.0).0 - 1.0).abs() < 1e-15);
            assert_eq!(fade.evaluate(4.0, 4.0), (0.0, 0.0));
            for k in 1..40 {
                let r = 0.1 * f64::from(k);
                let numeric = (fade.evaluate(r + 1e-6, 4.0).0 - fade.evaluate(r - 1e-6, 4.0).0) / 2e-6;
                assert!((numeric - fade.evaluate(r, 4.0).1).abs() < 1e-8, "{fade:?} {r}");
            }
        }
        assert!(Fade::parse("tanh").is_err() && Fade::parse("quintic") == Ok(Fade::Quintic));
    }
}
