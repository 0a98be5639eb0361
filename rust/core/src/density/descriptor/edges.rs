//! Gradients of all features, edge by edge: what a network on the features is trained on.

use super::Descriptor;
use super::features::GradientScratch;
use crate::density::program::Center;
use crate::error::Result;
use crate::features::FeatureEdges;
use crate::structure::Structure;

impl Descriptor {
    /// Edges with the gradients of the features of their centres.
    pub(super) fn all_gradients(
        &self,
        structure: &Structure,
        num_threads: Option<usize>,
    ) -> Result<FeatureEdges> {
        let width = self.program.centers().iter().map(Center::n_features).max().unwrap_or(0);
        let mut parts = vec![FeatureEdges::new(width); structure.len()];
        self.each_center(structure, num_threads, &mut parts, 1, |i, z, work, out| {
            let part = &mut out[0];
            for neighbor in &work.neighbors {
                part.push(i, neighbor.atom, neighbor.vector);
            }
            self.feature_gradients(
                z,
                work,
                &mut GradientScratch::default(),
                |_| true,
                |k, s, row| {
                    let range = work.ranges[s].clone();
                    let n = range.len();
                    for (position, edge) in range.enumerate() {
                        for axis in 0..3 {
                            part.add(edge, axis, k, row[axis * n + position]);
                        }
                    }
                },
            );
        })?;
        Ok(FeatureEdges::joined(width, parts))
    }
}
