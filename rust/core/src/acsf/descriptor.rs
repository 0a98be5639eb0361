//! `values`, `vjp` and `jvp`.

use std::ops::Range;
use std::sync::Arc;

use super::environment::{Environment, Triplet};
use super::program::Program;
use super::{AcsfSettings, evaluator};
use crate::centers::{Centers, each_center};
use crate::density::evaluator::Evaluator;
use crate::density::network::Network;
use crate::error::{Error, Result};
use crate::features::{EdgeGradient, FeatureEdges, Features, edge_tangent};
use crate::pair::Baseline;
use crate::simd::Path;
use crate::structure::{Structure, dot};

/// Symmetry functions as features.
#[derive(Debug, Clone)]
pub struct Descriptor {
    program: Arc<Program>,
}

impl Descriptor {
    /// The symmetry functions of checked settings.
    ///
    /// # Errors
    /// Those of [`Program::new`].
    pub fn new(settings: AcsfSettings) -> Result<Self> {
        Ok(Self { program: Arc::new(Program::new(settings)?) })
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Runs `visit(environment, out_i)` for every centre in parallel; `out` has `stride` items per centre.
    fn each_center<T: Send>(
        &self,
        structure: &Structure,
        num_threads: Option<usize>,
        (out, stride): (&mut [T], usize),
        visit: impl Fn(&mut Environment, &mut [T]) + Sync,
    ) -> Result<()> {
        let enter = |environment: &mut Environment, centers: &Centers<'_>, i, row: &mut [T]| {
            environment.fill(&self.program, centers, i)?;
            visit(environment, row);
            Ok(())
        };
        each_center(self, structure, num_threads, out, stride, enter)
    }
}

impl Features for Descriptor {
    fn species(&self) -> &[u8] {
        self.program.species()
    }

    fn cutoff(&self) -> f64 {
        self.program.cutoff()
    }

    fn n_features(&self) -> usize {
        self.species().len() * self.program.labels().len()
    }

    fn feature_range(&self, species: usize) -> Range<usize> {
        let width = self.program.labels().len();
        species * width..(species + 1) * width
    }

    fn values(&self, structure: &Structure, num_threads: Option<usize>) -> Result<Vec<f64>> {
        let columns = self.n_features();
        let mut out = vec![0.0; structure.len() * columns];
        self.each_center(structure, num_threads, (&mut out, columns), |environment, row| {
            let own = &mut row[self.feature_range(environment.species)];
            environment.pairs(&self.program, |_, _, places, terms| {
                for &(column, weight) in places {
                    terms.add([weight, 0.0], &mut own[column..]);
                }
            });
            environment.triplets(&self.program, |_, _, places, terms| {
                for &(column, weight) in places {
                    terms.add([weight, 0.0, 0.0, 0.0], &mut own[column..]);
                }
            });
        })?;
        Ok(out)
    }

    fn edge_gradients(
        &self,
        structure: &Structure,
        values_bar: &[f64],
        num_threads: Option<usize>,
    ) -> Result<Vec<Vec<EdgeGradient>>> {
        let columns = self.n_features();
        let mut edges = vec![Vec::new(); structure.len()];
        self.each_center(structure, num_threads, (&mut edges, 1), |environment, out| {
            let bar = &values_bar[environment.center * columns..][self.feature_range(environment.species)];
            let mut gradients = Vec::new();
            environment.contract(&self.program, bar, &mut gradients);
            let edge = |(gradient, neighbor): (_, &crate::centers::Neighbor)| EdgeGradient {
                atom: neighbor.atom,
                gradient,
                vector: neighbor.vector,
            };
            out[0] = gradients.into_iter().zip(&environment.neighbors).map(edge).collect();
        })?;
        Ok(edges)
    }

    fn feature_edges(&self, structure: &Structure, num_threads: Option<usize>) -> Result<FeatureEdges> {
        let width = self.program.labels().len();
        let mut parts = vec![FeatureEdges::new(width); structure.len()];
        self.each_center(structure, num_threads, (&mut parts, 1), |environment, out| {
            let part = &mut out[0];
            for neighbor in &environment.neighbors {
                part.push(environment.center, neighbor.atom, neighbor.vector);
            }
            environment.pairs(&self.program, |neighbors, place, places, terms| {
                let neighbor = &neighbors[place];
                for (&(column, weight), x) in places.iter().flat_map(|one| (0..3).map(move |x| (one, x))) {
                    let along = weight * neighbor.vector[x] / neighbor.distance;
                    for (k, slope) in terms.0[1].iter().enumerate() {
                        part.add(place, x, column + k, along * slope);
                    }
                }
            });
            environment.triplets(&self.program, |_, Triplet { places: [p, q], units }, places, terms| {
                let [_, ij, ik, jk] = &terms.0;
                for (&(column, weight), x) in places.iter().flat_map(|one| (0..3).map(move |x| (one, x))) {
                    let [to_j, to_k, across] = units.map(|unit| weight * unit[x]);
                    for (k, ((ij, ik), jk)) in ij.iter().zip(ik).zip(jk).enumerate() {
                        part.add(*p, x, column + k, to_j * ij - across * jk);
                        part.add(*q, x, column + k, to_k * ik + across * jk);
                    }
                }
            });
        })?;
        Ok(FeatureEdges::joined(width, parts))
    }

    fn jvp(
        &self,
        structure: &Structure,
        positions_dot: &[[f64; 3]],
        strain_dot: &[[f64; 3]; 3],
        num_threads: Option<usize>,
    ) -> Result<Vec<f64>> {
        Error::check_length("positions_dot", structure.len(), positions_dot.len())?;
        let columns = self.n_features();
        let mut out = vec![0.0; structure.len() * columns];
        self.each_center(structure, num_threads, (&mut out, columns), |environment, row| {
            let own = &mut row[self.feature_range(environment.species)];
            let moved = &positions_dot[environment.center];
            let tangents: Vec<[f64; 3]> = environment
                .neighbors
                .iter()
                .map(|n| edge_tangent(&n.vector, [moved, &positions_dot[n.atom]], strain_dot))
                .collect();
            environment.pairs(&self.program, |neighbors, place, places, terms| {
                let along = dot(&neighbors[place].vector, &tangents[place]) / neighbors[place].distance;
                for &(column, weight) in places {
                    terms.add([0.0, weight * along], &mut own[column..]);
                }
            });
            environment.triplets(&self.program, |_, Triplet { places: edges, units }, places, terms| {
                let [j, k] = edges.map(|place| tangents[place]);
                let across: [f64; 3] = std::array::from_fn(|x| k[x] - j[x]);
                let along = [dot(&units[0], &j), dot(&units[1], &k), dot(&units[2], &across)];
                for &(column, weight) in places {
                    let [ij, ik, jk] = along.map(|along| weight * along);
                    terms.add([0.0, ij, ik, jk], &mut own[column..]);
                }
            });
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
        evaluator::compile(&self.program, (coefficients, e0), None, baseline, path)
    }

    fn network_evaluator(
        &self,
        linear: (&[f64], &[f64]),
        networks: Vec<Network>,
        baseline: &Baseline,
        path: Path,
    ) -> Result<Evaluator> {
        evaluator::compile(&self.program, linear, Some(networks), baseline, path)
    }
}
