//! The centres of a structure with their neighbors: what the descriptors of all engines walk through.

use rayon::prelude::*;

use crate::elements::indices;
use crate::error::{Error, Result};
use crate::features::Features;
use crate::neighbors::{Displacements, NeighborList};
use crate::structure::{SHORTEST, Structure, norm};
use crate::threads;

/// A neighbor of a centre.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neighbor {
    /// Index of the atom.
    pub atom: usize,
    /// Species index.
    pub species: usize,
    /// r_ij, Å.
    pub vector: [f64; 3],
    /// |r_ij|, Å.
    pub distance: f64,
}

/// Species and edges of a structure.
#[derive(Debug)]
pub(crate) struct Centers<'a> {
    species: Vec<u16>,
    edges: Displacements<'a>,
}

impl Centers<'_> {
    /// What `work` makes of the centres of a structure, with edges up to the cutoff of the features.
    fn with<T>(
        features: &(impl Features + ?Sized),
        structure: &Structure,
        work: impl FnOnce(&Centers<'_>) -> Result<T>,
    ) -> Result<T> {
        let species = indices(features.species(), structure.numbers())?;
        let list = NeighborList::build(structure, features.cutoff())?;
        work(&Centers { species, edges: Displacements::new(&list, structure)? })
    }

    /// Species index of a centre.
    pub fn species(&self, center: usize) -> usize {
        usize::from(self.species[center])
    }

    /// Replaces `neighbors` by those of a centre within the cutoff (Å) of their species, species by species.
    ///
    /// # Errors
    /// [`Error::Overlap`] for a neighbor on top of the centre.
    #[inline]
    pub fn gather(
        &self,
        center: usize,
        cutoff: impl Fn(usize) -> f64,
        neighbors: &mut Vec<Neighbor>,
    ) -> Result<()> {
        neighbors.clear();
        for (atom, vector) in self.edges.for_center(center) {
            let (distance, species) = (norm(&vector), self.species(atom));
            if distance < SHORTEST {
                return Err(Error::Overlap { i: center, j: atom, distance });
            }
            if distance < cutoff(species) {
                neighbors.push(Neighbor { atom, species, vector, distance });
            }
        }
        neighbors.sort_by_key(|neighbor| neighbor.species);
        Ok(())
    }
}

/// Runs `visit(work, centers, i, out_i)` for every centre i in parallel, with a `work` per thread; `out` has `stride`
/// items per centre.
///
/// # Errors
/// Unknown elements, and those of the neighbor list and of `visit`.
pub(crate) fn each_center<W: Default, T: Send>(
    features: &impl Features,
    structure: &Structure,
    num_threads: Option<usize>,
    out: &mut [T],
    stride: usize,
    visit: impl Fn(&mut W, &Centers<'_>, usize, &mut [T]) -> Result<()> + Sync,
) -> Result<()> {
    threads::pool(num_threads)?.install(|| {
        Centers::with(features, structure, |centers| {
            let rows = out.par_chunks_mut(stride.max(1)).enumerate();
            rows.try_for_each_init(W::default, |work, (i, row)| visit(work, centers, i, row))
        })
    })
}

/// A centre and its output.
#[derive(Debug)]
pub(crate) struct Row<'a, T> {
    /// Index of the atom.
    pub center: usize,
    /// As many items as every centre has.
    pub out: &'a mut [T],
}

/// Runs `visit(work, centers, species, rows)` for blocks of up to `block` centres of one species in parallel, with a
/// `work` per thread; `out` has `stride` items per centre.
///
/// # Errors
/// Those of [`each_center`].
pub(crate) fn each_block<W, T: Send>(
    features: &(impl Features + ?Sized),
    structure: &Structure,
    num_threads: Option<usize>,
    (out, stride): (&mut [T], usize),
    block: usize,
    work: impl Fn() -> W + Sync + Send,
    visit: impl Fn(&mut W, &Centers<'_>, usize, &mut [Row<'_, T>]) -> Result<()> + Sync,
) -> Result<()> {
    threads::pool(num_threads)?.install(|| {
        Centers::with(features, structure, |centers| {
            let mut of_species: Vec<Vec<Row<'_, T>>> =
                features.species().iter().map(|_| Vec::new()).collect();
            for (center, out) in out.chunks_mut(stride.max(1)).enumerate() {
                of_species[centers.species(center)].push(Row { center, out });
            }
            let blocks = of_species.iter_mut().enumerate();
            let blocks = blocks.flat_map(|(z, rows)| rows.chunks_mut(block).map(move |rows| (z, rows)));
            let blocks: Vec<_> = blocks.collect();
            blocks.into_par_iter().try_for_each_init(work, |work, (z, rows)| visit(work, centers, z, rows))
        })
    })
}

/// Runs `visit(centers, i)` for one centre i after the other.
///
/// # Errors
/// Those of [`each_center`].
pub(crate) fn visit_centers(
    features: &impl Features,
    structure: &Structure,
    mut visit: impl FnMut(&Centers<'_>, usize) -> Result<()>,
) -> Result<()> {
    Centers::with(features, structure, |centers| (0..structure.len()).try_for_each(|i| visit(centers, i)))
}
