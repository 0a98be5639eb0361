//! `values`, `vjp` and `jvp`.

use super::Descriptor;
use super::environment::{Environment, TripletTerm};
use crate::centers::{Centers, Neighbor, each_center};
use crate::cluster::evaluator;
use crate::density::evaluator::Evaluator;
use crate::error::{Error, Result};
use crate::features::{EdgeGradient, Features, edge_tangent};
use crate::pair::Baseline;
use crate::simd::Path;
use crate::structure::{Structure, dot};

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
        self.each_center(structure, num_threads, &mut out, columns, |environment, row| {
            let mut raw = vec![0.0; self.program.n_columns()];
            for n in 0..environment.neighbors.len() {
                if let Some(pair) = environment.pair(&self.program, n) {
                    add_four(&mut raw, pair.column, 0.5, &pair.value);
                }
            }
            for term in environment.embeddings(&self.program) {
                add_four(&mut raw, term.column, 1.0, &term.value);
            }
            environment.triplets(&self.program, |term| {
                add_products(term, [1.0, 0.0, 0.0, 0.0], &mut raw);
            });
            row.copy_from_slice(&self.program.features_of(&raw));
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
        self.each_center(structure, num_threads, &mut edges, 1, |environment, out| {
            let bar = self.program.raw_of(&values_bar[environment.center * features..][..features]);
            out[0] = self.pull_back(environment, &bar);
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
        self.each_center(structure, num_threads, &mut out, columns, |environment, row| {
            let moved = &positions_dot[environment.center];
            let dots: Vec<[f64; 3]> = environment
                .neighbors
                .iter()
                .map(|n| edge_tangent(&n.vector, [moved, &positions_dot[n.atom]], strain_dot))
                .collect();
            let mut raw = vec![0.0; self.program.n_columns()];
            for (n, (neighbor, vector_dot)) in environment.neighbors.iter().zip(&dots).enumerate() {
                if let Some(pair) = environment.pair(&self.program, n) {
                    let r_dot = dot(&neighbor.vector, vector_dot) / neighbor.distance;
                    add_four(&mut raw, pair.column, 0.5 * r_dot, &pair.slope);
                }
            }
            for term in environment.embeddings(&self.program) {
                let edges = environment.neighbors.iter().zip(&dots).zip(&term.rises);
                let density_dot: f64 =
                    edges.map(|((n, n_dot), rise)| rise * dot(&n.vector, n_dot) / n.distance).sum();
                add_four(&mut raw, term.column, density_dot, &term.slope);
            }
            environment.triplets(&self.program, |term| {
                let [j_dot, k_dot] = term.edges.map(|n| dots[n]);
                let across: [f64; 3] = std::array::from_fn(|x| k_dot[x] - j_dot[x]);
                let [ij, ik, jk] = &term.units;
                let weights = [0.0, dot(ij, &j_dot), dot(ik, &k_dot), dot(jk, &across)];
                add_products(term, weights, &mut raw);
            });
            row.copy_from_slice(&self.program.features_of(&raw));
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
    /// Runs `visit(environment, out_i)` for every centre in parallel; `out` has `stride` items per centre.
    fn each_center<T: Send>(
        &self,
        structure: &Structure,
        num_threads: Option<usize>,
        out: &mut [T],
        stride: usize,
        visit: impl Fn(&Environment, &mut [T]) + Sync,
    ) -> Result<()> {
        let enter = |environment: &mut Environment, centers: &Centers<'_>, i, row: &mut [T]| {
            environment.fill(&self.program, centers, i)?;
            visit(environment, row);
            Ok(())
        };
        each_center(self, structure, num_threads, out, stride, enter)
    }

    /// Gradients of `bar · features` (raw columns) of a centre, neighbor by neighbor.
    fn pull_back(&self, environment: &Environment, bar: &[f64]) -> Vec<EdgeGradient> {
        let still = |n: &Neighbor| EdgeGradient { atom: n.atom, gradient: [0.0; 3], vector: n.vector };
        let mut edges: Vec<EdgeGradient> = environment.neighbors.iter().map(still).collect();
        for (n, edge) in edges.iter_mut().enumerate() {
            if let Some(pair) = environment.pair(&self.program, n) {
                let slope: f64 = pair.slope.iter().zip(&bar[pair.column..]).map(|(s, b)| s * b).sum();
                let along = 0.5 * slope / environment.neighbors[n].distance;
                edge.gradient = edge.vector.map(|x| along * x);
            }
        }
        for term in environment.embeddings(&self.program) {
            let slope: f64 = term.slope.iter().zip(&bar[term.column..]).map(|(s, b)| s * b).sum();
            for ((edge, neighbor), rise) in edges.iter_mut().zip(&environment.neighbors).zip(&term.rises) {
                let along = slope * rise / neighbor.distance;
                edge.gradient.iter_mut().zip(neighbor.vector).for_each(|(g, x)| *g += along * x);
            }
        }
        environment.triplets(&self.program, |term| {
            let slopes = contract(term, bar);
            let [p, q] = term.edges;
            for x in 0..3 {
                let across = slopes[2] * term.units[2][x];
                edges[p].gradient[x] += slopes[0] * term.units[0][x] - across;
                edges[q].gradient[x] += slopes[1] * term.units[1][x] + across;
            }
        });
        edges
    }
}

/// Adds four functions with a weight to their columns.
#[inline]
pub(super) fn add_four(raw: &mut [f64], column: usize, weight: f64, functions: &[f64; 4]) {
    let out = &mut raw[column..][..4];
    out.iter_mut().zip(functions).for_each(|(out, f)| *out += weight * f);
}

/// Adds `w₀ V + w₁ ∂V/∂r_ij + w₂ ∂V/∂r_ik + w₃ ∂V/∂r_jk` of all products V of the term to their columns.
#[inline]
pub(super) fn add_products(term: &TripletTerm<'_>, weights: [f64; 4], raw: &mut [f64]) {
    let [l, m, n] = &term.along;
    for a in 0..4 {
        for b in 0..4 {
            let product = weights[0] * l.value[a] * m.value[b]
                + weights[1] * l.slope[a] * m.value[b]
                + weights[2] * l.value[a] * m.slope[b];
            let across = weights[3] * l.value[a] * m.value[b];
            let out = &mut raw[term.column(a, b)..][..4];
            for (out, (value, slope)) in out.iter_mut().zip(n.value.iter().zip(&n.slope)) {
                *out += product * value + across * slope;
            }
        }
    }
}

/// Derivatives of Σ coefficient · product with respect to r_ij, r_ik and r_jk.
fn contract(term: &TripletTerm<'_>, coefficients: &[f64]) -> [f64; 3] {
    let [l, m, n] = &term.along;
    let mut slopes = [0.0; 3];
    for a in 0..4 {
        for b in 0..4 {
            let c = &coefficients[term.column(a, b)..][..4];
            let value: f64 = (0..4).map(|x| c[x] * n.value[x]).sum();
            let slope: f64 = (0..4).map(|x| c[x] * n.slope[x]).sum();
            slopes[0] += l.slope[a] * m.value[b] * value;
            slopes[1] += l.value[a] * m.slope[b] * value;
            slopes[2] += l.value[a] * m.value[b] * slope;
        }
    }
    slopes
}
