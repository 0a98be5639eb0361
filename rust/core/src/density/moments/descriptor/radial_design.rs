//! Rows of the derivatives of a linear potential in its radial coefficients.
//!
//! With the sums S of a centre, their adjoints `S̄ = ∂E/∂S`, and the contribution `N_k = ∂S/∂c_k` of a radial
//! coefficient to the sums,
//!
//! ```text
//! ∂E/∂c_k = S̄ · N_k,      ∂²E/∂x∂c_k = S̄ · ∂N_k/∂x + (H N_k) · ∂S/∂x,      H = ∂²E/∂S²
//! ```
//!
//! in the row layout of [`Features::design`](crate::features::Features::design) (forces with the minus sign). A Gauss–Newton step in linear and
//! radial coefficients together is one least-squares problem on the columns of both designs.

use super::Descriptor;
use super::center::CenterWork;
use super::hessian::hessian_products;
use crate::density::descriptor::contract;
use crate::error::{Error, Result};
use crate::features::{DesignBlock, design_rows};
use crate::structure::Structure;

impl Descriptor {
    /// Rows of the derivatives in the radial coefficients, one column each by centre, neighbor, function and
    /// polynomial, of the potential with one coefficient (eV) per scalar.
    ///
    /// # Errors
    /// [`Error::Length`] for a wrong number of coefficients, and unknown elements, overlapping atoms, and those
    /// of the neighbor list.
    pub fn radial_design(
        &self,
        structures: &[Structure],
        coefficients: &[f64],
        num_threads: Option<usize>,
    ) -> Result<DesignBlock> {
        Error::check_length("coefficients", self.program.n_features(), coefficients.len())?;
        let size = self.program.settings().n_functions * self.program.settings().n_polynomials;
        let columns = self.program.pairs().len() * size;
        DesignBlock::stack(structures, columns, num_threads, |structure| {
            let mut out = vec![0.0; design_rows(structure.len()) * columns];
            self.visit_centers(structure, |work| {
                self.add_center(work, coefficients, design_rows(structure.len()), &mut out);
            })?;
            Ok(out)
        })
    }

    fn add_center(&self, work: &CenterWork, coefficients: &[f64], rows: usize, out: &mut [f64]) {
        let (basis, settings) = (&self.basis, self.program.settings());
        let (n_functions, n_polynomials) = (settings.n_functions, settings.n_polynomials);
        let bars = self.node_adjoints(&work.nodes, coefficients);
        let sums_bar = self.sum_adjoints(&work.nodes, coefficients);
        let (n_species, matrix) = (self.program.species().len(), settings.series());
        let mut start = 0;
        for neighbors in work.neighbors.chunk_by(|a, b| a.species == b.species) {
            let range = start..start + neighbors.len();
            start = range.end;
            let directions = self.contributions(work, range.clone());
            let moments: Vec<Vec<f64>> = directions.iter().map(|sums| basis.moments_of(sums)).collect();
            // Rows of plain Chebyshev polynomials, mixed into those of the coefficients.
            let pair = work.species * n_species + neighbors[0].species;
            let width = 1 + work.width();
            let mut mixed = vec![0.0; n_polynomials * width];
            for (function, &(mu, _)) in basis.layout.functions.iter().enumerate() {
                mixed.fill(0.0);
                let own = &moments[function * n_polynomials..][..n_polynomials];
                let curved = hessian_products(
                    self.program.products(),
                    &basis.beside[function],
                    &work.nodes,
                    &bars,
                    own,
                );
                let angular = self.angular(work, function, &sums_bar);
                for (k, curved) in curved.iter().enumerate() {
                    let sums = &directions[function * n_polynomials + k];
                    let row = &mut mixed[k * width..][..width];
                    row[0] = sums.iter().zip(&sums_bar).map(|(n, bar)| n * bar).sum();
                    self.add_direct(work, range.clone(), k, &angular, &mut row[1..]);
                    let mut terms = vec![0.0; basis.layout.size];
                    for (expansion, value) in basis.moments.iter().zip(curved) {
                        expansion.iter().for_each(|&(sum, weight)| terms[sum as usize] += weight * value);
                    }
                    let terms: Vec<(u32, f64)> = (0..).zip(terms).filter(|term| term.1 != 0.0).collect();
                    contract(&mut row[1..], &work.gradients, &terms);
                }

                for beta in 0..n_polynomials {
                    let column = (pair * n_functions + mu) * n_polynomials + beta;
                    let column = &mut out[column * rows..][..rows];
                    for (k, row) in mixed.chunks_exact(width).enumerate() {
                        let weight = matrix[beta * n_polynomials + k];
                        if weight != 0.0 {
                            column[0] += weight * row[0];
                            work.scatter(weight, &row[1..], column);
                        }
                    }
                }
            }
        }
    }

    /// ∂S/∂c of the neighbors in a range, `[function][polynomial][sum]`.
    fn contributions(&self, work: &CenterWork, range: std::ops::Range<usize>) -> Vec<Vec<f64>> {
        let layout = &self.basis.layout;
        let (n, n_monomials) = (self.basis.settings.n_polynomials, layout.monomials.len());
        let mut out = vec![vec![0.0; layout.size]; layout.functions.len() * n];
        for j in range {
            let (radial, monomials) = (&work.radial[2 * j * n..][..n], &work.monomials[j * n_monomials..]);
            for &[function, monomial, sum] in &self.basis.entries {
                for (k, q) in radial.iter().enumerate() {
                    out[function * n + k][sum] += q * monomials[monomial];
                }
            }
        }
        out
    }

    /// `p(û) = Σ S̄ · monomial` of a function at every neighbor, and its gradient in r_ij.
    fn angular(&self, work: &CenterWork, function: usize, sums_bar: &[f64]) -> Vec<(f64, [f64; 3])> {
        let n_monomials = self.basis.layout.monomials.len();
        let own: Vec<&[usize; 3]> = self.basis.entries.iter().filter(|entry| entry[0] == function).collect();
        let of_neighbor = |j: usize| {
            let (mut value, mut slope) = (0.0, [0.0; 3]);
            for &&[_, monomial, sum] in &own {
                let place = j * n_monomials + monomial;
                value += sums_bar[sum] * work.monomials[place];
                for (s, g) in slope.iter_mut().zip(work.slopes[place]) {
                    *s += sums_bar[sum] * g;
                }
            }
            (value, slope)
        };
        (0..work.neighbors.len()).map(of_neighbor).collect()
    }

    /// Adds `S̄ · ∂N/∂x` of polynomial `k` to a gradient row.
    fn add_direct(
        &self,
        work: &CenterWork,
        range: std::ops::Range<usize>,
        k: usize,
        angular: &[(f64, [f64; 3])],
        row: &mut [f64],
    ) {
        let n = work.neighbors.len();
        let n_polynomials = self.basis.settings.n_polynomials;
        for j in range {
            let (neighbor, (value, slope)) = (&work.neighbors[j], angular[j]);
            let (q, dq) =
                (work.radial[2 * j * n_polynomials + k], work.radial[(2 * j + 1) * n_polynomials + k]);
            for x in 0..3 {
                row[x * n + j] = dq * value * neighbor.vector[x] / neighbor.distance + q * slope[x];
            }
        }
        work.complete(row);
    }
}
