//! Centres in blocks for the threads, and the ordered sum of what the blocks contribute.

use crate::error::Result;
use crate::ordered::in_order;
use crate::structure::VOIGT;
use crate::threads;

use super::block::BlockOutput;
use super::{Engine, Evaluation, Neighborhoods};

/// Centres per block: a multiple of the lanes of every path.
const BLOCK: usize = 16;
/// Edges below which waking other threads costs more than they save (a quarter to one millisecond of work).
const FEW_EDGES: usize = 5000;

/// Centres of one species that are evaluated by one thread.
#[derive(Debug)]
pub(crate) struct Block {
    /// Index of the species.
    pub species: usize,
    /// Atoms.
    pub centers: Vec<u32>,
}

/// Blocks of centres, species by species in the order of `centers`; `species` are the indices of all atoms.
pub(super) fn cut(centers: impl Iterator<Item = u32>, species: &[u16], n_species: usize) -> Vec<Block> {
    cut_to(BLOCK, centers, species, n_species)
}

/// Blocks of up to `size` centres; see [`cut`].
pub(super) fn cut_to(
    size: usize,
    centers: impl Iterator<Item = u32>,
    species: &[u16],
    n_species: usize,
) -> Vec<Block> {
    let mut of_species = vec![Vec::new(); n_species];
    for atom in centers {
        of_species[usize::from(species[atom as usize])].push(atom);
    }
    let blocks = of_species.iter().enumerate().flat_map(|(species, atoms)| {
        atoms.chunks(size).map(move |centers| Block { species, centers: centers.to_vec() })
    });
    blocks.collect()
}

/// Sum over the blocks, in their order for any number of threads, which should share about `n_edges` edges.
///
/// # Errors
/// Those of [`run`].
pub(super) fn compute(
    engine: &dyn Engine,
    source: &dyn Neighborhoods,
    blocks: &[Block],
    n_edges: usize,
    num_threads: Option<usize>,
) -> Result<Evaluation> {
    let n_centers = blocks.iter().map(|block| block.centers.len()).sum();
    let mut out = Evaluation {
        energies: vec![0.0; n_centers],
        forces: vec![[0.0; 3]; source.species().len()],
        ..Evaluation::default()
    };
    run(engine, source, blocks, n_edges, num_threads, |block, part| out.add(block, part))?;
    Ok(out)
}

/// Hands what the blocks contribute to `add`, in their order for any number of threads, which should share about
/// `n_edges` edges.
///
/// # Errors
/// Those of the engine and of [`threads::pool`].
pub(super) fn run(
    engine: &dyn Engine,
    source: &dyn Neighborhoods,
    blocks: &[Block],
    n_edges: usize,
    num_threads: Option<usize>,
    mut add: impl FnMut(&Block, &BlockOutput),
) -> Result<()> {
    let n_threads = if n_edges < FEW_EDGES { 1 } else { threads::resolve(num_threads)? };
    let run = |k: usize, part: &mut BlockOutput| {
        part.clear();
        engine.run(source, &blocks[k], part)
    };
    in_order(blocks.len(), Some(n_threads), run, |k, part| add(&blocks[k], part))
}

impl Evaluation {
    /// Adds a block's part; called in the order of the blocks.
    fn add(&mut self, block: &Block, part: &BlockOutput) {
        for (&center, energy) in block.centers.iter().zip(&part.energies) {
            self.energies[center as usize] = *energy;
        }
        for (&atom, force) in part.atoms.iter().zip(&part.forces) {
            for (sum, part) in self.forces[atom as usize].iter_mut().zip(force) {
                *sum += part;
            }
        }
        for (part, [a, b]) in part.strain.into_iter().zip(VOIGT) {
            self.strain_gradient[a][b] += part;
            if a != b {
                self.strain_gradient[b][a] += part;
            }
        }
        self.n_edges += part.n_edges;
    }
}
