//! Design rows: energy, forces and strain derivatives of all features of a structure.

use super::Descriptor;
use super::environment::Environment;
use super::operators::{add_four, add_products};
use crate::centers::visit_centers;
use crate::error::Result;
use crate::features::design_rows;
use crate::structure::{Structure, VOIGT};

impl Descriptor {
    /// Column-major rows of one structure.
    pub(super) fn rows_of(&self, structure: &Structure) -> Result<Vec<f64>> {
        // Row-major and by raw column: the four functions that meet lie side by side.
        let width = self.program.n_columns();
        let mut rows = Rows { data: vec![0.0; design_rows(structure.len()) * width], width };
        let mut environment = Environment::default();
        visit_centers(self, structure, |centers, i| {
            environment.fill(&self.program, centers, i)?;
            self.add_pairs(&environment, &mut rows);
            self.add_embeddings(&environment, &mut rows);
            self.add_triplets(&environment, &mut rows);
            Ok(())
        })?;
        let n = design_rows(structure.len());
        let mut out = Vec::with_capacity(n * self.program.n_features());
        for &column in self.program.columns() {
            out.extend((0..n).map(|row| rows.data[row * width + column as usize]));
        }
        Ok(out)
    }

    fn add_pairs(&self, environment: &Environment, rows: &mut Rows) {
        for (n, neighbor) in environment.neighbors.iter().enumerate() {
            let Some(pair) = environment.pair(&self.program, n) else { continue };
            let along = neighbor.vector.map(|x| 0.5 * x / neighbor.distance);
            let mut add = |row: usize, weight: f64, functions: &[f64; 4]| {
                add_four(rows.row(row), pair.column, weight, functions);
            };
            add(0, 0.5, &pair.value);
            for (x, along) in along.into_iter().enumerate() {
                add(1 + 3 * neighbor.atom + x, -along, &pair.slope);
                add(1 + 3 * environment.center + x, along, &pair.slope);
            }
            let strain = rows.strain();
            for (k, [a, b]) in VOIGT.into_iter().enumerate() {
                add_four(rows.row(strain + k), pair.column, along[a] * neighbor.vector[b], &pair.slope);
            }
        }
    }

    fn add_embeddings(&self, environment: &Environment, rows: &mut Rows) {
        let strain = rows.strain();
        for term in environment.embeddings(&self.program) {
            let (mut own, mut strained) = ([0.0; 3], [0.0; 6]);
            add_four(rows.row(0), term.column, 1.0, &term.value);
            for (neighbor, rise) in environment.neighbors.iter().zip(&term.rises) {
                let along = neighbor.vector.map(|x| rise * x / neighbor.distance);
                for (x, along) in along.into_iter().enumerate() {
                    own[x] += along;
                    add_four(rows.row(1 + 3 * neighbor.atom + x), term.column, -along, &term.slope);
                }
                for (sum, [a, b]) in strained.iter_mut().zip(VOIGT) {
                    *sum += along[a] * neighbor.vector[b];
                }
            }
            for (x, own) in own.into_iter().enumerate() {
                add_four(rows.row(1 + 3 * environment.center + x), term.column, own, &term.slope);
            }
            for (k, strained) in strained.into_iter().enumerate() {
                add_four(rows.row(strain + k), term.column, strained, &term.slope);
            }
        }
    }

    fn add_triplets(&self, environment: &Environment, rows: &mut Rows) {
        let strain = rows.strain();
        environment.triplets(&self.program, |term| {
            let [ij, ik, jk] = &term.units;
            let [j, k] = term.edges.map(|n| &environment.neighbors[n]);
            let mut add = |row: usize, weights: [f64; 4]| add_products(term, weights, rows.row(row));
            add(0, [1.0, 0.0, 0.0, 0.0]);
            for x in 0..3 {
                add(1 + 3 * j.atom + x, [0.0, -ij[x], 0.0, jk[x]]);
                add(1 + 3 * k.atom + x, [0.0, 0.0, -ik[x], -jk[x]]);
                add(1 + 3 * environment.center + x, [0.0, ij[x], ik[x], 0.0]);
            }
            for (row, [a, b]) in VOIGT.into_iter().enumerate() {
                let across = k.vector[b] - j.vector[b];
                let weights = [0.0, ij[a] * j.vector[b], ik[a] * k.vector[b], jk[a] * across];
                add(strain + row, weights);
            }
        });
    }
}

/// Row-major rows over raw columns.
struct Rows {
    data: Vec<f64>,
    width: usize,
}

impl Rows {
    #[inline]
    fn row(&mut self, row: usize) -> &mut [f64] {
        &mut self.data[row * self.width..][..self.width]
    }

    /// The first strain row.
    fn strain(&self) -> usize {
        self.data.len() / self.width - 6
    }
}
