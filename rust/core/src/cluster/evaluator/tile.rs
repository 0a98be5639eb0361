//! All centres of one tile.

use crate::density::evaluator::Frame;
use crate::error::Result;
use crate::neighbors::tiles::Tile;
use crate::simd::{Simd, Task};

use super::densities::Densities;
use super::kernel::CenterKernel;
use super::pairs;
use super::triplets::Triplets;

/// Scratch of one thread.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The images of the tile; places are given, sums are added to.
    pub frame: Frame,
    triplets: Triplets,
    densities: Densities,
}

/// Evaluation of one tile; run it with [`Simd::enter`].
pub struct TileTask<'a> {
    /// Models by species.
    pub kernels: &'a [CenterKernel],
    /// The tile.
    pub tile: &'a Tile,
    /// Species index of every atom.
    pub species: &'a [u16],
    /// Scratch of this thread.
    pub scratch: &'a mut Scratch,
}

impl<S: Simd> Task<S> for TileTask<'_> {
    type Output = Result<()>;

    #[inline(always)]
    fn run(self) -> Result<()> {
        let Self { kernels, tile, species, scratch: Scratch { frame, triplets, densities } } = self;
        let n = kernels.len();
        for center in 0..tile.n_centers {
            let kernel = &kernels[usize::from(species[tile.atoms[center] as usize])];
            for (other, towards) in kernel.towards.iter().enumerate() {
                for (rows, part) in [(&tile.pairs, 1.0), (&tile.shared, 0.5)] {
                    let row = rows.row(center * n + other);
                    pairs::add::<S>(frame, tile, center, row, towards, part)?;
                }
            }
            if !kernel.densities.is_empty() {
                densities.add::<S>(frame, center, &tile.short, kernel);
            }
            if !kernel.triplets.is_empty() {
                triplets.gather::<S>(frame, center, &tile.short, kernel);
                for triplet in &kernel.triplets {
                    triplets.add::<S>(triplet);
                }
                triplets.finish::<S>(frame, center);
            }
        }
        Ok(())
    }
}
