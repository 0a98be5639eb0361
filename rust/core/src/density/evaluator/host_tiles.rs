//! Tiles of a host's list, kept for as long as the list is.

use crate::error::Result;
use crate::neighbors::host::{HostAtoms, cut};
use crate::neighbors::tiles::{Image, Tile};
use crate::ordered::in_order;

use super::{Edges, Evaluator, HostArrays, Neighborhoods, TileEngine, TileOutput};

/// What a host says of its list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HostList {
    /// Another number for another list.
    pub id: u64,
    /// How much shorter distances may become (Å) before there is another list; it reaches so far beyond the cutoff.
    pub skin: f64,
}

/// A host's list with what is kept of it.
#[derive(Debug)]
pub struct KeptList<'a> {
    /// The list.
    pub list: HostList,
    /// Tiles of this list, or of one before.
    pub tiles: &'a mut HostTiles,
    /// Positions of all atoms, Å; neighbors are where these are.
    pub positions: &'a [[f64; 3]],
}

/// Tiles of the last list.
#[derive(Debug, Default)]
pub struct HostTiles {
    list: Option<HostList>,
    species: Vec<u16>,
    centers: Vec<u32>,
    is_center: Vec<bool>,
    /// By engine; none for engines that do not work on tiles.
    engines: Vec<Vec<Tile>>,
}

impl HostTiles {
    /// Cuts the list unless it is the one of the last call, with the same species and centres.
    pub(super) fn update(
        &mut self,
        evaluator: &Evaluator,
        source: &dyn Neighborhoods,
        positions: &[[f64; 3]],
        centers: &[u32],
        list: HostList,
    ) {
        if self.list == Some(list) && self.species == source.species() && self.centers == centers {
            return;
        }
        self.list = Some(list);
        self.species.clear();
        self.species.extend_from_slice(source.species());
        self.centers.clear();
        self.centers.extend_from_slice(centers);
        self.is_center.clear();
        self.is_center.resize(self.species.len(), false);
        for &center in centers {
            self.is_center[center as usize] = true;
        }
        let mut edges = Edges::default();
        let mut neighbors = |center: u32, to: &mut Vec<u32>| {
            source.gather(center as usize, f64::INFINITY, &mut edges);
            std::mem::swap(to, &mut edges.neighbors);
        };
        let atoms = HostAtoms { positions, species: &self.species, is_center: &self.is_center };
        let tiles = evaluator.engines.iter().map(|engine| {
            let Some(engine) = engine.tiled() else { return Vec::new() };
            cut(atoms, centers, engine.reach(), list.skin, &mut neighbors)
        });
        self.engines = tiles.collect();
    }

    /// Adds what an engine makes of its tiles.
    ///
    /// # Errors
    /// Those of the engine and of [`crate::threads::pool`].
    pub(super) fn add(
        &self,
        (index, engine): (usize, &dyn TileEngine),
        positions: &[[f64; 3]],
        arrays: &mut HostArrays<'_>,
        num_threads: Option<usize>,
    ) -> Result<()> {
        let tiles = &self.engines[index];
        let run = |k: usize, part: &mut TileOutput| {
            engine.run(&tiles[k], positions, &[[0.0; 3]], &self.species, part)
        };
        let take = |k: usize, part: &TileOutput| {
            for (&atom, Image { sum, .. }) in tiles[k].atoms.iter().zip(&part.images) {
                let [fx, fy, fz] = &mut arrays.forces[atom as usize];
                *fx += sum[0];
                *fy += sum[1];
                *fz += sum[2];
                // Halves of pairs with other atoms belong to these.
                if self.is_center[atom as usize] {
                    arrays.energy += sum[3];
                    if let Some(energies) = &mut arrays.energies {
                        energies[atom as usize] += sum[3];
                    }
                }
            }
            arrays.strain.iter_mut().zip(part.strain).for_each(|(sum, part)| *sum += part);
        };
        in_order(tiles.len(), num_threads, run, take)
    }
}
