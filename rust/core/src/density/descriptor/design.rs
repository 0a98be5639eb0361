//! Design rows: energy, forces and strain derivatives of all features of a structure.

use rayon::prelude::*;

use super::Descriptor;
use super::center::{CenterWork, EXTRA};
use super::contract::contract;
use crate::error::Result;
use crate::neighbors::{Displacements, NeighborList};
use crate::spherical::Harmonics;
use crate::structure::Structure;
use crate::threads;

/// Number of design rows of a structure: energy, 3 N forces, 6 strain derivatives.
pub fn design_rows(n_atoms: usize) -> usize {
    1 + 3 * n_atoms + 6
}

/// Design rows of several structures, column-major: entry (row, column) at `column · rows + row`.
#[derive(Debug, Clone, PartialEq)]
pub struct DesignBlock {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns (features).
    pub columns: usize,
    /// Entries.
    pub data: Vec<f64>,
}

impl Descriptor {
    /// Design rows of the structures behind one another. Per structure: Σ_i B (energy), −dB/dr
    /// (forces, atom by atom), dB/dε (Voigt xx yy zz yz xz xy, symmetric part).
    ///
    /// # Errors
    /// Unknown elements, overlapping atoms, and those of the neighbor list.
    pub fn design(&self, structures: &[Structure], num_threads: Option<usize>) -> Result<DesignBlock> {
        let columns = self.program.n_features();
        let blocks: Vec<Vec<f64>> = threads::pool(num_threads)?
            .install(|| structures.par_iter().map(|s| self.design_one(s)).collect::<Result<_>>())?;
        let rows = structures.iter().map(|s| design_rows(s.len())).sum();
        let mut data = vec![0.0; rows * columns];
        let mut start = 0;
        for (structure, block) in structures.iter().zip(blocks) {
            let n = design_rows(structure.len());
            for (column, values) in block.chunks_exact(n).enumerate() {
                data[column * rows + start..][..n].copy_from_slice(values);
            }
            start += n;
        }
        Ok(DesignBlock { rows, columns, data })
    }

    fn design_one(&self, structure: &Structure) -> Result<Vec<f64>> {
        let species = self.program.species_indices(structure.numbers())?;
        let list = NeighborList::build(structure, self.program.cutoff())?;
        let edges = Displacements::new(&list, structure)?;
        let rows = design_rows(structure.len());
        let mut out = vec![0.0; rows * self.program.n_features()];
        let mut work = CenterWork::default();
        let (mut weights, mut terms, mut row) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..structure.len() {
            let z = usize::from(species[i]);
            let (center, layout) = (&self.program.centers()[z], &self.layouts[z]);
            self.prepare(i, &species, &edges, &Harmonics::new(layout.lmax), true, &mut work)?;
            let mut columns = out[self.program.feature_range(z).start * rows..].chunks_exact_mut(rows);
            self.design_pair(i, z, &work, &mut columns);
            weights.clear();
            weights.resize(2 * layout.half.len(), 0.0);
            for ((k, function), column) in center.functions.iter().enumerate().zip(columns) {
                for &(q, c) in function {
                    column[0] += c * work.monomials[q as usize];
                    work.add_monomial_gradient(center, layout, q as usize, c, &mut weights);
                }
                for (s, half) in layout.of_species.iter().enumerate() {
                    let range = 2 * half.start as u32..2 * half.end as u32;
                    terms.clear();
                    for &r in layout.support.get(k).iter().filter(|r| range.contains(r)) {
                        terms.push((r - range.start, std::mem::take(&mut weights[r as usize])));
                    }
                    if !terms.is_empty() {
                        row.clear();
                        row.resize(work.width(s), 0.0);
                        contract(&mut row, &work.gradients[s], &terms);
                        work.scatter(s, i, &row, column);
                    }
                }
            }
        }
        Ok(out)
    }

    /// Adds the pair features of centre `i`; takes their columns off the front of `columns`.
    fn design_pair<'a>(
        &self,
        i: usize,
        z: usize,
        work: &CenterWork,
        columns: &mut impl Iterator<Item = &'a mut [f64]>,
    ) {
        let center = &self.program.centers()[z];
        for (s, range) in work.ranges.iter().enumerate().take(center.radial.len()) {
            for k in 0..center.n_pair {
                let Some(column) = columns.next() else { return };
                column[0] += work.pair[s * center.n_pair + k];
                let end = column.len() - 6;
                for n in range.clone() {
                    let neighbor = &work.neighbors[n];
                    let slope = work.pair_slope[n * center.n_pair + k] / neighbor.distance;
                    let v = neighbor.vector;
                    for x in 0..3 {
                        let g = slope * v[x];
                        column[1 + 3 * neighbor.atom + x] -= g;
                        column[1 + 3 * i + x] += g;
                        column[end + x] += g * v[x];
                    }
                    for (voigt, (x, y)) in [(1, 2), (0, 2), (0, 1)].into_iter().enumerate() {
                        column[end + 3 + voigt] += slope * v[x] * v[y];
                    }
                }
            }
        }
    }
}

impl CenterWork {
    /// Adds a gradient row of range `s` (see [`CenterWork::gradients`]) to a design column.
    fn scatter(&self, s: usize, center: usize, row: &[f64], column: &mut [f64]) {
        let n = self.ranges[s].len();
        let (x, rest) = row.split_at(n);
        let (y, rest) = rest.split_at(n);
        let (z, rest) = rest.split_at(n);
        debug_assert_eq!(rest.len(), EXTRA);
        for (position, neighbor) in self.neighbors[self.ranges[s].clone()].iter().enumerate() {
            let force = &mut column[1 + 3 * neighbor.atom..][..3];
            force[0] -= x[position];
            force[1] -= y[position];
            force[2] -= z[position];
        }
        for k in 0..3 {
            column[1 + 3 * center + k] -= rest[k];
        }
        let end = column.len() - 6;
        for k in 0..6 {
            column[end + k] += rest[3 + k];
        }
    }
}
