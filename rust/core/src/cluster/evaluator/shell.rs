//! The neighbors of one centre in columns, by species.

use crate::density::evaluator::{Edge, Neighborhoods};
use crate::error::{Error, Result};
use crate::simd::MAX_LANES;
use crate::structure::dot;

use super::kernel::Towards;

/// Neighbors of one species within the cutoff, padded to full vectors with distances where all is 0.
#[derive(Debug, Default)]
pub struct Shell {
    /// Components of r_ij, Å.
    pub vectors: [Vec<f64>; 3],
    /// |r_ij|², Å².
    pub squares: Vec<f64>,
    /// Index of the atom.
    pub atoms: Vec<u32>,
    /// Number of neighbors without padding.
    pub len: usize,
    /// Places of those that matter in triplets.
    pub short: Vec<u32>,
    /// Number of them.
    pub n_short: usize,
}

impl Shell {
    fn reserve(&mut self, n: usize) {
        if self.atoms.len() < n {
            self.vectors.iter_mut().for_each(|column| column.resize(n, 0.0));
            self.squares.resize(n, 0.0);
            self.atoms.resize(n, 0);
            self.short.resize(n, 0);
        }
        (self.len, self.n_short) = (0, 0);
    }

    /// Adds an edge if it is shorter than the cutoff, without a branch.
    #[inline(always)]
    fn add(&mut self, edge: &Edge, square: f64, towards: &Towards) {
        let n = self.len;
        for (column, x) in self.vectors.iter_mut().zip(edge.displacement) {
            column[n] = x;
        }
        self.squares[n] = square;
        self.atoms[n] = edge.neighbor;
        self.short[self.n_short] = n as u32;
        self.len += usize::from(square < towards.squared_cutoff);
        self.n_short += usize::from(square < towards.squared_short);
    }

    /// Fills the last vector up.
    fn pad(&mut self, towards: &Towards) {
        let far = 2.0 * towards.squared_cutoff.sqrt();
        for n in self.len..self.len + MAX_LANES {
            (self.vectors[0][n], self.vectors[1][n], self.vectors[2][n]) = (far, 0.0, 0.0);
            self.squares[n] = far * far;
        }
    }
}

/// Fills one shell per species with the neighbors of a centre and returns their number.
///
/// # Errors
/// [`Error::Overlap`] for a neighbor on top of the centre.
#[inline(always)]
pub fn fill(
    shells: &mut Vec<Shell>,
    edges: &mut Vec<Edge>,
    source: &dyn Neighborhoods,
    center: u32,
    towards: &[Towards],
) -> Result<usize> {
    edges.clear();
    source.gather(center as usize, edges);
    shells.resize_with(towards.len(), Shell::default);
    shells.iter_mut().for_each(|shell| shell.reserve(edges.len() + 2 * MAX_LANES));
    let mut least = f64::INFINITY;
    if let ([shell], [towards]) = (&mut shells[..], towards) {
        for edge in edges.iter() {
            let square = dot(&edge.displacement, &edge.displacement);
            least = least.min(square);
            shell.add(edge, square, towards);
        }
    } else {
        let species = source.species();
        for edge in edges.iter() {
            let z = usize::from(species[edge.neighbor as usize]);
            let square = dot(&edge.displacement, &edge.displacement);
            least = least.min(square);
            shells[z].add(edge, square, &towards[z]);
        }
    }
    if least < 1e-12 {
        let on_top = |edge: &&Edge| dot(&edge.displacement, &edge.displacement) < 1e-12;
        let j = edges.iter().find(on_top).map_or(center, |edge| edge.neighbor);
        return Err(Error::Overlap { i: center as usize, j: j as usize, distance: least.sqrt() });
    }
    shells.iter_mut().zip(towards).for_each(|(shell, towards)| shell.pad(towards));
    Ok(shells.iter().map(|shell| shell.len).sum())
}
