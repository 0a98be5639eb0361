//! `values`, `vjp` and `jvp`.

use std::ops::Range;

use super::Descriptor;
use super::center::CenterWork;
use crate::centers::{Centers, each_center};
use crate::density::evaluator::{Evaluator, Options, Write};
use crate::density::network::Network;
use crate::density::readout::Readout;
use crate::error::{Error, Result};
use crate::features::{EdgeGradient, FeatureEdges, Features, edge_tangent};
use crate::pair::Baseline;
use crate::radial::table::Tabulation;
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

    fn feature_range(&self, species: usize) -> Range<usize> {
        self.program.feature_range(species)
    }

    fn network_inputs(&self, species: usize) -> Range<usize> {
        let range = self.program.feature_range(species);
        range.start + self.program.centers()[species].n_pair_features()..range.end
    }

    fn values(&self, structure: &Structure, num_threads: Option<usize>) -> Result<Vec<f64>> {
        self.rows_of_values(structure, num_threads, self.program.n_features(), &|z, values, row| {
            row[self.program.feature_range(z)].copy_from_slice(values);
        })
    }

    fn edge_gradients(
        &self,
        structure: &Structure,
        values_bar: &[f64],
        num_threads: Option<usize>,
    ) -> Result<Vec<Vec<EdgeGradient>>> {
        let columns = self.program.n_features();
        let mut edges = vec![Vec::new(); structure.len()];
        self.each_center(structure, num_threads, &mut edges, 1, |i, z, work, out| {
            let bar = &values_bar[i * columns..][..columns][self.program.feature_range(z)];
            self.pull_back(z, bar, work, &mut out[0]);
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
        self.each_center(structure, num_threads, &mut out, columns, |i, z, work, row| {
            let vectors_dot: Vec<[f64; 3]> = work
                .neighbors
                .iter()
                .map(|n| edge_tangent(&n.vector, [&positions_dot[i], &positions_dot[n.atom]], strain_dot))
                .collect();
            self.push_forward(z, &vectors_dot, work, &mut row[self.program.feature_range(z)]);
        })?;
        Ok(out)
    }

    fn feature_edges(&self, structure: &Structure, num_threads: Option<usize>) -> Result<FeatureEdges> {
        self.all_gradients(structure, num_threads)
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
        let readout = Readout::linear(&self.program, coefficients, e0)?;
        Evaluator::new(&self.program, &readout, baseline, Options { path, tables: Tabulation::default() })
    }

    fn network_evaluator(
        &self,
        linear: (&[f64], &[f64]),
        networks: Vec<Network>,
        baseline: &Baseline,
        path: Path,
    ) -> Result<Evaluator> {
        let options = Options { path, tables: Tabulation::default() };
        Evaluator::with_networks(&self.program, linear, networks, baseline, options)
    }
}

impl Descriptor {
    /// Rows of `stride` numbers per centre, `write(species, values of its features, row)`.
    pub(super) fn rows_of_values(
        &self,
        structure: &Structure,
        num_threads: Option<usize>,
        stride: usize,
        write: &Write<'_>,
    ) -> Result<Vec<f64>> {
        let mut out = vec![0.0; structure.len() * stride];
        let rows = (&mut out[..], stride);
        self.values_engine()?.fill(&self.program, self, structure, num_threads, rows, write)?;
        Ok(out)
    }

    /// Runs `visit(i, species, work, out_i)` for every centre in parallel; `out` has `stride` items per centre.
    pub(super) fn each_center<T: Send>(
        &self,
        structure: &Structure,
        num_threads: Option<usize>,
        out: &mut [T],
        stride: usize,
        visit: impl Fn(usize, usize, &CenterWork, &mut [T]) + Sync,
    ) -> Result<()> {
        let enter = |work: &mut CenterWork, centers: &Centers<'_>, i, row: &mut [T]| {
            self.prepare(centers, i, work)?;
            visit(i, centers.species(i), work, row);
            Ok(())
        };
        each_center(self, structure, num_threads, out, stride, enter)
    }

    /// Gradients of the edges of a centre of species `z` for the cotangent `bar` of its features.
    fn pull_back(&self, z: usize, bar: &[f64], work: &CenterWork, out: &mut Vec<EdgeGradient>) {
        for (s, row) in self.density_gradient(z, bar, work).iter().enumerate().filter(|(_, r)| !r.is_empty())
        {
            let n = work.ranges[s].len();
            for (position, neighbor) in work.neighbors[work.ranges[s].clone()].iter().enumerate() {
                let gradient = std::array::from_fn(|x| row[x * n + position]);
                out.push(EdgeGradient { atom: neighbor.atom, gradient, vector: neighbor.vector });
            }
        }
    }

    /// Derivative of the features of a centre along changes of its neighbor vectors.
    fn push_forward(&self, z: usize, vectors_dot: &[[f64; 3]], work: &CenterWork, out: &mut [f64]) {
        let (center, layout) = (&self.program.centers()[z], &self.layouts[z]);
        let mut a_dot = vec![0.0; 2 * layout.half.len()];
        let (pair, many) = out.split_at_mut(work.pair.len());
        for (s, half) in layout.of_species.iter().enumerate() {
            let (range, width) = (work.ranges[s].clone(), work.width(s));
            let n = range.len();
            let tangent: Vec<f64> =
                (0..3).flat_map(|x| vectors_dot[range.clone()].iter().map(move |v| v[x])).collect();
            for (value, row) in
                a_dot[2 * half.start..2 * half.end].iter_mut().zip(work.gradients[s].chunks_exact(width))
            {
                *value = row[..3 * n].iter().zip(&tangent).map(|(g, t)| g * t).sum();
            }
            if s >= center.radial.len() {
                continue;
            }
            for index in range {
                let (neighbor, dot) = (&work.neighbors[index], vectors_dot[index]);
                let r_dot = (0..3).map(|x| neighbor.vector[x] * dot[x]).sum::<f64>() / neighbor.distance;
                for k in 0..center.n_pair {
                    pair[s * center.n_pair + k] += work.pair_slope[index * center.n_pair + k] * r_dot;
                }
            }
        }
        let monomial_dot: Vec<f64> = (0..center.monomials.len())
            .map(|q| {
                let start = center.monomials.offsets[q];
                let factors = center.monomials.get(q).iter().enumerate();
                factors
                    .map(|(t, &v)| {
                        let (m, p) = (layout.mapped[v as usize], work.partials[start + t]);
                        let h = 2 * m.half as usize;
                        p[0] * m.re * a_dot[h] - p[1] * m.im * a_dot[h + 1]
                    })
                    .sum()
            })
            .collect();
        for (value, function) in many.iter_mut().zip(center.functions.iter()) {
            *value = function.iter().map(|&(q, c)| c * monomial_dot[q as usize]).sum();
        }
    }
}
