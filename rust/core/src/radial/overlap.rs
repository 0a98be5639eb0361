//! The radial functions of SOAP: overlaps of a Gaussian with one of two sets of orthonormal functions.

use super::{Gto, PolynomialOverlap};
use crate::error::{Error, Result};

/// Which orthonormal functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverlapBasis {
    /// Gaussian-type orbitals.
    Gto,
    /// Polynomials.
    Polynomial,
}

impl OverlapBasis {
    /// The basis of a name.
    ///
    /// # Errors
    /// [`Error::Setting`] for an unknown name.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "gto" => Ok(Self::Gto),
            "polynomial" => Ok(Self::Polynomial),
            _ => {
                let reason = format!("expected 'gto' or 'polynomial', got '{name}'");
                Err(Error::Setting { name: "basis", reason })
            }
        }
    }
}

/// Functions of all l: that of (l, n) is number `l · n_max + n`.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlap {
    /// With Gaussian-type orbitals.
    Gto(Gto),
    /// With polynomials.
    Polynomial(PolynomialOverlap),
}

impl Overlap {
    /// `n` functions for each l up to `lmax`, for a cutoff and a width σ of the Gaussians in Å.
    ///
    /// # Errors
    /// Those of [`Gto::new`] and [`PolynomialOverlap::new`].
    pub fn new(basis: OverlapBasis, n: usize, lmax: usize, cutoff: f64, sigma: f64) -> Result<Self> {
        match basis {
            OverlapBasis::Gto => Gto::new(n, lmax, cutoff, sigma).map(Self::Gto),
            OverlapBasis::Polynomial => PolynomialOverlap::new(n, lmax, cutoff, sigma).map(Self::Polynomial),
        }
    }

    /// Number of functions over all l.
    pub fn len(&self) -> usize {
        match self {
            Self::Gto(gto) => gto.len(),
            Self::Polynomial(polynomial) => polynomial.len(),
        }
    }

    /// Whether there are none; never.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values and derivatives (1/Å) at `r` (Å).
    pub fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        match self {
            Self::Gto(gto) => gto.evaluate(r, value, derivative),
            Self::Polynomial(polynomial) => polynomial.evaluate(r, value, derivative),
        }
    }

    /// Values times `factors` at several distances: that of function `f` at distance `j` goes to `out[f * stride + j]`.
    pub fn values(&self, r: &[f64], factors: &[f64], stride: usize, out: &mut [f64]) {
        match self {
            Self::Gto(gto) => gto.values(r, factors, stride, out),
            Self::Polynomial(polynomial) => {
                let (mut value, mut slope) = (vec![0.0; self.len()], vec![0.0; self.len()]);
                for (j, (&r, factor)) in r.iter().zip(factors).enumerate() {
                    polynomial.evaluate(r, &mut value, &mut slope);
                    let places = out[j..].iter_mut().step_by(stride);
                    places.zip(&value).for_each(|(out, value)| *out = factor * value);
                }
            }
        }
    }
}
