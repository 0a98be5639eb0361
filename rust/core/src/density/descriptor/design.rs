//! Design rows: energy, forces and strain derivatives of all features of a structure.

use super::Descriptor;
use super::center::{CenterWork, EXTRA};
use super::features::GradientScratch;
use crate::error::Result;
use crate::features::design_rows;
use crate::neighbors::{Displacements, NeighborList};
use crate::spherical::Harmonics;
use crate::structure::Structure;

impl Descriptor {
    /// Column-major rows of one structure.
    pub(super) fn rows_of(&self, structure: &Structure) -> Result<Vec<f64>> {
        let rows = design_rows(structure.len());
        let mut out = vec![0.0; rows * self.program.n_features()];
        let (mut values, mut scratch) = (Vec::new(), GradientScratch::default());
        self.visit_centers(structure, |i, z, work| {
            let own = &mut out[self.program.feature_range(z).start * rows..];
            self.feature_values(z, work, &mut values);
            own.iter_mut().step_by(rows).zip(&values).for_each(|(energy, b)| *energy += b);
            self.feature_gradients(
                z,
                work,
                &mut scratch,
                |_| true,
                |k, s, row| {
                    work.scatter(s, i, 1.0, row, &mut own[k * rows..][..rows]);
                },
            );
        })?;
        Ok(out)
    }

    /// Visits the centres of a structure one after the other, with gradients.
    pub(super) fn visit_centers(
        &self,
        structure: &Structure,
        mut visit: impl FnMut(usize, usize, &CenterWork),
    ) -> Result<()> {
        let species = self.program.species_indices(structure.numbers())?;
        let list = NeighborList::build(structure, self.program.cutoff())?;
        let edges = Displacements::new(&list, structure)?;
        let harmonics: Vec<Harmonics> = self.layouts.iter().map(|l| Harmonics::new(l.lmax)).collect();
        let mut work = CenterWork::default();
        for (i, &z) in species.iter().enumerate() {
            let z = usize::from(z);
            self.prepare(i, &species, &edges, &harmonics[z], true, &mut work)?;
            visit(i, z, &work);
        }
        Ok(())
    }
}

impl CenterWork {
    /// Adds `weight` times a gradient row of range `s` (see [`CenterWork::gradients`]) to a design column.
    pub(super) fn scatter(&self, s: usize, center: usize, weight: f64, row: &[f64], column: &mut [f64]) {
        let n = self.ranges[s].len();
        let (x, rest) = row.split_at(n);
        let (y, rest) = rest.split_at(n);
        let (z, rest) = rest.split_at(n);
        debug_assert_eq!(rest.len(), EXTRA);
        for (position, neighbor) in self.neighbors[self.ranges[s].clone()].iter().enumerate() {
            let force = &mut column[1 + 3 * neighbor.atom..][..3];
            force[0] -= weight * x[position];
            force[1] -= weight * y[position];
            force[2] -= weight * z[position];
        }
        for k in 0..3 {
            column[1 + 3 * center + k] -= weight * rest[k];
        }
        let end = column.len() - 6;
        for k in 0..6 {
            column[end + k] += weight * rest[3 + k];
        }
    }
}
