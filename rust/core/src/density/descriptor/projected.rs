//! Gradients of a few combinations of the features, edge by edge: what a network on the features is trained on.

use super::Descriptor;
use crate::error::{Error, Result};
use crate::structure::Structure;

/// Edges of a structure with the gradients of M combinations of the features of their centre.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProjectedEdges {
    /// Centre of every edge.
    pub centers: Vec<u32>,
    /// Neighbor of every edge.
    pub neighbors: Vec<u32>,
    /// r_ij of every edge, Å.
    pub vectors: Vec<[f64; 3]>,
    /// `[edge][axis][combination]`: derivatives in r_ij.
    pub gradients: Vec<f32>,
}

impl Descriptor {
    /// Gradients of the combinations `Σ_k c_mk B_k`, given as rows over the own features of each centre species.
    ///
    /// # Errors
    /// [`Error::Length`] for another number of species or features, or numbers of combinations that differ, and those
    /// of [`Features::values`](crate::features::Features::values).
    pub fn projected_edges(
        &self,
        structure: &Structure,
        combinations: &[Vec<Vec<f64>>],
        num_threads: Option<usize>,
    ) -> Result<ProjectedEdges> {
        let centers = self.program.centers();
        Error::check_length("combinations", centers.len(), combinations.len())?;
        let m = combinations.first().map_or(0, Vec::len);
        for (own, center) in combinations.iter().zip(centers) {
            Error::check_length("combinations of one element", m, own.len())?;
            for row in own {
                Error::check_length("coefficients of one combination", center.n_features(), row.len())?;
            }
        }
        let mut parts = vec![ProjectedEdges::default(); structure.len()];
        self.each_center(structure, num_threads, &mut parts, 1, |i, z, work, out| {
            let n_neighbors = work.neighbors.len();
            let part = &mut out[0];
            part.centers = vec![i as u32; n_neighbors];
            part.neighbors = work.neighbors.iter().map(|neighbor| neighbor.atom as u32).collect();
            part.vectors = work.neighbors.iter().map(|neighbor| neighbor.vector).collect();
            part.gradients = vec![0.0; n_neighbors * 3 * m];
            for (k, coefficients) in combinations[z].iter().enumerate() {
                let rows = self.density_gradient(z, coefficients, work);
                for (range, row) in work.ranges.iter().zip(&rows).filter(|(_, row)| !row.is_empty()) {
                    let n = range.len();
                    for (position, edge) in range.clone().enumerate() {
                        for axis in 0..3 {
                            part.gradients[(3 * edge + axis) * m + k] += row[axis * n + position] as f32;
                        }
                    }
                }
            }
        })?;
        let mut edges = ProjectedEdges::default();
        for part in parts {
            edges.centers.extend(part.centers);
            edges.neighbors.extend(part.neighbors);
            edges.vectors.extend(part.vectors);
            edges.gradients.extend(part.gradients);
        }
        Ok(edges)
    }
}
