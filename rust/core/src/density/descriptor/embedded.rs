//! Jacobian rows of embedded densities: what a nonlinear least-squares step needs.
//!
//! With `ρ_p(i) = Σ_k c_pk B_k(i)`, the energy `E = Σ_i Σ_p f_p(ρ_p(i))` of a [`Readout`], and x a position or
//! strain component,
//!
//! ```text
//! ∂E/∂c_pk     = Σ_i f_p' B_k
//! ∂²E/∂x∂c_pk  = Σ_i [ f_p' ∂B_k/∂x + f_p'' B_k ∂ρ_p/∂x ]
//! ```
//!
//! in the row layout of [`Features::design`](crate::features::Features::design) (forces with the minus sign), and in one more column the
//! energy without e0, the forces and the strain derivative themselves. The rows ∂B_k/∂x are those of the linear
//! design; the terms with f'' are matrix products over centres ([`super::outer`]).

use super::Descriptor;
use super::center::CenterWork;
use super::features::GradientScratch;
use super::outer::OuterSums;
use crate::density::readout::Readout;
use crate::error::{Error, Result};
use crate::features::{DesignBlock, design_rows};
use crate::structure::Structure;

/// The coefficients that have a column: density by density, feature by feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeCoefficients {
    /// Column of every feature of every density, `None` where the coefficient is fixed.
    columns: Vec<Vec<Option<usize>>>,
    n_columns: usize,
}

impl FreeCoefficients {
    /// From one flag per feature of the program and density.
    pub fn new(free: &[Vec<bool>]) -> Self {
        let mut n_columns = 0;
        let mut number = || {
            n_columns += 1;
            n_columns - 1
        };
        let columns =
            free.iter().map(|own| own.iter().map(|&free| free.then(&mut number)).collect()).collect();
        Self { columns, n_columns }
    }

    /// Number of free coefficients.
    pub fn len(&self) -> usize {
        self.n_columns
    }

    /// Columns of a density within a range of features; free coefficients that follow each other have columns that do.
    fn range(&self, density: usize, features: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let mut own = self.columns[density][features].iter().flatten();
        own.next().map_or(0..0, |&first| first..own.next_back().map_or(first, |&last| last) + 1)
    }

    /// Whether every coefficient is fixed.
    pub fn is_empty(&self) -> bool {
        self.n_columns == 0
    }
}

impl Descriptor {
    /// Jacobian of the energies, forces and strain derivatives of the structures in the free coefficients of the
    /// densities, and these quantities themselves (energies without e0) in the last column.
    ///
    /// # Errors
    /// [`Error::Length`] for flags of another number of densities or features, [`Error::Setting`] for a readout
    /// with core repulsion, and the errors of [`Self::design`].
    pub fn embedded_design(
        &self,
        structures: &[Structure],
        readout: &Readout,
        free: &FreeCoefficients,
        num_threads: Option<usize>,
    ) -> Result<DesignBlock> {
        for center in readout.centers() {
            Error::check_length("flags of free coefficients", center.densities.len(), free.columns.len())?;
            if center.core.is_some() {
                let reason = "a readout with core repulsion cannot be trained".into();
                return Err(Error::Setting { name: "readout", reason });
            }
        }
        for own in &free.columns {
            Error::check_length("flags of one density", self.program.n_features(), own.len())?;
        }
        DesignBlock::stack(structures, free.len() + 1, num_threads, |structure| {
            self.embedded_one(structure, readout, free)
        })
    }

    /// Derivatives of the energy of every atom in all coefficients of the densities, row-major (N, P K), density by
    /// density.
    ///
    /// # Errors
    /// Those of [`Self::values`].
    pub fn embedded_values(
        &self,
        structure: &Structure,
        readout: &Readout,
        num_threads: Option<usize>,
    ) -> Result<Vec<f64>> {
        let n_features = self.program.n_features();
        let n_densities = readout.centers().iter().map(|c| c.densities.len()).max().unwrap_or(0);
        let columns = n_densities * n_features;
        self.rows_of_values(structure, num_threads, columns, &|z, values, row| {
            let center = &readout.centers()[z];
            let own = self.program.feature_range(z);
            for (p, coefficients) in center.densities.iter().enumerate() {
                let [_, slope, _] = center.embedding.evaluate(p, dot(coefficients, values));
                let part = &mut row[p * n_features..][own.clone()];
                part.iter_mut().zip(values).for_each(|(out, b)| *out = slope * b);
            }
        })
    }

    fn embedded_one(
        &self,
        structure: &Structure,
        readout: &Readout,
        free: &FreeCoefficients,
    ) -> Result<Vec<f64>> {
        let rows = design_rows(structure.len());
        let mut out = vec![0.0; rows * (free.len() + 1)];
        let (mut values, mut scratch) = (Vec::new(), GradientScratch::default());
        let mut curved: Vec<Vec<Option<OuterSums>>> =
            (0..readout.centers().len()).map(|_| free.columns.iter().map(|_| None).collect()).collect();
        let ranges: Vec<Vec<_>> = (0..curved.len())
            .map(|z| (0..free.columns.len()).map(|p| free.range(p, self.program.feature_range(z))).collect())
            .collect();
        self.visit_centers(structure, |i, z, work| {
            self.feature_values(z, work, &mut values);
            let first = self.program.feature_range(z).start;
            let own: Vec<&[Option<usize>]> =
                free.columns.iter().map(|c| &c[first..first + values.len()]).collect();
            let densities = self.linearize(z, &values, readout, work);
            for (p, (density, columns)) in densities.iter().zip(&own).enumerate() {
                let prediction = &mut out[free.len() * rows..];
                prediction[0] += density.energy;
                density.scatter_gradient(i, density.slope, work, prediction);
                let free_values =
                    values.iter().zip(*columns).filter_map(|(value, column)| column.map(|c| (c, value)));
                for (c, value) in free_values.clone() {
                    out[c * rows] += density.slope * value;
                }
                if density.curvature != 0.0 {
                    let range = ranges[z][p].clone();
                    let sums = curved[z][p].get_or_insert_with(|| OuterSums::new(rows, range.len()));
                    let weights = free_values.map(|(_, value)| density.curvature * value);
                    let fill = |left: &mut [f64]| density.scatter_gradient(i, 1.0, work, left);
                    sums.add(fill, weights, &mut out[range.start * rows..range.end * rows]);
                }
            }
            let wanted = |k: usize| own.iter().any(|columns| columns[k].is_some());
            self.feature_gradients(z, work, &mut scratch, wanted, |k, s, row| {
                for (density, columns) in densities.iter().zip(&own) {
                    if let Some(c) = columns[k] {
                        work.scatter(s, i, density.slope, row, &mut out[c * rows..][..rows]);
                    }
                }
            });
        })?;
        for (sums, range) in curved.iter_mut().flatten().zip(ranges.iter().flatten()) {
            if let Some(sums) = sums {
                sums.flush(&mut out[range.start * rows..range.end * rows]);
            }
        }
        Ok(out)
    }

    /// The densities of a prepared centre of species `z`.
    fn linearize(&self, z: usize, values: &[f64], readout: &Readout, work: &CenterWork) -> Vec<Density> {
        let center = &readout.centers()[z];
        let densities = center.densities.iter().enumerate();
        densities
            .map(|(p, coefficients)| {
                let [energy, slope, curvature] = center.embedding.evaluate(p, dot(coefficients, values));
                let gradient = self.density_gradient(z, coefficients, work);
                Density { energy, slope, curvature, gradient }
            })
            .collect()
    }
}

/// A density of one centre: f, f', f'' at ρ, and ∂ρ/∂x as one row per range of neighbors.
struct Density {
    energy: f64,
    slope: f64,
    curvature: f64,
    gradient: Vec<Vec<f64>>,
}

impl Density {
    /// Adds `weight · ∂ρ/∂x` to a design column.
    fn scatter_gradient(&self, center: usize, weight: f64, work: &CenterWork, column: &mut [f64]) {
        for (s, row) in self.gradient.iter().enumerate().filter(|(_, row)| !row.is_empty()) {
            work.scatter(s, center, weight, row, column);
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
