//! The environment of one centre: sums, nodes, and gradients of the sums as rows.

use crate::centers::{Centers, Neighbor};
use crate::density::descriptor::{EXTRA, by_axis, scatter, sum_edges};
use crate::density::moments::Program;
use crate::error::Result;
use crate::structure::dot;

use super::basis::Basis;

/// Scratch and result of one centre.
#[derive(Debug, Default)]
pub struct CenterWork {
    /// Index of the atom.
    pub center: usize,
    /// Species index.
    pub species: usize,
    /// All neighbors within the cutoff.
    pub neighbors: Vec<Neighbor>,
    /// Polynomials times envelope and their derivatives, `[neighbor][value or derivative][polynomial]`.
    pub radial: Vec<f64>,
    /// Monomials, `[neighbor][monomial]`.
    pub monomials: Vec<f64>,
    /// Their gradients in r_ij, `[neighbor][monomial]`.
    pub slopes: Vec<[f64; 3]>,
    /// Radial functions and their derivatives, `[neighbor][value or derivative][function]`.
    functions: Vec<f64>,
    /// r_ij of the neighbors, axis by axis.
    vectors: [Vec<f64>; 3],
    /// Sums over neighbors.
    pub sums: Vec<f64>,
    /// All nodes.
    pub nodes: Vec<f64>,
    /// Gradients of the sums, `[sum]`: x of all neighbors, y, z, then the centre (3) and the strain (6).
    pub gradients: Vec<f64>,
}

impl CenterWork {
    /// Length of a gradient row.
    pub fn width(&self) -> usize {
        3 * self.neighbors.len() + EXTRA
    }

    /// Takes the place of another centre.
    ///
    /// # Errors
    /// Those of [`Centers::gather`].
    pub fn fill(
        &mut self,
        program: &Program,
        basis: &Basis,
        centers: &Centers<'_>,
        center: usize,
    ) -> Result<()> {
        self.center = center;
        self.species = centers.species(center);
        let cutoff = |other| program.pair(self.species, other).max;
        centers.gather(center, cutoff, &mut self.neighbors)?;
        self.functions(basis, program.species().len());
        self.sums.clear();
        self.sums.resize(basis.layout.size, 0.0);
        let (n_functions, n_monomials) = (basis.layout.functions.len(), basis.layout.monomials.len());
        for n in 0..self.neighbors.len() {
            let functions = &self.functions[2 * n * n_functions..];
            let monomials = &self.monomials[n * n_monomials..];
            for &[function, monomial, sum] in &basis.entries {
                self.sums[sum] += functions[function] * monomials[monomial];
            }
        }
        self.nodes = program.products().evaluate(&basis.moments_of(&self.sums));
        Ok(())
    }

    /// Radial functions and monomials of all neighbors.
    fn functions(&mut self, basis: &Basis, n_species: usize) {
        let layout = &basis.layout;
        let n_polynomials = basis.settings.n_polynomials;
        let n_functions = layout.functions.len();
        self.radial.clear();
        self.radial.resize(self.neighbors.len() * 2 * n_polynomials, 0.0);
        self.functions.clear();
        self.functions.resize(self.neighbors.len() * 2 * n_functions, 0.0);
        self.monomials.clear();
        self.slopes.clear();
        for (n, neighbor) in self.neighbors.iter().enumerate() {
            let pair = &basis.pairs[self.species * n_species + neighbor.species];
            let radial = &mut self.radial[2 * n * n_polynomials..][..2 * n_polynomials];
            let (value, slope) = radial.split_at_mut(n_polynomials);
            pair.basis(&basis.settings, neighbor.distance, value, slope);
            let (f, df) = self.functions[2 * n * n_functions..][..2 * n_functions].split_at_mut(n_functions);
            for (k, &(mu, _)) in layout.functions.iter().enumerate() {
                let c = &pair.coefficients[mu * n_polynomials..][..n_polynomials];
                f[k] = c.iter().zip(&*value).map(|(c, q)| c * q).sum();
                df[k] = c.iter().zip(&*slope).map(|(c, q)| c * q).sum();
            }
            let unit = neighbor.vector.map(|x| x / neighbor.distance);
            let start = self.monomials.len();
            for (k, monomial) in layout.monomials.iter().enumerate() {
                let (mut value, mut slope) = (1.0, [0.0; 3]);
                if k > 0 {
                    let (parent, along) = (start + monomial.parent, unit[monomial.axis]);
                    value = self.monomials[parent] * along;
                    slope = self.slopes[parent].map(|g| g * along);
                    slope[monomial.axis] += self.monomials[parent];
                }
                self.monomials.push(value);
                self.slopes.push(slope);
            }
            // From derivatives in the components of the unit vector to those in r_ij.
            for slope in &mut self.slopes[start..] {
                let along = dot(slope, &unit);
                for (g, u) in slope.iter_mut().zip(unit) {
                    *g = (*g - along * u) / neighbor.distance;
                }
            }
        }
    }

    /// Fills in the gradients of the sums.
    pub fn differentiate(&mut self, basis: &Basis) {
        let (n, width) = (self.neighbors.len(), self.width());
        let (n_functions, n_monomials) = (basis.layout.functions.len(), basis.layout.monomials.len());
        by_axis(&self.neighbors, &mut self.vectors);
        self.gradients.clear();
        self.gradients.resize(basis.layout.size * width, 0.0);
        for (k, neighbor) in self.neighbors.iter().enumerate() {
            let unit = neighbor.vector.map(|x| x / neighbor.distance);
            let functions = &self.functions[2 * k * n_functions..][..2 * n_functions];
            for &[function, monomial, sum] in &basis.entries {
                let (f, df) = (functions[function], functions[n_functions + function]);
                let (value, slope) =
                    (self.monomials[k * n_monomials + monomial], self.slopes[k * n_monomials + monomial]);
                let row = &mut self.gradients[sum * width..][..width];
                for x in 0..3 {
                    row[x * n + k] = df * value * unit[x] + f * slope[x];
                }
            }
        }
        for row in self.gradients.chunks_exact_mut(width) {
            sum_edges(row, &self.vectors);
        }
    }

    /// Fills in the centre's part and the strain's of a gradient row.
    pub fn complete(&self, row: &mut [f64]) {
        sum_edges(row, &self.vectors);
    }

    /// Adds `weight` times a gradient row to a design column.
    pub fn scatter(&self, weight: f64, row: &[f64], column: &mut [f64]) {
        scatter(&self.neighbors, self.center, weight, row, column);
    }
}
