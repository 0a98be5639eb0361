//! An evaluator with a neighbor list that lives through many similar structures.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::Result;
use crate::neighbors::{Displacements, VerletList};
use crate::structure::{Structure, dot};

use super::{Evaluation, Evaluator};

/// An evaluator that rebuilds its neighbor list only when atoms moved by about half of the skin.
#[derive(Debug)]
pub struct Session {
    evaluator: Arc<Evaluator>,
    list: VerletList,
    num_threads: Option<usize>,
    rebuilds: usize,
    n_edges: usize,
    last: Option<Structure>,
}

impl Session {
    /// A session with a skin in Å; `num_threads` as in [`crate::threads::resolve`].
    ///
    /// # Errors
    /// Those of [`VerletList::new`] and [`crate::threads::resolve`].
    pub fn new(evaluator: Arc<Evaluator>, skin: f64, num_threads: Option<usize>) -> Result<Self> {
        crate::threads::resolve(num_threads)?;
        let list = VerletList::new(evaluator.cutoff(), skin)?;
        Ok(Self { evaluator, list, num_threads, rebuilds: 0, n_edges: 0, last: None })
    }

    /// Energies, forces and strain derivative of a structure.
    ///
    /// # Errors
    /// Those of [`VerletList::update`] and [`Evaluator::compute`].
    pub fn compute(&mut self, structure: Structure) -> Result<Evaluation> {
        self.last = None;
        self.rebuilds += usize::from(self.list.update(&structure, self.num_threads)?);
        let evaluation = self.evaluator.compute(&structure, self.list.list(), self.num_threads)?;
        self.n_edges = evaluation.n_edges;
        self.last = Some(structure);
        Ok(evaluation)
    }

    /// Number of neighbor lists built so far.
    pub fn rebuilds(&self) -> usize {
        self.rebuilds
    }

    /// Mean number of neighbors within the cutoffs in the last computation; 0 without one.
    pub fn neighbors_per_atom(&self) -> f64 {
        match &self.last {
            Some(structure) if !structure.is_empty() => self.n_edges as f64 / structure.len() as f64,
            _ => 0.0,
        }
    }

    /// Shortest distance (Å) within the cutoff per unordered pair of atomic numbers (low, high) in the last
    /// computation.
    ///
    /// # Errors
    /// Those of [`Displacements::new`].
    pub fn minimum_distances(&self) -> Result<BTreeMap<(u8, u8), f64>> {
        let mut shortest = BTreeMap::new();
        let Some(structure) = &self.last else { return Ok(shortest) };
        let displacements = Displacements::new(self.list.list(), structure)?;
        let numbers = structure.numbers();
        let cutoff = self.evaluator.cutoff();
        for (i, &z) in numbers.iter().enumerate() {
            for (j, d) in displacements.for_center(i).filter(|&(j, _)| j >= i) {
                let square = dot(&d, &d);
                if square < cutoff * cutoff {
                    let pair = (z.min(numbers[j]), z.max(numbers[j]));
                    let least = shortest.entry(pair).or_insert(square);
                    *least = square.min(*least);
                }
            }
        }
        shortest.values_mut().for_each(|square| *square = square.sqrt());
        Ok(shortest)
    }
}
