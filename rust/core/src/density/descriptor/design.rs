//! Design rows: energy, forces and strain derivatives of all features of a structure.

use super::Descriptor;
use super::center::CenterWork;
use super::features::GradientScratch;
use crate::centers::visit_centers;
use crate::error::Result;
use crate::features::design_rows;
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
    pub(in crate::density) fn visit_centers(
        &self,
        structure: &Structure,
        mut visit: impl FnMut(usize, usize, &CenterWork),
    ) -> Result<()> {
        let mut work = CenterWork::default();
        visit_centers(self, structure, |centers, i| {
            self.prepare(centers, i, &mut work)?;
            visit(i, centers.species(i), &work);
            Ok(())
        })
    }
}
