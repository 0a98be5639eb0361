//! `values`, `vjp` and `jvp`, and what they share.

use super::Descriptor;
use super::center::CenterWork;
use crate::centers::{Centers, Neighbor, each_center, visit_centers};
use crate::density::descriptor::contract;
use crate::density::evaluator::Evaluator;
use crate::density::moments::evaluator;
use crate::error::{Error, Result};
use crate::features::{EdgeGradient, Features, edge_tangent};
use crate::pair::Baseline;
use crate::simd::Path;
use crate::structure::Structure;

impl Features for Descriptor {
    fn species(&self) -> &[u8] {
        self.program.species()
    }

    fn cutoff(&self) -> f64 {
        self.program.cutoff()
    }

    fn n_features(&self) -> usize {
        self.program.n_features()
    }

    fn values(&self, structure: &Structure, num_threads: Option<usize>) -> Result<Vec<f64>> {
        let columns = self.program.n_features();
        let mut out = vec![0.0; structure.len() * columns];
        self.each_center(structure, num_threads, &mut out, columns, |work, row| {
            self.scalars_of(&work.nodes, row);
        })?;
        Ok(out)
    }

    fn edge_gradients(
        &self,
        structure: &Structure,
        values_bar: &[f64],
        num_threads: Option<usize>,
    ) -> Result<Vec<Vec<EdgeGradient>>> {
        let features = self.program.n_features();
        let mut edges = vec![Vec::new(); structure.len()];
        self.each_center(structure, num_threads, &mut edges, 1, |work, out| {
            let bar = self.sum_adjoints(&work.nodes, &values_bar[work.center * features..][..features]);
            work.differentiate(&self.basis);
            let terms: Vec<(u32, f64)> = (0..).zip(bar).collect();
            let mut row = vec![0.0; work.width()];
            contract(&mut row, &work.gradients, &terms);
            let n = work.neighbors.len();
            let edge = |(k, neighbor): (usize, &Neighbor)| EdgeGradient {
                atom: neighbor.atom,
                gradient: [row[k], row[n + k], row[2 * n + k]],
                vector: neighbor.vector,
            };
            out[0] = work.neighbors.iter().enumerate().map(edge).collect();
        })?;
        Ok(edges)
    }

    fn jvp(
        &self,
        structure: &Structure,
        positions_dot: &[[f64; 3]],
        strain_dot: &[[f64; 3]; 3],
        num_threads: Option<usize>,
    ) -> Result<Vec<f64>> {
        Error::check_length("positions_dot", structure.len(), positions_dot.len())?;
        let columns = self.program.n_features();
        let mut out = vec![0.0; structure.len() * columns];
        self.each_center(structure, num_threads, &mut out, columns, |work, row| {
            work.differentiate(&self.basis);
            let n = work.neighbors.len();
            let moved = &positions_dot[work.center];
            let mut dots = vec![0.0; 3 * n];
            for (k, neighbor) in work.neighbors.iter().enumerate() {
                let dot = edge_tangent(&neighbor.vector, [moved, &positions_dot[neighbor.atom]], strain_dot);
                for x in 0..3 {
                    dots[x * n + k] = dot[x];
                }
            }
            let sums_dot: Vec<f64> = work
                .gradients
                .chunks_exact(work.width())
                .map(|row| row.iter().zip(&dots).map(|(g, d)| g * d).sum())
                .collect();
            let mut nodes_dot = self.basis.moments_of(&sums_dot);
            nodes_dot.resize(work.nodes.len(), 0.0);
            for product in self.program.products().products() {
                let [a, b] = product.factors.map(|node| node as usize);
                nodes_dot[product.target as usize] +=
                    product.weight * (nodes_dot[a] * work.nodes[b] + work.nodes[a] * nodes_dot[b]);
            }
            self.scalars_of(&nodes_dot, row);
        })?;
        Ok(out)
    }

    fn design_one(&self, structure: &Structure) -> Result<Vec<f64>> {
        self.rows_of(structure)
    }

    fn evaluator(
        &self,
        coefficients: &[f64],
        e0: &[f64],
        baseline: &Baseline,
        path: Path,
    ) -> Result<Evaluator> {
        evaluator::compile(&self.program, coefficients, e0, baseline, path)
    }
}

impl Descriptor {
    /// Takes the scalars from the nodes.
    fn scalars_of(&self, nodes: &[f64], out: &mut [f64]) {
        out.iter_mut()
            .zip(self.program.products().scalars())
            .for_each(|(out, &node)| *out = nodes[node as usize]);
    }

    /// Adjoints of the sums for those of the scalars.
    pub(super) fn sum_adjoints(&self, nodes: &[f64], scalars_bar: &[f64]) -> Vec<f64> {
        let bars = self.node_adjoints(nodes, scalars_bar);
        let mut out = vec![0.0; self.basis.layout.size];
        for (terms, bar) in self.basis.moments.iter().zip(bars) {
            terms.iter().for_each(|&(sum, weight)| out[sum as usize] += weight * bar);
        }
        out
    }

    /// Adjoints of all nodes for those of the scalars.
    pub(super) fn node_adjoints(&self, nodes: &[f64], scalars_bar: &[f64]) -> Vec<f64> {
        let products = self.program.products();
        let mut bars = vec![0.0; nodes.len()];
        for (&node, bar) in products.scalars().iter().zip(scalars_bar) {
            bars[node as usize] += bar;
        }
        for product in products.products().iter().rev() {
            let [a, b] = product.factors.map(|node| node as usize);
            let bar = product.weight * bars[product.target as usize];
            bars[a] += bar * nodes[b];
            bars[b] += bar * nodes[a];
        }
        bars
    }

    /// Runs `visit(work, out_i)` for every centre in parallel; `out` has `stride` items per centre.
    fn each_center<T: Send>(
        &self,
        structure: &Structure,
        num_threads: Option<usize>,
        out: &mut [T],
        stride: usize,
        visit: impl Fn(&mut CenterWork, &mut [T]) + Sync,
    ) -> Result<()> {
        let enter = |work: &mut CenterWork, centers: &Centers<'_>, i, row: &mut [T]| {
            work.fill(&self.program, &self.basis, centers, i)?;
            visit(work, row);
            Ok(())
        };
        each_center(self, structure, num_threads, out, stride, enter)
    }

    /// Visits the centres of a structure one after the other, with gradients of the sums.
    pub(super) fn visit_centers(
        &self,
        structure: &Structure,
        mut visit: impl FnMut(&CenterWork),
    ) -> Result<()> {
        let mut work = CenterWork::default();
        visit_centers(self, structure, |centers, i| {
            work.fill(&self.program, &self.basis, centers, i)?;
            work.differentiate(&self.basis);
            visit(&work);
            Ok(())
        })
    }
}
