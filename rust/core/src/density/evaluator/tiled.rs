//! Engines whose kernels work on tiles of centres ([`crate::neighbors::tiles`]).

use crate::error::Result;
use crate::neighbors::tiles::{Image, Reach, Tile, Tiles};
use crate::ordered::in_order;
use crate::structure::{Structure, VOIGT};

use super::Evaluation;

/// Kernels for tiles.
pub(crate) trait TileEngine: std::fmt::Debug + Send + Sync {
    /// Which neighbors the tiles must hold.
    fn reach(&self) -> &Reach;

    /// What the centres of a tile contribute, from the positions of all atoms, the vectors of the tiles' shifts and the
    /// species index of all atoms; `out` is overwritten.
    fn run(
        &self,
        tile: &Tile,
        positions: &[[f64; 3]],
        shift_vectors: &[[f64; 3]],
        species: &[u16],
        out: &mut TileOutput,
    ) -> Result<()>;
}

/// What the centres of a tile contribute.
#[derive(Debug, Default)]
pub(crate) struct TileOutput {
    /// What every image gets, and any number more.
    pub images: Vec<Image>,
    /// dE/dε in eV, Voigt xx yy zz yz xz xy.
    pub strain: [f64; 6],
}

/// Energies, forces and strain derivative of a structure; the number of edges is left 0.
///
/// # Errors
/// Those of the engine and of [`threads::pool`].
pub(super) fn compute(
    engine: &dyn TileEngine,
    structure: &Structure,
    species: &[u16],
    tiles: &Tiles,
    num_threads: Option<usize>,
) -> Result<Evaluation> {
    let n = structure.len();
    let mut out = Evaluation { energies: vec![0.0; n], forces: vec![[0.0; 3]; n], ..Evaluation::default() };
    let shift_vectors = tiles.shift_vectors(structure);
    let run = |k: usize, part: &mut TileOutput| {
        engine.run(&tiles.tiles[k], structure.positions(), &shift_vectors, species, part)
    };
    in_order(tiles.tiles.len(), num_threads, run, |k, part| add(&mut out, &tiles.tiles[k], part))?;
    Ok(out)
}

/// Adds a tile's part; called in the order of the tiles.
fn add(out: &mut Evaluation, tile: &Tile, part: &TileOutput) {
    for (&atom, Image { sum, .. }) in tile.atoms.iter().zip(&part.images) {
        let force = &mut out.forces[atom as usize];
        force.iter_mut().zip(sum).for_each(|(force, part)| *force += part);
        out.energies[atom as usize] += sum[3];
    }
    for (strain, [a, b]) in part.strain.into_iter().zip(VOIGT) {
        out.strain_gradient[a][b] += strain;
        if a != b {
            out.strain_gradient[b][a] += strain;
        }
    }
}
