//! A neighbor list cut into what the engines of an evaluator work on: tiles, or blocks of centres that are near one
//! another. It is good for as long as the list is.

use crate::error::Result;
use crate::neighbors::tiles::Tiles;
use crate::neighbors::{NeighborList, SpatialOrder};
use crate::structure::Structure;

use super::system::System;
use super::{Block, Engine, Evaluation, Evaluator, blocks, tiled};

/// The cuts of all engines.
#[derive(Debug)]
pub(super) struct Cuts {
    /// Species index of every atom.
    pub species: Vec<u16>,
    engines: Vec<Cut>,
}

/// What one engine works on.
#[derive(Debug)]
struct Cut {
    /// For an engine that wants them.
    tiles: Option<Tiles>,
    /// For other engines.
    blocks: Vec<Block>,
}

impl Cuts {
    /// # Errors
    /// [`crate::Error::UnknownElement`] for an element without a model.
    pub fn new(evaluator: &Evaluator, structure: &Structure, list: &NeighborList) -> Result<Self> {
        let species = crate::elements::indices(&evaluator.species, structure.numbers())?;
        let cut = |engine: &dyn Engine| {
            let tiles = engine.tiled().map(|engine| Tiles::new(list, structure, &species, engine.reach()));
            let atoms = if tiles.is_none() { SpatialOrder::new(structure).atoms } else { Vec::new() };
            Cut { tiles, blocks: blocks::cut(atoms.into_iter(), &species, evaluator.species.len()) }
        };
        let engines = evaluator.engines.iter().map(|engine| cut(&**engine)).collect();
        Ok(Self { species, engines })
    }

    /// Sum over all engines.
    ///
    /// # Errors
    /// Those of the engines and of [`crate::threads::pool`].
    pub fn evaluate(
        &self,
        evaluator: &Evaluator,
        structure: &Structure,
        list: &NeighborList,
        num_threads: Option<usize>,
    ) -> Result<Evaluation> {
        let mut sum = None;
        for (engine, Cut { tiles, blocks }) in evaluator.engines.iter().zip(&self.engines) {
            let part = if let (Some(engine), Some(tiles)) = (engine.tiled(), tiles) {
                tiled::compute(engine, structure, &self.species, tiles, num_threads)?
            } else {
                let system = System::new(structure, list, &self.species)?;
                blocks::compute(&**engine, &system, blocks, list.n_edges(), num_threads)?
            };
            sum = Some(part.plus(sum));
        }
        Ok(sum.unwrap_or_default())
    }
}

impl Evaluation {
    /// The sum of two evaluations of the same atoms; the number of edges is the larger one.
    pub(super) fn plus(mut self, other: Option<Self>) -> Self {
        let Some(other) = other else { return self };
        add(&mut self.energies, &other.energies);
        add(self.forces.as_flattened_mut(), other.forces.as_flattened());
        add(self.strain_gradient.as_flattened_mut(), other.strain_gradient.as_flattened());
        self.n_edges = self.n_edges.max(other.n_edges);
        self
    }
}

fn add(to: &mut [f64], from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
}
