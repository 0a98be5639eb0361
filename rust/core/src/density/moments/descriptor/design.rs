//! Design rows of all scalars.

use super::Descriptor;
use super::center::CenterWork;
use super::jacobian::JacobianTask;
use crate::centers::visit_centers;
use crate::density::descriptor::contract;
use crate::error::Result;
use crate::features::design_rows;
use crate::simd::{Generic, Path, Simd};
use crate::structure::Structure;

impl Descriptor {
    /// Column-major rows of one structure.
    pub(super) fn rows_of(&self, structure: &Structure) -> Result<Vec<f64>> {
        match Path::fastest() {
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => self.rows_on::<crate::simd::Avx2>(structure),
            #[cfg(all(target_arch = "x86_64", ferrip_avx512))]
            Path::Avx512 => self.rows_on::<crate::simd::Avx512>(structure),
            _ => self.rows_on::<Generic>(structure),
        }
    }

    /// The same, as many centres at a time as `S` has lanes.
    fn rows_on<S: Simd>(&self, structure: &Structure) -> Result<Vec<f64>> {
        let rows = design_rows(structure.len());
        let mut out = vec![0.0; rows * self.program.n_features()];
        let mut group: Vec<CenterWork> = (0..S::LANES).map(|_| CenterWork::default()).collect();
        let mut jacobian = Vec::new();
        visit_centers(self, structure, |centers, i| {
            let lane = i % S::LANES;
            group[lane].fill(&self.program, &self.basis, centers, i)?;
            group[lane].differentiate(&self.basis);
            if lane + 1 == S::LANES || i + 1 == structure.len() {
                self.add_rows::<S>(&group[..=lane], &mut jacobian, rows, &mut out);
            }
            Ok(())
        })?;
        Ok(out)
    }

    /// Adds what some centres contribute; the scratch `jacobian` is overwritten.
    fn add_rows<S: Simd>(&self, group: &[CenterWork], jacobian: &mut Vec<f64>, rows: usize, out: &mut [f64]) {
        let products = self.program.products();
        let nodes: Vec<&[f64]> = group.iter().map(|work| &work.nodes[..]).collect();
        S::enter(JacobianTask { products, basis: &self.basis, nodes: &nodes, out: jacobian });
        let (mut row, mut terms) = (Vec::new(), Vec::new());
        for (lane, work) in group.iter().enumerate() {
            row.resize(work.width(), 0.0);
            let mut derivatives = &jacobian[..];
            let scalars = self.basis.below.iter().zip(products.scalars());
            for ((below, &scalar), column) in scalars.zip(out.chunks_exact_mut(rows)) {
                let (own, rest) = derivatives.split_at(below.sums.len() * S::LANES);
                derivatives = rest;
                terms.clear();
                terms.extend(
                    below.sums.iter().zip(own.chunks_exact(S::LANES)).map(|(&sum, at)| (sum, at[lane])),
                );
                row.fill(0.0);
                contract(&mut row, &work.gradients, &terms);
                column[0] += work.nodes[scalar as usize];
                work.scatter(1.0, &row, column);
            }
        }
    }
}
