//! An evaluator with a neighbor list that lives through many similar structures.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::Result;
use crate::neighbors::tiles::Reach;
use crate::neighbors::{Displacements, VerletList};
use crate::structure::{Structure, dot};

use super::cuts::Cuts;
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
    /// The list as the engines work on it.
    cuts: Option<Cuts>,
}

impl Session {
    /// A session with a skin in Å; `num_threads` as in [`crate::threads::resolve`].
    ///
    /// # Errors
    /// Those of [`VerletList::new`] and [`crate::threads::resolve`].
    pub fn new(evaluator: Arc<Evaluator>, skin: f64, num_threads: Option<usize>) -> Result<Self> {
        crate::threads::resolve(num_threads)?;
        let list = VerletList::new(evaluator.cutoff(), skin)?;
        Ok(Self { evaluator, list, num_threads, rebuilds: 0, n_edges: 0, last: None, cuts: None })
    }

    /// Energies, forces and strain derivative of a structure.
    ///
    /// # Errors
    /// Those of [`VerletList::update`] and [`Evaluator::compute`].
    pub fn compute(&mut self, structure: Structure) -> Result<Evaluation> {
        self.last = None;
        let rebuilt = self.list.update(&structure, self.num_threads)?;
        self.rebuilds += usize::from(rebuilt);
        let (evaluator, list) = (&self.evaluator, self.list.list());
        let kept = self.cuts.take().filter(|_| !rebuilt);
        let cuts = kept.map_or_else(|| Cuts::new(evaluator, &structure, list), Ok)?;
        let evaluation = cuts.evaluate(evaluator, &structure, list, self.num_threads)?;
        self.cuts = Some(cuts);
        self.n_edges = evaluation.n_edges;
        self.last = Some(structure);
        Ok(evaluation)
    }

    /// Number of neighbor lists built so far.
    pub fn rebuilds(&self) -> usize {
        self.rebuilds
    }

    /// Mean number of neighbors within the cutoffs in the last computation; 0 without one.
    ///
    /// # Errors
    /// Those of [`Displacements::new`].
    pub fn neighbors_per_atom(&self) -> Result<f64> {
        let Some(structure) = self.last.as_ref().filter(|last| !last.is_empty()) else { return Ok(0.0) };
        let mut n_edges = self.n_edges;
        // Kernels that see each pair once do not count.
        for engine in self.evaluator.engines.iter().filter_map(|engine| engine.tiled()) {
            let Some(cuts) = &self.cuts else { continue };
            n_edges = n_edges.max(self.count(structure, &cuts.species, engine.reach())?);
        }
        Ok(n_edges as f64 / structure.len() as f64)
    }

    fn count(&self, structure: &Structure, species: &[u16], reach: &Reach) -> Result<usize> {
        let displacements = Displacements::new(self.list.list(), structure)?;
        let within = |i: usize, j: usize, d: &[f64; 3]| {
            let class = usize::from(species[i]) * reach.n_species + usize::from(species[j]);
            let cutoff = reach.pairs[class].max(reach.short[class]);
            dot(d, d) < cutoff * cutoff
        };
        let of = |i: usize| displacements.for_center(i).filter(|(j, d)| within(i, *j, d)).count();
        Ok((0..structure.len()).map(of).sum())
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
