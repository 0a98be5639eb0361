//! Energies, forces and strain derivatives of a pair baseline in the row layout of the design matrix.

use rayon::prelude::*;

use crate::error::Result;
use crate::neighbors::{Displacements, NeighborList};
use crate::structure::{Structure, norm};
use crate::threads;

use super::Baseline;

impl Baseline {
    /// Rows of the structures behind one another; 1 + 3N + 6 each: energy, forces (atom-major xyz), dE/dε
    /// (Voigt xx yy zz yz xz xy, symmetric). Units eV and eV/Å.
    ///
    /// # Errors
    /// Those of [`NeighborList::build`] and [`threads::pool`].
    pub fn design_rows(&self, structures: &[Structure], num_threads: Option<usize>) -> Result<Vec<f64>> {
        let pool = threads::pool(num_threads)?;
        let rows: Result<Vec<Vec<f64>>> =
            pool.install(|| structures.par_iter().map(|structure| self.rows(structure)).collect());
        Ok(rows?.concat())
    }

    fn rows(&self, structure: &Structure) -> Result<Vec<f64>> {
        let n = structure.len();
        let mut rows = vec![0.0; 1 + 3 * n + 6];
        if self.max_cutoff() == 0.0 {
            return Ok(rows);
        }
        let list = NeighborList::build(structure, self.max_cutoff())?;
        let displacements = Displacements::new(&list, structure)?;
        let numbers = structure.numbers();
        for i in 0..n {
            for (j, d) in displacements.for_center(i) {
                let r = norm(&d);
                // Both directions of a pair are in the list, so each edge carries half.
                let (v, dv) = self.evaluate(numbers[i], numbers[j], r);
                rows[0] += 0.5 * v;
                let gradient = d.map(|x| 0.5 * dv * x / r.max(f64::MIN_POSITIVE));
                for axis in 0..3 {
                    rows[1 + 3 * i + axis] += gradient[axis];
                    rows[1 + 3 * j + axis] -= gradient[axis];
                }
                for (k, (a, b)) in [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)].into_iter().enumerate() {
                    rows[1 + 3 * n + k] += gradient[a] * d[b];
                }
            }
        }
        Ok(rows)
    }
}
