//! The neighbors of one centre, and the terms of its pairs and triplets.

use super::functions::{Factors, Terms};
use super::program::Program;
use crate::centers::{Centers, Neighbor};
use crate::error::Result;
use crate::structure::norm;

/// A centre with its neighbors.
#[derive(Debug, Default)]
pub struct Environment {
    /// Index of the atom.
    pub center: usize,
    /// Species index.
    pub species: usize,
    /// All neighbors within the cutoff.
    pub neighbors: Vec<Neighbor>,
    fades: Vec<[f64; 2]>,
    pair: Terms<2>,
    triplet: Terms<4>,
    factors: Factors,
}

/// The features of a centre, with what their gradients need.
#[derive(Debug, Default)]
pub struct Record {
    /// Features.
    pub values: Vec<f64>,
    /// Derivatives of the functions of every pair in its distance.
    pairs: Vec<f64>,
    triplets: Vec<Triplet>,
    /// Derivatives of the functions of every triplet: all in `r_ij`, all in `r_ik`, all in `r_jk`.
    angular: Vec<f64>,
}

/// Two neighbors.
#[derive(Debug, Clone, Copy)]
pub struct Triplet {
    /// Places of j and k among the neighbors.
    pub places: [usize; 2],
    /// Unit vectors of `r_ij`, `r_ik` and `r_jk`.
    pub units: [[f64; 3]; 3],
}

impl Environment {
    /// Takes the place of another centre.
    ///
    /// # Errors
    /// Those of [`Centers::gather`].
    pub fn fill(&mut self, program: &Program, centers: &Centers<'_>, center: usize) -> Result<()> {
        self.center = center;
        self.species = centers.species(center);
        centers.gather(center, |_| program.cutoff(), &mut self.neighbors)
    }

    /// Calls `visit(neighbors, place, columns, terms)` for every neighbor.
    pub fn pairs(
        &mut self,
        program: &Program,
        mut visit: impl FnMut(&[Neighbor], usize, &[(usize, f64)], &Terms<2>),
    ) {
        let functions = program.functions();
        self.fades.clear();
        self.fades.extend(self.neighbors.iter().map(|neighbor| functions.fade(neighbor.distance)));
        for (place, (neighbor, fade)) in self.neighbors.iter().zip(&self.fades).enumerate() {
            functions.pair(neighbor.distance, *fade, &mut self.pair);
            visit(&self.neighbors, place, program.pair(neighbor.species), &self.pair);
        }
    }

    /// Calls `visit(neighbors, triplet, columns, terms)` for every two neighbors; after [`Self::pairs`].
    pub fn triplets(
        &mut self,
        program: &Program,
        mut visit: impl FnMut(&[Neighbor], &Triplet, &[(usize, f64)], &Terms<4>),
    ) {
        let functions = program.functions();
        if functions.n_angular() == 0 {
            return;
        }
        for (q, k) in self.neighbors.iter().enumerate() {
            for (p, j) in self.neighbors[..q].iter().enumerate() {
                let across: [f64; 3] = std::array::from_fn(|x| k.vector[x] - j.vector[x]);
                let distances = [j.distance, k.distance, norm(&across)];
                let fades = [self.fades[p], self.fades[q]];
                functions.triplet(distances, fades, &mut self.factors, &mut self.triplet);
                let unit = |v: [f64; 3], r: f64| v.map(|x| x / r.max(f64::MIN_POSITIVE));
                let [ij, ik, jk] = distances;
                let units = [unit(j.vector, ij), unit(k.vector, ik), unit(across, jk)];
                let triplet = Triplet { places: [p, q], units };
                visit(&self.neighbors, &triplet, program.triplet(j.species, k.species), &self.triplet);
            }
        }
    }

    /// The features of the centre.
    pub fn record(&mut self, program: &Program, record: &mut Record) {
        let Record { values, pairs, triplets, angular } = record;
        values.clear();
        values.resize(program.labels().len(), 0.0);
        pairs.clear();
        triplets.clear();
        angular.clear();
        self.pairs(program, |_, _, columns, terms| {
            for &(column, weight) in columns {
                terms.add([weight, 0.0], &mut values[column..]);
            }
            pairs.extend_from_slice(&terms.0[1]);
        });
        self.triplets(program, |_, triplet, columns, terms| {
            for &(column, weight) in columns {
                terms.add([weight, 0.0, 0.0, 0.0], &mut values[column..]);
            }
            triplets.push(*triplet);
            terms.0[1..].iter().for_each(|slopes| angular.extend_from_slice(slopes));
        });
    }

    /// Gradients of `Σ bar · features` along the edges to the neighbors, from the record of this centre.
    pub fn pull_back(&self, program: &Program, record: &Record, bar: &[f64], gradients: &mut Vec<[f64; 3]>) {
        let functions = program.functions();
        gradients.clear();
        gradients.resize(self.neighbors.len(), [0.0; 3]);
        let dot = |column: usize, slopes: &[f64]| -> f64 {
            bar[column..].iter().zip(slopes).map(|(bar, slope)| bar * slope).sum()
        };
        let pairs = record.pairs.chunks_exact(functions.n_radial().max(1));
        for ((neighbor, gradient), slopes) in self.neighbors.iter().zip(&mut *gradients).zip(pairs) {
            let columns = program.pair(neighbor.species).iter();
            let along = columns.map(|&(column, weight)| weight * dot(column, slopes)).sum::<f64>();
            gradient.iter_mut().zip(neighbor.vector).for_each(|(g, x)| *g += along / neighbor.distance * x);
        }
        let n = functions.n_angular().max(1);
        for (Triplet { places: [p, q], units }, slopes) in
            record.triplets.iter().zip(record.angular.chunks_exact(3 * n))
        {
            let species = [*p, *q].map(|place| self.neighbors[place].species);
            let mut along = [0.0; 3];
            for &(column, weight) in program.triplet(species[0], species[1]) {
                for (along, slopes) in along.iter_mut().zip(slopes.chunks_exact(n)) {
                    *along += weight * dot(column, slopes);
                }
            }
            for x in 0..3 {
                let across = along[2] * units[2][x];
                gradients[*p][x] += along[0] * units[0][x] - across;
                gradients[*q][x] += along[1] * units[1][x] + across;
            }
        }
    }

    /// `Σ bar · features` of the centre, and its gradients along the edges to the neighbors.
    pub fn contract(&mut self, program: &Program, bar: &[f64], gradients: &mut Vec<[f64; 3]>) -> f64 {
        let mut sum = 0.0;
        gradients.clear();
        gradients.resize(self.neighbors.len(), [0.0; 3]);
        self.pairs(program, |neighbors, place, columns, terms| {
            for &(column, weight) in columns {
                let [value, slope] = terms.contract(&bar[column..]);
                sum += weight * value;
                let along = weight * slope / neighbors[place].distance;
                gradients[place].iter_mut().zip(neighbors[place].vector).for_each(|(g, x)| *g += along * x);
            }
        });
        self.triplets(program, |_, Triplet { places: [p, q], units }, columns, terms| {
            for &(column, weight) in columns {
                let [value, ij, ik, jk] = terms.contract(&bar[column..]).map(|term| weight * term);
                sum += value;
                for x in 0..3 {
                    let across = jk * units[2][x];
                    gradients[*p][x] += ij * units[0][x] - across;
                    gradients[*q][x] += ik * units[1][x] + across;
                }
            }
        });
        sum
    }
}
