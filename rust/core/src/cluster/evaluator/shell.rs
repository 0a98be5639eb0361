//! The neighbors of one centre in columns, by species.

use crate::density::evaluator::{Edges, Neighborhoods};
use crate::error::{Error, Result};
use crate::simd::MAX_LANES;

use super::kernel::{CenterKernel, Towards};

/// Square of the distance (Å²) below which atoms count as lying on each other.
const SQUARED_SHORTEST: f64 = 1e-12;

/// Neighbors of one species within the cutoff; columns go on for a vector, at distances where all is 0.
#[derive(Debug, Default)]
pub struct Shell {
    /// Number of neighbors.
    pub len: usize,
    /// Components of r_ij, Å, and indices of the atoms.
    pub edges: Edges,
    /// |r_ij|², Å².
    pub squares: Vec<f64>,
    /// Smallest |r_ij|², Å².
    pub least: f64,
    /// Places of those that matter in triplets.
    pub short: Vec<u32>,
}

impl Shell {
    fn clear(&mut self) {
        self.edges.displacements.iter_mut().for_each(Vec::clear);
        self.edges.neighbors.clear();
    }

    fn push(&mut self, vector: [f64; 3], atom: u32) {
        for (column, x) in self.edges.displacements.iter_mut().zip(vector) {
            column.push(x);
        }
        self.edges.neighbors.push(atom);
    }

    /// Fills in what follows from the edges and pads the columns.
    #[inline(always)]
    fn finish(&mut self, towards: &Towards) {
        self.len = self.edges.neighbors.len();
        let padded = self.len + MAX_LANES;
        let [x, y, z] = &mut self.edges.displacements;
        x.resize(padded, 2.0 * towards.squared_cutoff.sqrt() + 1.0);
        y.resize(padded, 0.0);
        z.resize(padded, 0.0);
        self.squares.resize(padded, 0.0);
        let mut least = f64::INFINITY;
        for (((square, x), y), z) in self.squares.iter_mut().zip(x).zip(y).zip(z) {
            *square = *x * *x + *y * *y + *z * *z;
            least = least.min(*square);
        }
        // Written in any case and overwritten by the next one if too far: no branch to predict.
        self.short.resize(padded, 0);
        let mut n_short = 0;
        for (place, &square) in (0..).zip(&self.squares[..self.len]) {
            self.short[n_short] = place;
            n_short += usize::from(square < towards.squared_short);
        }
        self.short.truncate(n_short);
        self.least = least;
    }
}

/// Fills one shell per species with the neighbors of a centre and returns their number.
///
/// # Errors
/// [`Error::Overlap`] for a neighbor on top of the centre.
#[inline(always)]
pub fn fill(
    shells: &mut Vec<Shell>,
    edges: &mut Edges,
    source: &dyn Neighborhoods,
    center: u32,
    kernel: &CenterKernel,
) -> Result<usize> {
    source.gather(center as usize, kernel.cutoff, edges);
    shells.resize_with(kernel.towards.len(), Shell::default);
    if let [shell] = &mut shells[..] {
        std::mem::swap(&mut shell.edges, edges);
    } else {
        distribute(shells, edges, source.species(), kernel);
    }
    let mut n = 0;
    for (shell, towards) in shells.iter_mut().zip(&kernel.towards) {
        shell.finish(towards);
        if shell.least < SQUARED_SHORTEST {
            let on_top = shell.squares.iter().position(|&square| square <= shell.least);
            let j = on_top.map_or(center, |place| shell.edges.neighbors[place]);
            return Err(Error::Overlap { i: center as usize, j: j as usize, distance: shell.least.sqrt() });
        }
        n += shell.len;
    }
    Ok(n)
}

/// Sorts edges by species and leaves out those beyond the cutoff of theirs.
fn distribute(shells: &mut [Shell], edges: &Edges, species: &[u16], kernel: &CenterKernel) {
    shells.iter_mut().for_each(Shell::clear);
    let [x, y, z] = &edges.displacements;
    for (k, &atom) in edges.neighbors.iter().enumerate() {
        let vector = [x[k], y[k], z[k]];
        let other = usize::from(species[atom as usize]);
        if crate::structure::dot(&vector, &vector) < kernel.towards[other].squared_cutoff {
            shells[other].push(vector, atom);
        }
    }
}
