//! Energies of ζ = 2 as quadratic forms: `Σ_s c_s (p̂ · p̂_s)² = p̂ᵀ W p̂ = Σ_k w_k (p̂ · v_k)²` with the eigenvectors v of
//! `W = Σ_s c_s p̂_s p̂_sᵀ`.
//!
//! So many sparse environments cost as much as there are functions (Xie et al., DOI 10.1038/s41524-021-00510-y, map the
//! dot product of power 2 to W); with ζ = 1 all are one.

use nalgebra::{DMatrix, SymmetricEigen};

use super::{KernelFunction, SparseKernel, norm};
use crate::error::Result;

/// Eigenvalues below this times the largest are rounding.
const NEGLIGIBLE: f64 = 1e-15;

impl SparseKernel {
    /// The kernel and coefficients of the same energies with the fewest sparse environments; `None` where these are
    /// the fewest that are known.
    ///
    /// # Errors
    /// [`crate::Error::Setting`] for coefficients that are not finite.
    pub fn mapped(&self, coefficients: &[f64]) -> Result<Option<(Self, Vec<f64>)>> {
        let n = self.width();
        let KernelFunction::Dot { zeta } = self.function else { return Ok(None) };
        let (points, weights) = match zeta {
            1 if self.len() > 1 => {
                let mut sum = vec![0.0; n];
                for (row, c) in self.rows().zip(coefficients) {
                    sum.iter_mut().zip(row).for_each(|(sum, p)| *sum += c * p);
                }
                let length = norm(&sum);
                if length == 0.0 {
                    return Ok(None);
                }
                sum.iter_mut().for_each(|sum| *sum /= length);
                (sum, vec![length])
            }
            2 if self.len() > n => {
                let points = DMatrix::from_column_slice(n, self.len(), &self.points);
                let mut weighted = points.clone();
                weighted.column_iter_mut().zip(coefficients).for_each(|(mut column, c)| column *= *c);
                let SymmetricEigen { eigenvectors, eigenvalues } =
                    SymmetricEigen::new(weighted * points.transpose());
                let kept: Vec<usize> =
                    (0..n).filter(|&k| eigenvalues[k].abs() > NEGLIGIBLE * eigenvalues.amax()).collect();
                let column = |&k: &usize| {
                    let column = eigenvectors.column(k);
                    let length = column.norm();
                    column.iter().map(|v| v / length).collect::<Vec<f64>>()
                };
                (kept.iter().flat_map(column).collect(), kept.iter().map(|&k| eigenvalues[k]).collect())
            }
            _ => return Ok(None),
        };
        Ok(Some((self.towards(points, self.free.clone())?, weights)))
    }
}
