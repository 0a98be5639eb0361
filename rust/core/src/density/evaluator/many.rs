//! Many structures at once: whole structures are shared among the threads.

use rayon::prelude::*;

use crate::error::Result;
use crate::neighbors::NeighborList;
use crate::structure::Structure;
use crate::threads;

use super::{Evaluation, Evaluator};

impl Evaluator {
    /// Energies, forces and strain derivatives of structures, each as [`Evaluator::compute`] gives it. One thread has
    /// a structure, so that small ones wait for no others.
    ///
    /// # Errors
    /// Those of [`NeighborList::build`] and [`Evaluator::compute`] for one of the structures, and those of
    /// [`threads::pool`].
    pub fn compute_all(
        &self,
        structures: &[Structure],
        num_threads: Option<usize>,
    ) -> Result<Vec<Evaluation>> {
        let one = |structure: &Structure| {
            let list = NeighborList::build(structure, self.cutoff())?;
            self.compute(structure, &list, Some(1))
        };
        threads::pool(num_threads)?.install(|| structures.par_iter().map(one).collect())
    }
}
