//! Edge vectors of a neighbor list at the current positions.

use crate::error::{Error, Result};
use crate::structure::Structure;

use super::list::NeighborList;

/// Edges of a list with their vectors `r_ij = (r_j − r_i) + S·cell` (Å) at the positions and cell of a
/// structure; evaluated in this order they are exactly antisymmetric, `r_ij(S) = −r_ji(−S)`.
///
/// Shared between threads: each takes its own centres with [`Self::for_center`].
#[derive(Debug)]
pub struct Displacements<'a> {
    list: &'a NeighborList,
    positions: &'a [[f64; 3]],
    shift_vectors: Vec<[f64; 3]>,
}

impl<'a> Displacements<'a> {
    /// Edge vectors of `list` at the positions and cell of `structure`, which may have moved since the
    /// list was built (Verlet skin). One pass over the distinct shifts.
    ///
    /// # Errors
    /// [`Error::Length`] if the list was built for another number of atoms.
    pub fn new(list: &'a NeighborList, structure: &'a Structure) -> Result<Self> {
        Error::check_length("neighbor list", structure.len(), list.n_centers())?;
        let shift_vectors = list.shifts().iter().map(|&s| structure.cell().shift_vector(s)).collect();
        Ok(Self { list, positions: structure.positions(), shift_vectors })
    }

    /// The edges of centre `i`: neighbor index j and `r_ij` in Å, in the order of the list.
    ///
    /// # Panics
    /// If `i` is not a centre of the list.
    #[inline]
    pub fn for_center(&self, i: usize) -> impl ExactSizeIterator<Item = (usize, [f64; 3])> + '_ {
        let edges = self.list.offsets()[i]..self.list.offsets()[i + 1];
        let origin = self.positions[i];
        let neighbors = &self.list.neighbors()[edges.clone()];
        let shift_ids = &self.list.shift_ids()[edges];
        neighbors.iter().zip(shift_ids).map(move |(&j, &shift)| {
            let j = j as usize;
            (j, edge_vector(&origin, &self.positions[j], &self.shift_vectors[shift as usize]))
        })
    }
}

/// `(r_j − r_i) + t`, the one place where an edge vector is evaluated.
#[inline]
pub(super) fn edge_vector(r_i: &[f64; 3], r_j: &[f64; 3], shift_vector: &[f64; 3]) -> [f64; 3] {
    std::array::from_fn(|k| (r_j[k] - r_i[k]) + shift_vector[k])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::Cell;

    #[test]
    fn edge_vectors_are_exactly_antisymmetric() -> Result<()> {
        let cell = Cell::new([[3.1, 0.0, 0.0], [1.3, 2.9, 0.0], [-0.7, 0.2, 4.1]], [true; 3])?;
        let structure = Structure::new(vec![14, 6], vec![[0.1, 7.3, -0.4], [1.7, 0.3, 22.1]], cell)?;
        let list = NeighborList::build(&structure, 4.5)?;
        let displacements = Displacements::new(&list, &structure)?;
        let sum_over = |i: usize| displacements.for_center(i).fold(0, |n, _| n + 1);
        assert_eq!(sum_over(0) + sum_over(1), list.n_edges());
        for (j, d) in displacements.for_center(0) {
            let opposite = |e: [f64; 3]| (0..3).all(|q| e[q] + d[q] == 0.0);
            assert!(displacements.for_center(j).any(|(k, e)| k == 0 && opposite(e)));
        }
        Ok(())
    }

    #[test]
    fn a_list_of_other_atoms_is_refused() -> Result<()> {
        let cell = Cell::new([[0.0; 3]; 3], [false; 3])?;
        let one = Structure::new(vec![1], vec![[0.0; 3]], cell)?;
        let two = Structure::new(vec![1, 1], vec![[0.0; 3], [1.0; 3]], cell)?;
        let list = NeighborList::build(&one, 2.0)?;
        assert!(matches!(Displacements::new(&list, &two), Err(Error::Length { .. })));
        Ok(())
    }
}
