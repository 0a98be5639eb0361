//! Design rows of all scalars.

use super::Descriptor;
use super::center::CenterWork;
use crate::density::descriptor::contract;
use crate::error::Result;
use crate::features::design_rows;
use crate::structure::Structure;

impl Descriptor {
    /// Column-major rows of one structure.
    pub(super) fn rows_of(&self, structure: &Structure) -> Result<Vec<f64>> {
        let rows = design_rows(structure.len());
        let mut out = vec![0.0; rows * self.program.n_features()];
        let mut jacobian = Jacobian::default();
        let mut row = Vec::new();
        self.visit_centers(structure, |work| {
            row.resize(work.width(), 0.0);
            for (k, column) in out.chunks_exact_mut(rows).enumerate() {
                column[0] += work.nodes[self.program.products().scalars()[k] as usize];
                row.fill(0.0);
                contract(&mut row, &work.gradients, jacobian.of_scalar(self, k, work));
                work.scatter(1.0, &row, column);
            }
        })?;
        Ok(out)
    }
}

/// Derivatives of one scalar after the other in the sums.
#[derive(Debug, Default)]
struct Jacobian {
    bars: Vec<f64>,
    sums: Vec<f64>,
    terms: Vec<(u32, f64)>,
}

impl Jacobian {
    /// The sums that scalar `k` depends on, with its derivatives.
    fn of_scalar(&mut self, descriptor: &Descriptor, k: usize, work: &CenterWork) -> &[(u32, f64)] {
        let (basis, products) = (&descriptor.basis, descriptor.program.products());
        self.bars.resize(work.nodes.len(), 0.0);
        self.sums.resize(work.sums.len(), 0.0);
        let scalar = products.scalars()[k] as usize;
        self.bars[scalar] = 1.0;
        for product in basis.below(k).iter().map(|&p| &products.products()[p as usize]) {
            let [a, b] = product.factors.map(|node| node as usize);
            let bar = product.weight * self.bars[product.target as usize];
            self.bars[a] += bar * work.nodes[b];
            self.bars[b] += bar * work.nodes[a];
        }
        self.bars[scalar] = if scalar < basis.moments.len() { 1.0 } else { 0.0 };
        // The moments hand their adjoints on to the sums; what was touched is left at 0.
        self.take(basis, scalar);
        for product in basis.below(k).iter().map(|&p| &products.products()[p as usize]) {
            product.factors.into_iter().for_each(|node| self.take(basis, node as usize));
        }
        self.terms.clear();
        for (sum, derivative) in (0..).zip(&mut self.sums) {
            if *derivative != 0.0 {
                self.terms.push((sum, *derivative));
                *derivative = 0.0;
            }
        }
        &self.terms
    }

    fn take(&mut self, basis: &super::basis::Basis, node: usize) {
        let bar = std::mem::take(&mut self.bars[node]);
        if let Some(terms) = basis.moments.get(node).filter(|_| bar != 0.0) {
            terms.iter().for_each(|&(sum, weight)| self.sums[sum as usize] += weight * bar);
        }
    }
}
