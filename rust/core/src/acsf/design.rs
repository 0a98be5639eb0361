//! Design rows: energy, forces and strain derivatives of all features of a structure.

use super::descriptor::Descriptor;
use super::environment::{Environment, Triplet};
use crate::centers::visit_centers;
use crate::error::Result;
use crate::features::{Features, design_rows};
use crate::structure::{Structure, VOIGT};

impl Descriptor {
    /// Column-major rows of one structure.
    pub(super) fn rows_of(&self, structure: &Structure) -> Result<Vec<f64>> {
        let (n, width) = (design_rows(structure.len()), self.n_features());
        // Row-major, so that the functions of a pair or triplet lie side by side.
        let mut rows = vec![0.0; n * width];
        let mut environment = Environment::default();
        let strain = n - VOIGT.len();
        visit_centers(self, structure, |centers, i| {
            environment.fill(self.program(), centers, i)?;
            let start = self.feature_range(environment.species).start;
            environment.pairs(self.program(), |neighbors, place, places, terms| {
                let neighbor = &neighbors[place];
                let unit = neighbor.vector.map(|x| x / neighbor.distance);
                for &(column, weight) in places {
                    let mut add = |row: usize, [value, slope]: [f64; 2]| {
                        terms
                            .add([weight * value, weight * slope], &mut rows[row * width + start + column..]);
                    };
                    add(0, [1.0, 0.0]);
                    for (x, unit) in unit.into_iter().enumerate() {
                        add(1 + 3 * neighbor.atom + x, [0.0, -unit]);
                        add(1 + 3 * i + x, [0.0, unit]);
                    }
                    for (k, [a, b]) in VOIGT.into_iter().enumerate() {
                        add(strain + k, [0.0, unit[a] * neighbor.vector[b]]);
                    }
                }
            });
            environment.triplets(
                self.program(),
                |neighbors, Triplet { places: edges, units }, places, terms| {
                    let [j, k] = edges.map(|place| &neighbors[place]);
                    let [ij, ik, jk] = units;
                    for &(column, weight) in places {
                        let mut add = |row: usize, weights: [f64; 4]| {
                            let out = &mut rows[row * width + start + column..];
                            terms.add(weights.map(|term| weight * term), out);
                        };
                        add(0, [1.0, 0.0, 0.0, 0.0]);
                        for x in 0..3 {
                            add(1 + 3 * j.atom + x, [0.0, -ij[x], 0.0, jk[x]]);
                            add(1 + 3 * k.atom + x, [0.0, 0.0, -ik[x], -jk[x]]);
                            add(1 + 3 * i + x, [0.0, ij[x], ik[x], 0.0]);
                        }
                        for (row, [a, b]) in VOIGT.into_iter().enumerate() {
                            let across = jk[a] * (k.vector[b] - j.vector[b]);
                            add(strain + row, [0.0, ij[a] * j.vector[b], ik[a] * k.vector[b], across]);
                        }
                    }
                },
            );
            Ok(())
        })?;
        let columns = (0..width).flat_map(|column| (0..n).map(move |row| row * width + column));
        Ok(columns.map(|place| rows[place]).collect())
    }
}
