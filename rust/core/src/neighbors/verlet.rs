//! A neighbor list with a skin, reused while no edge can have been missed.
//!
//! The list is built at cutoff + skin for reference positions x⁰ and cell C⁰. Let A be a matrix with
//! `C = C⁰ A` (rows are vectors) on the periodic directions and `u_i = x_i − x⁰_i A` what is left of the
//! motion of atom i after the deformation. Then every edge vector is `d = d⁰ A + u_j − u_i`, so that
//!
//! ```text
//! |d⁰| ≤ ‖A⁻¹‖₂ (|d| + 2 max|u|),
//! ```
//!
//! and no edge shorter than the cutoff is missing while `‖A⁻¹‖₂ (cutoff + 2 max|u|) ≤ cutoff + skin`. With a
//! fixed cell this is the usual rule: no atom moved by more than half the skin. A norm below 1 counts as 1, so that the
//! same holds for every shorter cutoff with the same skin.

use nalgebra::Matrix3;

use crate::error::{Error, Result};
use crate::structure::{Cell, Structure};
use crate::threads;

use super::list::NeighborList;
use super::reduction::complete;

/// Part of the allowance that is kept for rounding.
const ROUNDING: f64 = 1e-10;

/// A neighbor list with a skin and the structure that it was built for.
#[derive(Debug, Clone)]
pub struct VerletList {
    cutoff: f64,
    skin: f64,
    reference: Structure,
    list: NeighborList,
}

impl VerletList {
    /// A list for edges up to `cutoff` (Å) that is rebuilt when atoms moved by about half of `skin` (Å);
    /// with a skin of 0 it is rebuilt at every change. Holds no atoms until the first
    /// [`Self::update`].
    ///
    /// # Errors
    /// [`Error::Setting`] for a cutoff that is not positive or a skin that is negative.
    pub fn new(cutoff: f64, skin: f64) -> Result<Self> {
        if !(cutoff.is_finite() && cutoff > 0.0) {
            let reason = format!("expected a positive length, got {cutoff}");
            return Err(Error::Setting { name: "cutoff", reason });
        }
        if !(skin.is_finite() && skin >= 0.0) {
            let reason = format!("expected a length of 0 or more, got {skin}");
            return Err(Error::Setting { name: "skin", reason });
        }
        let nowhere = Cell::new([[0.0; 3]; 3], [false; 3])?;
        let reference = Structure::new(Vec::new(), Vec::new(), nowhere)?;
        Ok(Self { cutoff, skin, reference, list: NeighborList::empty(cutoff + skin) })
    }

    /// Makes the list hold all edges shorter than the cutoff of `structure`. Returns whether it was
    /// rebuilt; `threads` as in [`crate::threads::resolve`].
    ///
    /// # Errors
    /// Those of [`NeighborList::build`] and [`crate::threads::pool`]; the list is then unchanged.
    pub fn update(&mut self, structure: &Structure, threads: Option<usize>) -> Result<bool> {
        if self.covers(structure) {
            return Ok(false);
        }
        let cutoff = self.cutoff + self.skin;
        self.list = threads::pool(threads)?.install(|| NeighborList::build(structure, cutoff))?;
        self.reference.clone_from(structure);
        Ok(true)
    }

    /// The list, with edges up to about cutoff + skin. Edge vectors follow from the current positions
    /// ([`super::Displacements`]); those beyond the cutoff are to be skipped.
    pub fn list(&self) -> &NeighborList {
        &self.list
    }

    /// Whether the list holds all edges of `structure` that are shorter than the cutoff.
    fn covers(&self, structure: &Structure) -> bool {
        let reference = &self.reference;
        if structure.numbers() != reference.numbers() || structure.cell().pbc() != reference.cell().pbc() {
            return false;
        }
        if structure == reference {
            return true;
        }
        let Some((deformation, contraction)) = deformation(reference.cell(), structure.cell()) else {
            return false;
        };
        let allowed = (self.cutoff + self.skin) * (1.0 - ROUNDING) / contraction - self.cutoff;
        let squared = 0.25 * allowed * allowed;
        let pairs = reference.positions().iter().zip(structure.positions());
        allowed > 0.0
            && pairs.into_iter().all(|(x0, x)| {
                let u: [f64; 3] = std::array::from_fn(|k| {
                    x[k] - (x0[0] * deformation[(0, k)]
                        + x0[1] * deformation[(1, k)]
                        + x0[2] * deformation[(2, k)])
                });
                u[0] * u[0] + u[1] * u[1] + u[2] * u[2] <= squared
            })
    }
}

/// The matrix A with `C = C⁰ A` on the periodic directions, and ‖A⁻¹‖₂; `None` where A is singular.
fn deformation(reference: &Cell, cell: &Cell) -> Option<(Matrix3<f64>, f64)> {
    if reference == cell {
        return Some((Matrix3::identity(), 1.0));
    }
    let matrix = |cell: &Cell| {
        let rows = complete(cell.rows(), cell.pbc());
        Matrix3::from_fn(|k, l| rows[k][l])
    };
    let deformation = matrix(reference).try_inverse()? * matrix(cell);
    let smallest = deformation.singular_values().min();
    (smallest > 0.0).then_some((deformation, (1.0 / smallest).max(1.0)))
}
