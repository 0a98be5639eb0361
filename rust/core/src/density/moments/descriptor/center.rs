//! The environment of one centre: sums, nodes, and gradients of the sums as rows.

use crate::density::moments::Program;
use crate::error::{Error, Result};
use crate::neighbors::Displacements;
use crate::structure::{dot, norm};

use super::basis::Basis;

/// Entries of a gradient row beside those of the neighbors: the centre's own and the strain's.
pub const EXTRA: usize = 9;
/// Axes of the strain components xx yy zz yz xz xy.
pub const VOIGT: [[usize; 2]; 6] = [[0, 0], [1, 1], [2, 2], [1, 2], [0, 2], [0, 1]];

/// A neighbor of the centre.
#[derive(Debug, Clone, Copy)]
pub struct Neighbor {
    /// Index of the atom.
    pub atom: usize,
    /// Species index.
    pub species: usize,
    /// r_ij, Å.
    pub vector: [f64; 3],
    /// |r_ij|, Å.
    pub distance: f64,
}

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
    /// [`Error::Overlap`] for a neighbor on top of the centre.
    pub fn fill(
        &mut self,
        program: &Program,
        basis: &Basis,
        center: usize,
        species: &[u16],
        edges: &Displacements<'_>,
    ) -> Result<()> {
        self.center = center;
        self.species = usize::from(species[center]);
        self.neighbors.clear();
        for (atom, vector) in edges.for_center(center) {
            let distance = norm(&vector);
            if distance < 1e-6 {
                return Err(Error::Overlap { i: center, j: atom, distance });
            }
            let other = usize::from(species[atom]);
            if distance < program.pair(self.species, other).max {
                self.neighbors.push(Neighbor { atom, species: other, vector, distance });
            }
        }
        self.neighbors.sort_by_key(|neighbor| neighbor.species);
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
            complete(&self.neighbors, row);
        }
    }

    /// Adds `weight` times a gradient row to a design column.
    pub fn scatter(&self, weight: f64, row: &[f64], column: &mut [f64]) {
        let n = self.neighbors.len();
        let (x, rest) = row.split_at(n);
        let (y, rest) = rest.split_at(n);
        let (z, rest) = rest.split_at(n);
        for (position, neighbor) in self.neighbors.iter().enumerate() {
            let force = &mut column[1 + 3 * neighbor.atom..][..3];
            force[0] -= weight * x[position];
            force[1] -= weight * y[position];
            force[2] -= weight * z[position];
        }
        for k in 0..3 {
            column[1 + 3 * self.center + k] -= weight * rest[k];
        }
        let end = column.len() - 6;
        for k in 0..6 {
            column[end + k] += weight * rest[3 + k];
        }
    }
}

/// The centre's part and the strain's of a gradient row, from those of the neighbors.
pub fn complete(neighbors: &[Neighbor], row: &mut [f64]) {
    let n = neighbors.len();
    let (own, rest) = row.split_at_mut(3 * n);
    let axis = |x: usize| &own[x * n..(x + 1) * n];
    for x in 0..3 {
        rest[x] = -axis(x).iter().sum::<f64>();
    }
    for (k, [a, b]) in VOIGT.into_iter().enumerate() {
        let moment = |a: usize, b: usize| -> f64 {
            axis(a).iter().zip(neighbors).map(|(g, neighbor)| g * neighbor.vector[b]).sum()
        };
        rest[3 + k] = 0.5 * (moment(a, b) + moment(b, a));
    }
}
