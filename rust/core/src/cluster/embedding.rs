//! Functions of the density around a centre: a many-body effect at the cost of pairs.
//!
//! ```text
//! E_i = Σ_d F_d(ρ_di),   ρ_di = Σ_j f_d(r_ij),   F_d(ρ) = Σ_{k ≥ 1} c_k B_k(ρ)
//! ```
//!
//! The densities f of each species of neighbors are given splines, the embedding functions F are linear in their
//! coefficients, which are what is fitted. The axis of ρ begins at 0 with four equal knots and the first function is
//! left out, so that F(0) = 0: free atoms keep their energy. Beyond both ends of its axis F goes on linearly.
//! The form is that of the embedded-atom method (M. S. Daw, M. I. Baskes, doi:10.1103/PhysRevB.29.6443).

use crate::error::{Error, Result};

use super::spline::Axis;

/// A function of r with given coefficients: linear below its first knot, 0 with two derivatives at its last.
#[derive(Debug, Clone, PartialEq)]
pub struct Density {
    axis: Axis,
    coefficients: Vec<f64>,
}

impl Density {
    /// A density from its coefficients, whose last three are 0.
    ///
    /// # Errors
    /// [`Error::Length`] for a wrong number of coefficients, [`Error::Setting`] for values that are not finite or do
    /// not end in 0.
    pub fn new(axis: Axis, coefficients: Vec<f64>) -> Result<Self> {
        Error::check_length("coefficients of a density", axis.len(), coefficients.len())?;
        let ends = coefficients[axis.len() - 3..].iter().all(|&c| c == 0.0);
        if !ends || coefficients.iter().any(|c| !c.is_finite()) {
            let reason = "expected finite coefficients, the last three 0".into();
            return Err(Error::Setting { name: "density", reason });
        }
        Ok(Self { axis, coefficients })
    }

    /// Distance.
    pub fn axis(&self) -> &Axis {
        &self.axis
    }

    /// The coefficients of all functions.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// Value and derivative (1/Å) at a distance.
    pub(super) fn evaluate(&self, r: f64) -> (f64, f64) {
        if r >= self.axis.high() {
            return (0.0, 0.0);
        }
        let local = self.axis.continued(r);
        let own = &self.coefficients[local.first..][..4];
        let sum = |functions: [f64; 4]| own.iter().zip(functions).map(|(c, f)| c * f).sum();
        (sum(local.value), sum(local.slope))
    }
}

/// The embedding function of a density around centres of one element.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// Atomic number of the centre.
    pub center: u8,
    /// Density ρ.
    pub axis: Axis,
    /// Atomic numbers of the neighbors and what they add to ρ.
    pub densities: Vec<(u8, Density)>,
}

impl Embedding {
    /// Checks that the first function alone has a value at ρ = 0.
    ///
    /// # Errors
    /// [`Error::Setting`] for another axis.
    pub(super) fn check(&self) -> Result<()> {
        if self.axis.knots()[..4].iter().any(|&t| t != 0.0) {
            let reason = "expected an axis that begins with four knots of 0".into();
            return Err(Error::Setting { name: "embedding", reason });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis() -> Result<Axis> {
        Axis::new(vec![1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 4.0, 4.0, 4.0])
    }

    #[test]
    fn densities_end_smoothly() -> Result<()> {
        let density = Density::new(axis()?, vec![3.0, 2.0, 1.0, 0.0, 0.0, 0.0])?;
        let (value, slope) = density.evaluate(1.0);
        assert_eq!(density.evaluate(0.5), (0.5f64.mul_add(-slope, value), slope));
        let (value, slope) = density.evaluate(4.0 - 1e-4);
        assert!(value.abs() < 1e-11 && slope.abs() < 1e-7);
        assert_eq!(density.evaluate(4.0), (0.0, 0.0));
        assert!(Density::new(axis()?, vec![1.0; 6]).is_err());
        assert!(Density::new(axis()?, vec![0.0; 5]).is_err());
        assert!(Density::new(axis()?, vec![f64::NAN, 0.0, 0.0, 0.0, 0.0, 0.0]).is_err());
        Ok(())
    }
}
